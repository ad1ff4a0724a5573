"""Defects of the encrypted answer: JWE parts, header, and what is inside (§8.3).

The presentations are honest; nobody may look at them if the envelope is wrong.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator import jws
from wallet_emulator.answer import Draft, Shown, Stage
from wallet_emulator.deviations.forging import without_none
from wallet_emulator.deviations.jwe_by_hand import Sealed
from wallet_emulator.deviations.registry import (
    ACCEPTED,
    AlterAnswer,
    Deviation,
    answer_deviation,
)
from wallet_emulator.encoding import b64url, b64url_decode, compact_json
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.wallet import PID, PID_MDOC

_BROKEN: Final = "malformed_response"
_REFUSED: Final = "header_not_allowed"
_UNREADABLE: Final = "response_not_decryptable"


def _sent(
    name: str,
    breaks: str,
    expected: str,
    alter: AlterAnswer,
    *,
    threat: str = "VP20",
    check: str = "19",
) -> Deviation:
    return answer_deviation(
        name,
        stage=Stage.FORM,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=(PID, PID_MDOC),
    )(alter)


def _parts(change: Callable[[list[str]], object]) -> AlterAnswer:
    """The parts of the honest JWE, changed in place."""

    def alter(draft: Draft, target: Shown) -> None:
        parts = draft.form["response"].split(".")
        change(parts)
        draft.form["response"] = ".".join(parts)

    return alter


def _sealed(change: Callable[[Sealed], object]) -> AlterAnswer:
    """A JWE by hand, changed before it is encrypted."""

    def alter(draft: Draft, target: Shown) -> None:
        sealed = Sealed(
            header=dict(draft.jwe_header), plaintext=compact_json(draft.payload)
        )
        change(sealed)
        draft.form["response"] = sealed.text(draft.recipient)

    return alter


def _header(**changes: object) -> AlterAnswer:
    def change(sealed: Sealed) -> None:
        sealed.header |= changes

    return _sealed(change)


def _without(name: str) -> AlterAnswer:
    def change(sealed: Sealed) -> None:
        sealed.header.pop(name)

    return _sealed(change)


def _plaintext(change: Callable[[bytes], bytes]) -> AlterAnswer:
    def altered(sealed: Sealed) -> None:
        sealed.plaintext = change(sealed.plaintext)

    return _sealed(altered)


def _reheaded(
    change: Callable[[dict[str, object]], Mapping[str, object]],
) -> AlterAnswer:
    """The header changed after encryption."""

    def altered(parts: list[str]) -> None:
        header = json.loads(b64url_decode(parts[0]))
        parts[0] = b64url(compact_json(without_none(change(header))))

    return _parts(altered)


def _flip(part: int) -> Callable[[list[str]], None]:
    def change(parts: list[str]) -> None:
        raw = bytearray(b64url_decode(parts[part]))
        raw[0] ^= 1
        parts[part] = b64url(bytes(raw))

    return change


def _set(part: int, value: str) -> Callable[[list[str]], None]:
    def change(parts: list[str]) -> None:
        parts[part] = value

    return change


def _longer_iv(sealed: Sealed) -> None:
    sealed.iv = bytes(16)


def _cut_tag(parts: list[str]) -> None:
    parts[4] = b64url(b64url_decode(parts[4])[:4])


def _pad(parts: list[str]) -> None:
    parts[0] += "="


def _p384_jwk() -> dict[str, object]:
    numbers = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    x, y = (b64url(n.to_bytes(48)) for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-384", "x": x, "y": y}


def _off_curve_jwk() -> dict[str, object]:
    jwk = public_jwk(new_key().public_key())
    return {**jwk, "y": jwk["x"]}


def _signed_inside(plaintext: bytes) -> bytes:
    """A nested JWT, as JARM had it: the answer is encrypted and not signed (§8.3.1)."""
    return jws.sign({"alg": "ES256"}, json.loads(plaintext), new_key()).encode()


def _member_twice(plaintext: bytes) -> bytes:
    return b'{"vp_token":{},' + plaintext[1:]


def _repeat_response(draft: Draft, target: Shown) -> None:
    draft.form["state"] = draft.request.state or ""


def _json_serialization(draft: Draft, target: Shown) -> None:
    names = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
    parts = draft.form["response"].split(".")
    draft.form["response"] = json.dumps(dict(zip(names, parts, strict=True)))


def _as_error(draft: Draft, target: Shown) -> None:
    draft.form["error"] = "access_denied"


HEADERS: Final = (
    _sent("jwe-alg-missing", "alg is left out", _REFUSED, _without("alg")),
    _sent("jwe-alg-dir", "alg is dir: a shared key", _REFUSED, _header(alg="dir")),
    _sent("jwe-alg-rsa", "alg is RSA1_5", _REFUSED, _header(alg="RSA1_5")),
    _sent("jwe-enc-missing", "enc is left out", _REFUSED, _without("enc")),
    _sent(
        "jwe-enc-list",
        "enc is an array that holds an offered one",
        _REFUSED,
        _reheaded(lambda header: {**header, "enc": ["A128GCM"]}),
    ),
    _sent("jwe-kid-missing", "kid is left out", _REFUSED, _without("kid")),
    _sent(
        "jwe-crit",
        "a critical header parameter that nobody understands",
        _REFUSED,
        _header(crit=["example"], example=True),
    ),
    _sent(
        "jwe-header-member-twice",
        "the header names alg twice",
        _BROKEN,
        _parts(
            lambda p: _set(0, b64url(b'{"alg":"dir",' + b64url_decode(p[0])[1:]))(p)
        ),
        threat="JW1",
    ),
    _sent(
        "jwe-header-list",
        "the header is an array",
        _BROKEN,
        _parts(_set(0, b64url(b"[]"))),
    ),
)
EPHEMERAL_KEYS: Final = (
    _sent(
        "jwe-epk-missing",
        "there is no ephemeral key",
        "missing_claim",
        _reheaded(lambda header: {**header, "epk": None}),
    ),
    _sent(
        "jwe-epk-text",
        "the ephemeral key is a string",
        "wrong_claim_type",
        _header(epk="key"),
    ),
    _sent(
        "jwe-epk-on-p-384",
        "the ephemeral key is on P-384",
        _BROKEN,
        _sealed(lambda sealed: sealed.header.update(epk=_p384_jwk())),
    ),
    _sent(
        "jwe-epk-off-the-curve",
        "the ephemeral key is no point on P-256: an invalid-curve attack",
        _BROKEN,
        _sealed(lambda sealed: sealed.header.update(epk=_off_curve_jwk())),
    ),
    _sent(
        "jwe-epk-of-another",
        "the ephemeral key is not the one that was used",
        _UNREADABLE,
        _sealed(
            lambda sealed: sealed.header.update(epk=public_jwk(new_key().public_key()))
        ),
        check="20",
    ),
)
PARTS: Final = (
    _sent(
        "jwe-key-wrapped-too",
        "direct key agreement with a wrapped key beside it",
        _REFUSED,
        _parts(_set(1, b64url(bytes(24)))),
    ),
    _sent(
        "jwe-iv-longer",
        "the initialisation vector has 16 bytes",
        _BROKEN,
        _sealed(_longer_iv),
    ),
    _sent(
        "jwe-iv-flipped",
        "one bit of the initialisation vector",
        _UNREADABLE,
        _parts(_flip(2)),
        check="20",
    ),
    _sent(
        "jwe-ciphertext-flipped",
        "one bit of the ciphertext",
        _UNREADABLE,
        _parts(_flip(3)),
        check="20",
    ),
    _sent(
        "jwe-ciphertext-empty",
        "the ciphertext is cut away",
        _UNREADABLE,
        _parts(_set(3, "")),
        check="20",
    ),
    _sent(
        "jwe-tag-flipped",
        "one bit of the authentication tag",
        _UNREADABLE,
        _parts(_flip(4)),
        check="20",
    ),
    _sent(
        "jwe-tag-short",
        "the authentication tag is cut to four bytes",
        _BROKEN,
        _parts(_cut_tag),
        check="20",
    ),
    _sent(
        "jwe-header-changed-after",
        "a header member is put in after encryption",
        _UNREADABLE,
        _reheaded(lambda header: {**header, "cty": "JWT"}),
        check="20",
    ),
    _sent("jwe-padded", "the header is base64url with padding", _BROKEN, _parts(_pad)),
    _sent(
        "jwe-four-parts",
        "the tag is left out",
        _BROKEN,
        _parts(lambda parts: parts.pop()),
    ),
    _sent(
        "jwe-six-parts",
        "a part follows the tag",
        _BROKEN,
        _parts(lambda parts: parts.append("AA")),
    ),
    _sent(
        "jwe-json-serialization",
        "the answer is in JWE JSON serialization",
        _BROKEN,
        _json_serialization,
    ),
)
PAYLOADS: Final = (
    _sent(
        "payload-signed-inside",
        "a signed JWT is encrypted instead of the members",
        _BROKEN,
        _plaintext(_signed_inside),
        check="21",
    ),
    _sent(
        "payload-list",
        "the payload is an array",
        _BROKEN,
        _plaintext(lambda plaintext: b"[" + plaintext + b"]"),
        check="21",
    ),
    _sent(
        "payload-member-twice",
        "vp_token stands in the payload twice",
        _BROKEN,
        _plaintext(_member_twice),
        threat="JW1",
        check="21",
    ),
    _sent(
        "payload-not-utf-8",
        "the payload is not UTF-8",
        _BROKEN,
        _plaintext(lambda plaintext: b'{"x":"\xff",' + plaintext[1:]),
        threat="JW1",
        check="21",
    ),
    _sent(
        "payload-longer",
        "something follows the payload's object",
        _BROKEN,
        _plaintext(lambda plaintext: plaintext + b"{}"),
        threat="JW1",
        check="21",
    ),
    _sent(
        "response-with-state-beside",
        "state stands beside the encrypted answer in the clear",
        _BROKEN,
        _repeat_response,
        check="18",
    ),
    _sent(
        "response-with-error-beside",
        "an error stands beside the encrypted answer",
        _BROKEN,
        _as_error,
        check="18",
    ),
)
UNUSUAL: Final = (
    _sent(
        "response-without-parties",
        "nothing: apu and apv are left out",
        ACCEPTED,
        _sealed(lambda sealed: (sealed.header.pop("apu"), sealed.header.pop("apv"))),
    ),
    _sent(
        "response-with-odd-parties",
        "nothing: apu and apv hold bytes without meaning",
        ACCEPTED,
        _header(apu=b64url(bytes(range(32))), apv=b64url(b"\xff" * 7)),
    ),
    _sent(
        "response-with-typ-and-cty",
        "nothing: the JWE says that it is a JWT of JSON",
        ACCEPTED,
        _header(typ="JWT", cty="json"),
    ),
    _sent(
        "response-with-spaces",
        "nothing: the encrypted JSON is spread over lines",
        ACCEPTED,
        _plaintext(lambda plain: json.dumps(json.loads(plain), indent=2).encode()),
    ),
)
