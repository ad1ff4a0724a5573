"""P-256 keys of the emulator, their JWK form and their files.

Plain files with mode 0600: an emulator protects nobody. A real wallet keeps these
keys in a certified device and never sees the private part.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator.encoding import b64url, b64url_decode, compact_json, text_member
from wallet_emulator.errors import MalformedError, NotSetUpError

COORDINATE_BYTES: Final = 32
PRIVATE_FILE_MODE: Final = 0o600


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The four members that make a P-256 JWK (RFC 7518 §6.2), and nothing else."""
    numbers = key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": b64url(numbers.x.to_bytes(COORDINATE_BYTES)),
        "y": b64url(numbers.y.to_bytes(COORDINATE_BYTES)),
    }


def public_key_from_jwk(jwk: Mapping[str, object]) -> ec.EllipticCurvePublicKey:
    """Read a P-256 public key from a JWK.

    Raises:
        MalformedError: another key type or curve, or a point that is not on it.
    """
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise MalformedError("the JWK is no P-256 key")
    x, y = (b64url_decode(text_member(jwk, name)) for name in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(
            int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()
        ).public_key()
    except ValueError as error:
        raise MalformedError("the JWK is no point on P-256") from error


def thumbprint(jwk: Mapping[str, object]) -> str:
    """RFC 7638: base64url SHA-256 over the required members in order."""
    required = {name: text_member(jwk, name) for name in ("crv", "kty", "x", "y")}
    return b64url(hashlib.sha256(compact_json(required)).digest())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def save_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write the key so that only this user can read it, and never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(partial, flags, PRIVATE_FILE_MODE), "wb") as file:
        file.write(key_pem(key))
    partial.replace(path)


def load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a key written by ``save_key``.

    Raises:
        NotSetUpError: the file is missing or holds no P-256 key.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise NotSetUpError(f"no readable key in {path}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NotSetUpError(f"{path} holds no EC key")
    return key
