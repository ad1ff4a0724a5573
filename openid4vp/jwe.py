"""Open the encrypted answer: ECDH-ES on P-256 with AES-GCM (HAIP 1.0 §5).

Written out on two primitives of ``cryptography`` rather than taken from a library:
the profile is one key agreement and two content algorithms, and a decryptor that
knows no other cannot be talked into one. A JWE proves nothing about its sender.
"""

import hashlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openid4vp import base64url, jwk, members, strict_json
from openid4vp.errors import (
    DecryptionError,
    HeaderNotAllowedError,
    MalformedResponseError,
)

ALG = "ECDH-ES"
KEY_BITS: Mapping[str, int] = {"A128GCM": 128, "A256GCM": 256}
_IV_SIZE, _TAG_SIZE = 12, 16


def decrypt(text: str, response_key: str) -> bytes:
    """Return the plaintext of a compact JWE made for ``response_key`` (private JWK)."""
    segments = text.split(".")
    if len(segments) != 5:  # noqa: PLR2004
        raise MalformedResponseError("response is not a compact JWE")
    protected, encrypted_key, *rest = segments
    header = strict_json.parse_object(
        base64url.decode(protected, "JWE header"), "JWE header"
    )
    kid, private_key = jwk.load_response_key(response_key)
    enc = _check_header(header, kid)
    if encrypted_key:  # direct agreement has no wrapped key (RFC 7518 §4.6)
        raise HeaderNotAllowedError("the encrypted key part must be empty")
    iv, ciphertext, tag = (base64url.decode(part, "JWE part") for part in rest)
    if len(iv) != _IV_SIZE or len(tag) != _TAG_SIZE:
        raise MalformedResponseError("JWE: iv or tag has the wrong length")
    key = _agree(header, enc, private_key)
    try:
        return AESGCM(key).decrypt(iv, ciphertext + tag, protected.encode("ascii"))
    except InvalidTag:
        raise DecryptionError("the authentication tag does not verify") from None


def _check_header(header: Mapping[str, object], kid: str) -> str:
    if header.get("alg") != ALG:
        raise HeaderNotAllowedError(f"JWE: alg is not {ALG}")
    enc = header.get("enc")
    if type(enc) is not str or enc not in KEY_BITS:
        raise HeaderNotAllowedError("JWE: enc is not one we offered")
    if header.get("kid") != kid:
        raise HeaderNotAllowedError("JWE: kid is not this transaction's key")
    for name in ("zip", "crit"):
        if name in header:
            raise HeaderNotAllowedError(f"JWE: {name} is not supported")
    return enc


def _agree(
    header: Mapping[str, object], enc: str, private_key: ec.EllipticCurvePrivateKey
) -> bytes:
    """RFC 7518 §4.6.2. apu and apv may hold anything: mixed in, never interpreted."""
    epk: dict[str, object] = members.required(header, "epk", dict)
    point = jwk.public_key(epk, "JWE epk", agreement=True)
    shared = private_key.exchange(ec.ECDH(), point)
    return concat_kdf(
        shared, enc=enc, apu=_party(header, "apu"), apv=_party(header, "apv")
    )


def concat_kdf(shared: bytes, *, enc: str, apu: bytes, apv: bytes) -> bytes:
    """One round of NIST SP 800-56A's Concat KDF with SHA-256: 16 or 32 bytes."""
    bits = KEY_BITS[enc]
    other = b"".join(
        len(part).to_bytes(4, "big") + part for part in (enc.encode(), apu, apv)
    )
    once = b"\x00\x00\x00\x01" + shared + other + bits.to_bytes(4, "big")
    return hashlib.sha256(once).digest()[: bits // 8]


def _party(header: Mapping[str, object], name: str) -> bytes:
    return base64url.decode(members.optional(header, name, str) or "", f"JWE {name}")
