"""A compact JWE written out (RFC 7516 §5.1, RFC 7518 §4.6), so that any part may be
wrong while the others are what they should be: libraries refuse to write most of it."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from wallet_emulator.encoding import b64url, b64url_decode
from wallet_emulator.keys import new_key, public_jwk, public_key_from_jwk

_KEY_BYTES = {"A128GCM": 16, "A256GCM": 32}


@dataclass(slots=True, kw_only=True)
class Sealed:
    """What goes into the parts; ``epk`` in the header hides the one that was used."""

    header: dict[str, object]
    plaintext: bytes
    encrypted_key: bytes = b""
    iv: bytes = field(default_factory=lambda: secrets.token_bytes(12))

    def text(self, recipient: Mapping[str, str]) -> str:
        key = new_key()
        header = {"epk": public_jwk(key.public_key()), **self.header}
        protected = b64url(json.dumps(header).encode())
        secret = _agree(key, recipient, self.header)
        sealed = AESGCM(secret).encrypt(self.iv, self.plaintext, protected.encode())
        parts = (self.encrypted_key, self.iv, sealed[:-16], sealed[-16:])
        return ".".join((protected, *map(b64url, parts)))


def _agree(
    key: ec.EllipticCurvePrivateKey,
    recipient: Mapping[str, str],
    header: Mapping[str, object],
) -> bytes:
    """By the honest header: what stands in the sent one may be anything."""
    enc = str(header.get("enc"))
    length = _KEY_BYTES.get(enc, 16)
    shared = key.exchange(ec.ECDH(), public_key_from_jwk(recipient))
    apu, apv = (_party(header.get(name)) for name in ("apu", "apv"))
    info = b"".join(_sized(part) for part in (enc.encode(), apu, apv))
    info += (length * 8).to_bytes(4)
    return ConcatKDFHash(SHA256(), length, info).derive(shared)


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part


def _party(value: object) -> bytes:
    return b64url_decode(value) if isinstance(value, str) else b""
