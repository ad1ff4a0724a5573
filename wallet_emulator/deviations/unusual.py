"""What real wallets and issuers do otherwise than most, and rightly: to be accepted.

Refusing one of these is a fault of the verifier, as accepting a forgery is.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from wallet_emulator import jws
from wallet_emulator.answer import Draft, Presentation, Stage
from wallet_emulator.deviations.forging import require_provider, resealed
from wallet_emulator.deviations.registry import ACCEPTED, Alter, Deviation, deviation
from wallet_emulator.encoding import b64url, compact_json
from wallet_emulator.sd_jwt import digest
from wallet_emulator.wallet import PID


def _right(
    name: str,
    what: str,
    alter: Alter,
    *,
    stage: Stage = Stage.CREDENTIALS,
    check: str,
) -> Deviation:
    return deviation(
        name,
        stage=stage,
        breaks=f"nothing: {what}",
        threat="-",
        check=check,
        expected=ACCEPTED,
        kinds=(PID,),
    )(alter)


def _claims(**changes: object) -> Alter:
    def alter(draft: Draft, target: Presentation) -> None:
        resealed(draft, target, **changes)

    return alter


def _header(**changes: object) -> Alter:
    def alter(draft: Draft, target: Presentation) -> None:
        parsed = jws.parse(target.issuer_jwt)
        key = require_provider(draft).signer_key
        header = {**parsed.header, **changes}
        target.issuer_jwt = jws.sign(header, parsed.claims(), key)

    return alter


def _binding(change: Callable[[Draft], dict[str, object]]) -> Alter:
    def alter(draft: Draft, target: Presentation) -> None:
        target.kb_claims |= change(draft)

    return alter


def _seconds(draft: Draft, seconds: float) -> int:
    return int((draft.now + timedelta(seconds=seconds)).timestamp())


def _decoys(draft: Draft, target: Presentation) -> None:
    digests = jws.parse(target.issuer_jwt).claims()["_sd"]
    genuine = digests if isinstance(digests, list) else []
    decoys = [digest(f"decoy {number}") for number in range(50)]
    resealed(draft, target, _sd=[*decoys, *genuine])


def _everything(draft: Draft, target: Presentation) -> None:
    target.disclosures = list(target.held.sd_jwt.disclosures)


def _other_order(draft: Draft, target: Presentation) -> None:
    target.disclosures.reverse()


def _cnf_with_kid(draft: Draft, target: Presentation) -> None:
    cnf = jws.parse(target.issuer_jwt).claims()["cnf"]
    known = cnf if isinstance(cnf, dict) else {}
    resealed(draft, target, cnf={**known, "kid": "device-key-1"})


def _open_claims(draft: Draft, target: Presentation) -> None:
    """An issuer that conceals nothing: every claim stands in the open."""
    parsed = jws.parse(target.issuer_jwt)
    payload = {**target.held.sd_jwt.reveal()}
    target.disclosures = []
    key = require_provider(draft).signer_key
    target.issuer_jwt = jws.sign(parsed.header, payload, key)


def _respaced(draft: Draft, target: Presentation) -> None:
    """The issuer's JSON with spaces: signatures are over bytes, not over values."""
    parsed = jws.parse(target.issuer_jwt)
    header = b64url(compact_json(parsed.header))
    payload = compact_json(parsed.claims()).replace(b',"', b' ,\n "')
    text = f"{header}.{b64url(payload)}"
    key = require_provider(draft).signer_key
    signature = jws.raw_signature(text.encode("ascii"), key)
    target.issuer_jwt = f"{text}.{b64url(signature)}"


CREDENTIALS: Final = (
    _right("decoy-digests", "fifty decoy digests", _decoys, check="40"),
    _right(
        "claims-disclosed-in-other-order",
        "the disclosures come in another order than the issuer's",
        _other_order,
        check="40",
    ),
    _right(
        "more-disclosed-than-asked",
        "every claim is disclosed, asked for or not",
        _everything,
        check="49",
    ),
    _right(
        "claims-in-the-open",
        "the issuer concealed no claim",
        _open_claims,
        check="40",
    ),
    _right("iss-missing", "iss is left out", _claims(iss=None), check="38"),
    _right(
        "iss-of-another-name",
        "iss is a name that is not in the certificate",
        _claims(iss="did:web:pid.test.example"),
        check="38",
    ),
    _right("nbf-missing", "nbf is left out", _claims(nbf=None), check="42"),
    _right(
        "exp-with-fraction",
        "exp has a fraction of a second",
        _claims(exp=4_000_000_000.5),
        check="42",
    ),
    _right("cnf-with-kid", "cnf names the key too", _cnf_with_kid, check="43"),
    _right(
        "credential-with-kid",
        "the issuer JWT names a key beside its certificate",
        _header(kid="signer-1"),
        check="37",
    ),
    _right(
        "unknown-claims",
        "the issuer wrote claims nobody knows",
        _claims(**{"urn:example": {"a": [1, None, True]}, "vct#integrity": "sha256-x"}),
        check="49",
    ),
    _right(
        "credential-json-spaced",
        "the issuer's JSON has spaces and line breaks",
        _respaced,
        check="34",
    ),
)
BINDINGS: Final = (
    _right(
        "kb-jwt-a-little-late",
        "the phone's clock is half a minute behind",
        _binding(lambda draft: {"iat": _seconds(draft, -30)}),
        stage=Stage.KEY_BINDING,
        check="45",
    ),
    _right(
        "kb-jwt-a-little-early",
        "the phone's clock is half a minute ahead",
        _binding(lambda draft: {"iat": _seconds(draft, 30)}),
        stage=Stage.KEY_BINDING,
        check="45",
    ),
    _right(
        "kb-jwt-with-end",
        "the key-binding JWT states its own validity",
        _binding(
            lambda draft: {"exp": _seconds(draft, 60), "nbf": _seconds(draft, -60)}
        ),
        stage=Stage.KEY_BINDING,
        check="45",
    ),
    _right(
        "kb-jwt-with-more-claims",
        "the key-binding JWT holds claims nobody asked for",
        _binding(lambda draft: {"jti": "1", "iss": "wallet", "sub": "x"}),
        stage=Stage.KEY_BINDING,
        check="44",
    ),
)
