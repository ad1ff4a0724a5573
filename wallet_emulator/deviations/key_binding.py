"""Defects of the key-binding JWT (RFC 9901 §4.3, §7.3) under a genuine credential."""

from datetime import timedelta
from typing import Final

from wallet_emulator.answer import Draft, Presentation, Stage
from wallet_emulator.deviations.forging import (
    flip_signature,
    keyed,
    public_pem,
    put,
    unsigned,
    with_key_binding,
)
from wallet_emulator.deviations.registry import deviation
from wallet_emulator.encoding import b64url
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.wallet import PID, SIGNING_PASS

_YEAR: Final = timedelta(days=365)  # the conformance suite's distance


@deviation(
    "invalid-kb-jwt-nonce",
    stage=Stage.KEY_BINDING,
    breaks="nonce is not the request's",
    threat="VP1",
    check="46",
    expected="nonce_mismatch",
)
def invalid_kb_jwt_nonce(draft: Draft, target: Presentation) -> None:
    target.kb_claims["nonce"] = b64url(bytes(32))


@deviation(
    "invalid-kb-jwt-aud",
    stage=Stage.KEY_BINDING,
    breaks="aud is another verifier",
    threat="VP3",
    check="46",
    expected="audience_mismatch",
)
def invalid_kb_jwt_aud(draft: Draft, target: Presentation) -> None:
    target.kb_claims["aud"] = f"x509_hash:{b64url(bytes(32))}"


@deviation(
    "kb-jwt-aud-list",
    stage=Stage.KEY_BINDING,
    breaks="aud is an array that holds the right verifier",
    threat="VP3",
    check="46",
    expected="wrong_claim_type",
)
def kb_jwt_aud_list(draft: Draft, target: Presentation) -> None:
    target.kb_claims["aud"] = [draft.request.client_id]


@deviation(
    "kb-jwt-aud-without-prefix",
    stage=Stage.KEY_BINDING,
    breaks="aud lacks the client identifier prefix",
    threat="VP3",
    check="46",
    expected="audience_mismatch",
)
def kb_jwt_aud_without_prefix(draft: Draft, target: Presentation) -> None:
    target.kb_claims["aud"] = draft.request.client_id.partition(":")[2]


@deviation(
    "kb-jwt-iat-in-past",
    stage=Stage.KEY_BINDING,
    breaks="iat is one year ago",
    threat="VP12",
    check="45",
    expected="holder_binding_invalid",
)
def kb_jwt_iat_in_past(draft: Draft, target: Presentation) -> None:
    target.kb_claims["iat"] = int((draft.now - _YEAR).timestamp())


@deviation(
    "kb-jwt-iat-in-future",
    stage=Stage.KEY_BINDING,
    breaks="iat is one year ahead",
    threat="VP12",
    check="45",
    expected="holder_binding_invalid",
)
def kb_jwt_iat_in_future(draft: Draft, target: Presentation) -> None:
    target.kb_claims["iat"] = int((draft.now + _YEAR).timestamp())


@deviation(
    "kb-jwt-iat-text",
    stage=Stage.KEY_BINDING,
    breaks="iat is a string",
    threat="VP12",
    check="45",
    expected="wrong_claim_type",
)
def kb_jwt_iat_text(draft: Draft, target: Presentation) -> None:
    target.kb_claims["iat"] = str(target.kb_claims["iat"])


@deviation(
    "invalid-sd-hash",
    stage=Stage.KEY_BINDING,
    breaks="sd_hash is of another selection of disclosures",
    threat="VP11",
    check="47",
    expected="holder_binding_invalid",
)
def invalid_sd_hash(draft: Draft, target: Presentation) -> None:
    target.kb_claims["sd_hash"] = b64url(bytes(32))


@deviation(
    "kb-jwt-by-another-key",
    stage=Stage.KEY_BINDING,
    breaks="the key-binding JWT is signed by a key that cnf does not name",
    threat="VP10",
    check="44",
    expected="signature_invalid",
)
def kb_jwt_by_another_key(draft: Draft, target: Presentation) -> None:
    target.kb_key = new_key()


@deviation(
    "kb-jwt-typ-wrong",
    stage=Stage.KEY_BINDING,
    breaks="typ is plain JWT: any token signed by the key would do",
    threat="VP14",
    check="44",
    expected="header_not_allowed",
)
def kb_jwt_typ_wrong(draft: Draft, target: Presentation) -> None:
    target.kb_header["typ"] = "JWT"


@deviation(
    "kb-jwt-crit-unknown",
    stage=Stage.KEY_BINDING,
    breaks="a critical header parameter that nobody understands",
    threat="VP7",
    check="44",
    expected="header_not_allowed",
)
def kb_jwt_crit_unknown(draft: Draft, target: Presentation) -> None:
    target.kb_header |= {"crit": ["example"], "example": True}


@deviation(
    "invalid-kb-jwt-signature",
    stage=Stage.VP_TOKEN,
    breaks="one bit of the key-binding signature",
    threat="VP10",
    check="44",
    expected="signature_invalid",
)
def invalid_kb_jwt_signature(draft: Draft, target: Presentation) -> None:
    credential, _, kb_jwt = target.text().rpartition("~")
    put(draft, target, f"{credential}~{flip_signature(kb_jwt)}")


@deviation(
    "kb-jwt-missing",
    stage=Stage.VP_TOKEN,
    breaks="there is no key-binding JWT",
    threat="VP10",
    check="43",
    expected="holder_binding_invalid",
)
def kb_jwt_missing(draft: Draft, target: Presentation) -> None:
    put(draft, target, with_key_binding(target, ""))


@deviation(
    "kb-jwt-alg-none",
    stage=Stage.VP_TOKEN,
    breaks="the key-binding JWT is not signed",
    threat="VP4",
    check="44",
    expected="header_not_allowed",
)
def kb_jwt_alg_none(draft: Draft, target: Presentation) -> None:
    kb_jwt = unsigned(target.kb_header, target.kb_claims)
    put(draft, target, with_key_binding(target, kb_jwt))


@deviation(
    "kb-jwt-alg-hs256",
    stage=Stage.VP_TOKEN,
    breaks="the key-binding JWT is MACed with the holder's public key as secret",
    threat="VP5",
    check="44",
    expected="header_not_allowed",
)
def kb_jwt_alg_hs256(draft: Draft, target: Presentation) -> None:
    secret = public_pem(target.kb_key.public_key())
    kb_jwt = keyed(target.kb_header, target.kb_claims, secret)
    put(draft, target, with_key_binding(target, kb_jwt))


@deviation(
    "disclosure-removed-after-binding",
    stage=Stage.VP_TOKEN,
    breaks="the last disclosure is cut out after the key-binding JWT was signed",
    threat="VP11",
    check="47",
    expected="holder_binding_invalid",
    kinds=(PID,),
)
def disclosure_removed_after_binding(draft: Draft, target: Presentation) -> None:
    *kept, _cut, kb_jwt = target.text().split("~")
    put(draft, target, "~".join((*kept, kb_jwt)))


_UNSIGNED: Final = "signature_invalid"


@deviation(
    "kb-jwt-key-in-header",
    stage=Stage.KEY_BINDING,
    breaks="signed by a key that its own jwk header brings along",
    threat="VP6",
    check="44",
    expected=_UNSIGNED,
)
def kb_jwt_key_in_header(draft: Draft, target: Presentation) -> None:
    target.kb_key = new_key()
    target.kb_header["jwk"] = public_jwk(target.kb_key.public_key())


@deviation(
    "pass-with-the-pids-kb-jwt",
    stage=Stage.VP_TOKEN,
    breaks="the pass carries the PID's key-binding JWT",
    threat="VP10",
    check="44",
    expected=_UNSIGNED,
    kinds=(SIGNING_PASS,),
)
def pass_with_the_pids_kb_jwt(draft: Draft, target: Presentation) -> None:
    identifying = draft.of_kind(PID)
    if identifying is None:
        raise DeviationNotPossibleError("the answer has no PID as SD-JWT VC")
    kb_jwt = identifying.text().rpartition("~")[2]
    put(draft, target, with_key_binding(target, kb_jwt))
