"""Defects of the key-binding JWT's claims, headers and text, one at a time (RFC 9901
§4.3, §7.3, §8.1)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from wallet_emulator.answer import Draft, Presentation, Stage
from wallet_emulator.deviations.forging import (
    der_signature,
    put,
    resignatured,
    without_none,
)
from wallet_emulator.deviations.registry import Deviation, deviation
from wallet_emulator.encoding import b64url, b64url_decode
from wallet_emulator.sd_jwt import Disclosure, digest
from wallet_emulator.wallet import PID

_ONLY_PID: Final = (PID,)


def _claim(
    name: str,
    breaks: str,
    expected: str,
    change: Callable[[Draft, Presentation], Mapping[str, object]],
    *,
    threat: str = "VP12",
    check: str = "45",
) -> Deviation:
    """Claims of the key-binding JWT changed; None leaves one out."""

    def alter(draft: Draft, target: Presentation) -> None:
        changed = {**target.kb_claims, **change(draft, target)}
        target.kb_claims = without_none(changed)

    return deviation(
        name,
        stage=Stage.KEY_BINDING,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=_ONLY_PID,
    )(alter)


def _header(name: str, breaks: str, expected: str, **changes: object) -> Deviation:
    def alter(draft: Draft, target: Presentation) -> None:
        target.kb_header = without_none({**target.kb_header, **changes})

    return deviation(
        name,
        stage=Stage.KEY_BINDING,
        breaks=breaks,
        threat="VP14",
        check="44",
        expected=expected,
        kinds=_ONLY_PID,
    )(alter)


def _text(
    name: str,
    breaks: str,
    expected: str,
    change: Callable[[str], str],
    *,
    threat: str = "VP10",
    check: str = "44",
) -> Deviation:
    """The finished presentation as text, changed."""

    def alter(draft: Draft, target: Presentation) -> None:
        put(draft, target, change(target.text()))

    return deviation(
        name,
        stage=Stage.VP_TOKEN,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=_ONLY_PID,
    )(alter)


def _after(draft: Draft, **delta: float) -> int:
    return int((draft.now + timedelta(**delta)).timestamp())


def _resigned(change: Callable[[str], bytes]) -> Callable[[str], str]:
    """Other bytes as signature of the key-binding JWT at the end."""

    def changed(text: str) -> str:
        credential, _, kb_jwt = text.rpartition("~")
        return f"{credential}~{resignatured(kb_jwt, change(kb_jwt))}"

    return changed


def _hashed(presented: str) -> dict[str, object]:
    return {"sd_hash": digest(presented)}


def _binding_first(text: str) -> str:
    issuer_jwt, *disclosures, kb_jwt = text.split("~")
    return "~".join((issuer_jwt, kb_jwt, *disclosures))


def _member_twice(text: str) -> str:
    credential, _, kb_jwt = text.rpartition("~")
    header, payload, signature = kb_jwt.split(".")
    doubled = b64url(b'{"iat":0,' + b64url_decode(payload)[1:])
    return f"{credential}~{header}.{doubled}.{signature}"


def _disclosed_more(text: str) -> str:
    credential, _, kb_jwt = text.rpartition("~")
    return f"{credential}~{Disclosure.make('sex', 1).encoded}~{kb_jwt}"


_MISSING: Final = "missing_claim"


_TYPE: Final = "wrong_claim_type"


_REFUSED: Final = "header_not_allowed"


_UNBOUND: Final = "holder_binding_invalid"


_UNSIGNED: Final = "signature_invalid"


CLAIMS: Final = (
    *(
        _claim(
            f"kb-jwt-{claim.replace('_', '-')}-missing",
            f"{claim} is left out",
            _MISSING,
            lambda draft, target, claim=claim: {claim: None},  # type: ignore[misc]
            threat="VP1",
            check="46",
        )
        for claim in ("nonce", "aud", "iat", "sd_hash")
    ),
    _claim(
        "kb-jwt-nonce-list",
        "nonce is an array that holds the right one",
        _TYPE,
        lambda draft, target: {"nonce": [draft.request.nonce]},
        threat="VP1",
        check="46",
    ),
    _claim(
        "kb-jwt-nonce-longer",
        "nonce begins with the right one",
        "nonce_mismatch",
        lambda draft, target: {"nonce": draft.request.nonce + "A"},
        threat="VP1",
        check="46",
    ),
    _claim(
        "kb-jwt-nonce-not-ascii",
        "nonce holds letters no request has",
        "nonce_mismatch",
        lambda draft, target: {"nonce": "ä" + draft.request.nonce[1:]},
        threat="VP1",
        check="46",
    ),
    _claim(
        "kb-jwt-aud-response-uri",
        "aud is the address of the answer instead of the client_id",
        "audience_mismatch",
        lambda draft, target: {"aud": draft.request.response_uri},
        threat="VP3",
        check="46",
    ),
    _claim(
        "kb-jwt-aud-origin",
        "aud is an origin, as on the Digital Credentials API",
        "audience_mismatch",
        lambda draft, target: {"aud": "origin:https://sign.example.test"},
        threat="VP3",
        check="46",
    ),
    _claim(
        "kb-jwt-before-request",
        "made four minutes ago, before anybody asked",
        _UNBOUND,
        lambda draft, target: {"iat": _after(draft, minutes=-4)},
    ),
    _claim(
        "kb-jwt-ahead-of-time",
        "made in two minutes, beyond any skew of clocks",
        _UNBOUND,
        lambda draft, target: {"iat": _after(draft, minutes=2)},
    ),
    _claim(
        "kb-jwt-iat-true", "iat is true", _TYPE, lambda draft, target: {"iat": True}
    ),
    _claim(
        "kb-jwt-expired",
        "exp of the key-binding JWT is an hour ago",
        "credential_expired",
        lambda draft, target: {"exp": _after(draft, hours=-1)},
    ),
    _claim(
        "kb-jwt-not-yet-valid",
        "nbf of the key-binding JWT is in an hour",
        "credential_not_yet_valid",
        lambda draft, target: {"nbf": _after(draft, hours=1)},
    ),
    _claim(
        "sd-hash-of-jwt-alone",
        "sd_hash is over the issuer JWT without its disclosures",
        _UNBOUND,
        lambda draft, target: _hashed(target.issuer_jwt),
        threat="VP11",
        check="47",
    ),
    _claim(
        "sd-hash-without-last-tilde",
        "sd_hash leaves out the last tilde",
        _UNBOUND,
        lambda draft, target: _hashed(
            "~".join((target.issuer_jwt, *target.disclosures))
        ),
        threat="VP11",
        check="47",
    ),
    _claim(
        "sd-hash-padded",
        "sd_hash is base64url with padding",
        _UNBOUND,
        lambda draft, target: {"sd_hash": f"{target.kb_claims['sd_hash']}="},
        threat="VP11",
        check="47",
    ),
)


HEADERS: Final = (
    _header("kb-jwt-typ-missing", "typ is left out", _REFUSED, typ=None),
    _header(
        "kb-jwt-typ-of-credential",
        "typ is that of a credential",
        _REFUSED,
        typ="dc+sd-jwt",
    ),
    _header("kb-jwt-alg-missing", "alg is left out", _REFUSED, alg=None),
    _header(
        "kb-jwt-alg-es384",
        "alg says ES384 over an ES256 signature",
        _REFUSED,
        alg="ES384",
    ),
)


TEXTS: Final = (
    _text(
        "kb-jwt-signature-der",
        "the key-binding signature is ASN.1 instead of r and s",
        _UNSIGNED,
        _resigned(der_signature),
    ),
    _text(
        "kb-jwt-signature-empty",
        "the key-binding signature is empty under alg ES256",
        _UNSIGNED,
        _resigned(lambda kb_jwt: b""),
    ),
    _text(
        "kb-jwt-signature-zero",
        "the key-binding signature is r = s = 0",
        _UNSIGNED,
        _resigned(lambda kb_jwt: bytes(64)),
    ),
    _text(
        "kb-jwt-twice",
        "two key-binding JWTs, one after the other",
        "malformed_response",
        lambda text: f"{text}~{text.rpartition('~')[2]}",
        threat="VP11",
        check="34",
    ),
    _text(
        "kb-jwt-not-last",
        "the key-binding JWT stands before the disclosures",
        "malformed_response",
        _binding_first,
        threat="VP11",
        check="34",
    ),
    _text(
        "kb-jwt-member-twice",
        "iat stands in the key-binding JWT twice",
        "malformed_response",
        _member_twice,
        threat="JW1",
        check="34",
    ),
    _text(
        "disclosure-added-after-binding",
        "a disclosure is put in after the key-binding JWT was signed",
        "disclosure_invalid",
        _disclosed_more,
        threat="VP11",
        check="47",
    ),
)
