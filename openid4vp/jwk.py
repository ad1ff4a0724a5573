"""P-256 keys as JSON Web Keys (RFC 7517, RFC 7518 §6.2, RFC 7638)."""

import hashlib
import json
import secrets
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec

from openid4vp import base64url, members, strict_json
from openid4vp.errors import MalformedResponseError

CURVE = "P-256"
COORDINATE_SIZE = 32
_CANONICAL = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


def public_key(
    jwk: Mapping[str, object], what: str, *, agreement: bool = False
) -> ec.EllipticCurvePublicKey:
    """Return the point of a public P-256 JWK; off-curve points are refused.

    A JWK of only kty, crv, x and y is enough. One with a private part is refused:
    whoever sent it no longer proves possession of anything. So is one that says it is
    not for verifying ES256, unless it is the ephemeral one of an ``agreement``.
    """
    if members.required(jwk, "kty", str) != "EC":
        raise MalformedResponseError(f"{what}: kty is not EC")
    if members.required(jwk, "crv", str) != CURVE:
        raise MalformedResponseError(f"{what}: crv is not {CURVE}")
    if "d" in jwk:
        raise MalformedResponseError(f"{what}: holds a private key")
    if not agreement and not _may_verify(jwk):
        raise MalformedResponseError(f"{what}: is for something else")
    x, y = _coordinate(jwk, "x", what), _coordinate(jwk, "y", what)
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise MalformedResponseError(f"{what}: point is not on the curve") from None


def thumbprint(jwk: Mapping[str, object]) -> str:
    """RFC 7638 §3 with SHA-256, base64url: the same key has the same thumbprint."""
    needed = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = _CANONICAL.encode(needed).encode("ascii")
    return base64url.encode(hashlib.sha256(canonical).digest())


def minimal(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The public JWK with RFC 7638's members and no others."""
    numbers = key.public_numbers()
    return {
        "kty": "EC",
        "crv": CURVE,
        "x": _encode_number(numbers.x),
        "y": _encode_number(numbers.y),
    }


def generate_response_key() -> str:
    """A new private P-256 JWK for one request, with its own ``kid``, as JSON text.

    ``alg`` and ``use`` are there because wallets ignore keys without them.
    """
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    jwk = {
        "kty": "EC",
        "crv": CURVE,
        "use": "enc",
        "alg": "ECDH-ES",
        "kid": secrets.token_urlsafe(12),
        "x": _encode_number(numbers.public_numbers.x),
        "y": _encode_number(numbers.public_numbers.y),
        "d": _encode_number(numbers.private_value),
    }
    return json.dumps(jwk, separators=(",", ":"))


def load_response_key(text: str) -> tuple[str, ec.EllipticCurvePrivateKey]:
    """Return ``kid`` and key of a JWK made by ``generate_response_key``."""
    jwk = strict_json.parse_object(text.encode("utf-8"), "response key")
    x, y, secret = (_coordinate(jwk, name, "response key") for name in "xyd")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1())
    key = ec.EllipticCurvePrivateNumbers(secret, public).private_key()
    return members.required(jwk, "kid", str), key


def public_part(text: str) -> dict[str, object]:
    """The JWK without its private member."""
    jwk = strict_json.parse_object(text.encode("utf-8"), "response key")
    return {name: value for name, value in jwk.items() if name != "d"}


def _may_verify(jwk: Mapping[str, object]) -> bool:
    """RFC 7517 §4.2 to §4.4; absent members forbid nothing."""
    operations = members.strings(jwk, "key_ops") or ("verify",)
    return (
        members.optional(jwk, "use", str) in (None, "sig")
        and members.optional(jwk, "alg", str) in (None, "ES256")
        # some write down what the private half does
        and not {"verify", "sign"}.isdisjoint(operations)
    )


def _coordinate(jwk: Mapping[str, object], name: str, what: str) -> int:
    raw = base64url.decode(members.required(jwk, name, str), f"{what}: {name}")
    if len(raw) != COORDINATE_SIZE:  # RFC 7518 §6.2.1.2: the full size, always
        raise MalformedResponseError(f"{what}: {name} is not 32 bytes")
    return int.from_bytes(raw, "big")


def _encode_number(number: int) -> str:
    return base64url.encode(number.to_bytes(COORDINATE_SIZE, "big"))
