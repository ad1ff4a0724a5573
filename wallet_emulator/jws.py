"""Compact JWS with ES256 (RFC 7515, RFC 7518 §3.4), and nothing but ES256.

``parse`` gives shape only. ``verify`` is the one way from a text to its claims.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from wallet_emulator.encoding import (
    b64url,
    b64url_decode,
    compact_json,
    parse_json_object,
)
from wallet_emulator.errors import MalformedError
from wallet_emulator.keys import COORDINATE_BYTES

_PARTS: Final = 3
_ES256: Final = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True, kw_only=True)
class Jws:
    """A compact JWS as read: nothing in it is verified."""

    header: Mapping[str, object]
    payload: bytes
    signing_input: bytes
    signature: bytes

    def claims(self) -> dict[str, object]:
        """The payload as JSON object; raises ``MalformedError``."""
        return parse_json_object(self.payload)


def signing_input(header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    return f"{b64url(compact_json(header))}.{b64url(compact_json(claims))}"


def sign(
    header: Mapping[str, object],
    claims: Mapping[str, object],
    key: ec.EllipticCurvePrivateKey,
) -> str:
    """A compact JWS; the header is taken as given, the signature is ES256."""
    text = signing_input(header, claims)
    return f"{text}.{b64url(raw_signature(text.encode('ascii'), key))}"


def raw_signature(message: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    r, s = decode_dss_signature(key.sign(message, _ES256))
    return r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)


def parse(text: str) -> Jws:
    """Split and decode a compact JWS.

    Raises:
        MalformedError: not three base64url parts with an object as header.
    """
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise MalformedError("a compact JWS has three parts")
    return Jws(
        header=parse_json_object(b64url_decode(parts[0])),
        payload=b64url_decode(parts[1]),
        signing_input=text.rpartition(".")[0].encode("ascii"),
        signature=b64url_decode(parts[2]),
    )


def verify(jws: Jws, *, typ: str, key: ec.EllipticCurvePublicKey) -> dict[str, object]:
    """The claims, if this key signed them under this ``typ``.

    Raises:
        MalformedError: wrong ``typ`` or ``alg``, a ``crit`` header, a bad signature.
    """
    if jws.header.get("typ") != typ:
        raise MalformedError(f"typ must be {typ!r}, got {jws.header.get('typ')!r}")
    if jws.header.get("alg") != "ES256":
        raise MalformedError(f"alg must be 'ES256', got {jws.header.get('alg')!r}")
    if "crit" in jws.header:
        raise MalformedError("critical header parameters are not understood")
    _verify_signature(jws, key)
    return jws.claims()


def _verify_signature(jws: Jws, key: ec.EllipticCurvePublicKey) -> None:
    if len(jws.signature) != 2 * COORDINATE_BYTES:
        raise MalformedError("an ES256 signature has 64 bytes")
    r = int.from_bytes(jws.signature[:COORDINATE_BYTES])
    s = int.from_bytes(jws.signature[COORDINATE_BYTES:])
    try:
        key.verify(encode_dss_signature(r, s), jws.signing_input, _ES256)
    except InvalidSignature as error:
        raise MalformedError("the signature does not verify") from error
