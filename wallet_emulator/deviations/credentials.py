"""Defects of the credential itself: its issuer, its time, its type, its disclosures.

The key-binding JWT is made afterwards and fits what is shown, so that a verifier can
refuse for the named reason only.
"""

from wallet_emulator import jws
from wallet_emulator.answer import Draft, Presentation, Stage
from wallet_emulator.certificates import parse_x5c, self_signed_ca
from wallet_emulator.deviations.forging import (
    flip_signature,
    holder_of,
    keyed,
    personal_claims,
    public_pem,
    reissued,
    require_provider,
    resign,
    unsigned,
)
from wallet_emulator.deviations.registry import ACCEPTED, deviation
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.pid_provider import PID_LIFE, PidProvider
from wallet_emulator.sd_jwt import Disclosure
from wallet_emulator.wallet import PID

_ONLY_PID = (PID,)


@deviation(
    "invalid-credential-signature",
    stage=Stage.CREDENTIALS,
    breaks="one bit of the issuer's signature",
    threat="VP4",
    check="36",
    expected="signature_invalid",
)
def invalid_credential_signature(draft: Draft, target: Presentation) -> None:
    target.issuer_jwt = flip_signature(target.issuer_jwt)


@deviation(
    "credential-alg-none",
    stage=Stage.CREDENTIALS,
    breaks="the credential is not signed at all",
    threat="VP4",
    check="35",
    expected="header_not_allowed",
)
def credential_alg_none(draft: Draft, target: Presentation) -> None:
    parsed = jws.parse(target.issuer_jwt)
    target.issuer_jwt = unsigned(parsed.header, parsed.claims())


@deviation(
    "credential-alg-hs256",
    stage=Stage.CREDENTIALS,
    breaks="the credential is MACed with the issuer's public key as secret",
    threat="VP5",
    check="35",
    expected="header_not_allowed",
)
def credential_alg_hs256(draft: Draft, target: Presentation) -> None:
    parsed = jws.parse(target.issuer_jwt)
    leaf = parse_x5c(parsed.header.get("x5c"))[0]
    secret = public_pem(leaf.public_key())  # type: ignore[arg-type]  # P-256 here
    target.issuer_jwt = keyed(parsed.header, parsed.claims(), secret)


@deviation(
    "credential-typ-wrong",
    stage=Stage.CREDENTIALS,
    breaks="typ is the pre-2025 vc+sd-jwt",
    threat="VP14",
    check="35",
    expected="header_not_allowed",
    kinds=_ONLY_PID,
)
def credential_typ_wrong(draft: Draft, target: Presentation) -> None:
    provider = require_provider(draft)
    target.issuer_jwt = resign(
        target.issuer_jwt, provider.signer_key, [provider.signer], typ="vc+sd-jwt"
    )


@deviation(
    "credential-crit-unknown",
    stage=Stage.CREDENTIALS,
    breaks="a critical header parameter that nobody understands",
    threat="VP7",
    check="35",
    expected="header_not_allowed",
    kinds=_ONLY_PID,
)
def credential_crit_unknown(draft: Draft, target: Presentation) -> None:
    provider = require_provider(draft)
    header = {"crit": ["example"], "example": True}
    target.issuer_jwt = resign(
        target.issuer_jwt, provider.signer_key, [provider.signer], **header
    )


@deviation(
    "credential-key-from-header",
    stage=Stage.CREDENTIALS,
    breaks="signed by a key that a jwk header brings along, under the genuine x5c",
    threat="VP6",
    check="37",
    expected="signature_invalid",
)
def credential_key_from_header(draft: Draft, target: Presentation) -> None:
    key = new_key()
    chain = list(parse_x5c(jws.parse(target.issuer_jwt).header.get("x5c")))
    jwk = public_jwk(key.public_key())
    target.issuer_jwt = resign(target.issuer_jwt, key, chain, jwk=jwk)


@deviation(
    "self-signed-issuer",
    stage=Stage.CREDENTIALS,
    breaks="a self-signed certificate with the genuine issuer's name",
    threat="VP17",
    check="36",
    expected="issuer_not_trusted",
)
def self_signed_issuer(draft: Draft, target: Presentation) -> None:
    name = parse_x5c(jws.parse(target.issuer_jwt).header.get("x5c"))[0].subject
    key = new_key()
    certificate = self_signed_ca(name, key, draft.now, PID_LIFE)
    target.issuer_jwt = resign(target.issuer_jwt, key, [certificate])


@deviation(
    "foreign-issuer-ca",
    stage=Stage.CREDENTIALS,
    breaks="an issuer under another CA that bears the test CA's name",
    threat="VP17",
    check="36",
    expected="issuer_not_trusted",
)
def foreign_issuer_ca(draft: Draft, target: Presentation) -> None:
    foreign = PidProvider.create(draft.now)
    target.issuer_jwt = resign(target.issuer_jwt, foreign.signer_key, [foreign.signer])


@deviation(
    "root-in-x5c",
    stage=Stage.CREDENTIALS,
    breaks="the trust anchor is sent along (HAIP §5 forbids it)",
    threat="VP17",
    check="36",
    expected="issuer_not_trusted",
    kinds=_ONLY_PID,
)
def root_in_x5c(draft: Draft, target: Presentation) -> None:
    provider = require_provider(draft)
    chain = [provider.signer, provider.ca]
    target.issuer_jwt = resign(target.issuer_jwt, provider.signer_key, chain)


@deviation(
    "expired-pid",
    stage=Stage.CREDENTIALS,
    breaks="the PID expired yesterday",
    threat="VP18",
    check="42",
    expected="credential_expired",
    kinds=_ONLY_PID,
)
def expired_pid(draft: Draft, target: Presentation) -> None:
    target.present(reissued(draft, target, days=-2))


@deviation(
    "pid-not-yet-valid",
    stage=Stage.CREDENTIALS,
    breaks="the PID becomes valid tomorrow",
    threat="VP18",
    check="42",
    expected="credential_not_yet_valid",
    kinds=_ONLY_PID,
)
def pid_not_yet_valid(draft: Draft, target: Presentation) -> None:
    target.present(reissued(draft, target, days=1))


@deviation(
    "vct-wrong",
    stage=Stage.CREDENTIALS,
    breaks="a genuine attestation of another type with the same claims",
    threat="VP17",
    check="39",
    expected="credential_type_not_accepted",
    kinds=_ONLY_PID,
)
def vct_wrong(draft: Draft, target: Presentation) -> None:
    target.present(reissued(draft, target, vct="urn:eudi:mdl:1"))


@deviation(
    "minimal-cnf-jwk",
    stage=Stage.CREDENTIALS,
    breaks="nothing: cnf.jwk has only kty, crv, x and y",
    threat="VP13",
    check="43",
    expected=ACCEPTED,
    kinds=_ONLY_PID,
)
def minimal_cnf_jwk(draft: Draft, target: Presentation) -> None:
    jwk = public_jwk(target.held.key.public_key())
    provider = require_provider(draft)
    target.present(provider.issue(personal_claims(target), jwk, draft.now))


@deviation(
    "cnf-symmetric-key",
    stage=Stage.CREDENTIALS,
    breaks="cnf.jwk is a symmetric key",
    threat="VP13",
    check="43",
    expected="malformed_response",
    kinds=_ONLY_PID,
)
def cnf_symmetric_key(draft: Draft, target: Presentation) -> None:
    jwk = {"kty": "oct", "k": holder_of(target)["x"]}
    provider = require_provider(draft)
    target.present(provider.issue(personal_claims(target), jwk, draft.now))


@deviation(
    "disclosure-forged",
    stage=Stage.CREDENTIALS,
    breaks="the value of a disclosed claim, under its genuine salt and name",
    threat="VP8",
    check="40",
    expected="disclosure_invalid",
    kinds=_ONLY_PID,
)
def disclosure_forged(draft: Draft, target: Presentation) -> None:
    genuine = Disclosure.parse(_first_disclosure(target))
    target.disclosures[0] = Disclosure.make(genuine.name, "Forged").encoded


@deviation(
    "disclosure-duplicated",
    stage=Stage.CREDENTIALS,
    breaks="one disclosure is sent twice",
    threat="VP9",
    check="40",
    expected="disclosure_invalid",
    kinds=_ONLY_PID,
)
def disclosure_duplicated(draft: Draft, target: Presentation) -> None:
    target.disclosures.append(_first_disclosure(target))


@deviation(
    "disclosure-unreferenced",
    stage=Stage.CREDENTIALS,
    breaks="a disclosure that no digest of the credential refers to",
    threat="VP8",
    check="40",
    expected="disclosure_invalid",
)
def disclosure_unreferenced(draft: Draft, target: Presentation) -> None:
    target.disclosures.append(Disclosure.make("resident_country", "DE").encoded)


@deviation(
    "disclosure-of-registered-claim",
    stage=Stage.CREDENTIALS,
    breaks="exp is concealed too, so that a disclosure may replace it",
    threat="VP9",
    check="41",
    expected="disclosure_invalid",
    kinds=_ONLY_PID,
)
def disclosure_of_registered_claim(draft: Draft, target: Presentation) -> None:
    pid = reissued(draft, target, extra={"exp": 2**31})
    target.present(pid)
    target.disclosures.extend(
        text for text in pid.disclosures if Disclosure.parse(text).name == "exp"
    )


@deviation(
    "claim-withheld",
    stage=Stage.CREDENTIALS,
    breaks="one requested claim is not disclosed",
    threat="VP17",
    check="49",
    expected="query_not_satisfied",
    kinds=_ONLY_PID,
)
def claim_withheld(draft: Draft, target: Presentation) -> None:
    target.disclosures.remove(_first_disclosure(target))


def _first_disclosure(target: Presentation) -> str:
    if not target.disclosures:
        raise DeviationNotPossibleError("no claim was requested, none is disclosed")
    return target.disclosures[0]
