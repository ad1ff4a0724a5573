"""What keys there are beside P-256, and how each signs a digest: as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.errors import DeviceRefusedError

PUBLIC_EXPONENT: Final = 65537


class Algorithm(StrEnum):
    """What a wrapped key can be."""

    P256 = "P-256"
    P384 = "P-384"
    RSA3072 = "RSA-3072"
    RSA4096 = "RSA-4096"


class Scheme(StrEnum):
    """How a wrapped key signs a digest."""

    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PSS_SHA384 = "rsa-pss-sha384"
    RSA_PSS_SHA512 = "rsa-pss-sha512"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    RSA_PKCS1_SHA384 = "rsa-pkcs1-sha384"
    RSA_PKCS1_SHA512 = "rsa-pkcs1-sha512"


class Padding(StrEnum):
    NONE = "none"
    """ECDSA; the signature is a DER Ecdsa-Sig-Value (RFC 5758 §3.2)."""
    PSS = "pss"
    """RFC 8017 §8.1: MGF1 with the digest's hash, salt as long as the digest."""
    PKCS1 = "pkcs1"
    """RFC 8017 §8.2, over the DigestInfo of the digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeFacts:
    hash_name: str
    """As ``hashlib`` spells it."""
    digest_bytes: int
    padding: Padding
    algorithms: frozenset[Algorithm]
    """Which keys may sign so: each curve with the hash of its own strength."""


_RSA: Final = frozenset({Algorithm.RSA3072, Algorithm.RSA4096})


def _ecdsa(hash_name: str, digest_bytes: int, algorithm: Algorithm) -> SchemeFacts:
    return SchemeFacts(
        hash_name=hash_name,
        digest_bytes=digest_bytes,
        padding=Padding.NONE,
        algorithms=frozenset({algorithm}),
    )


def _rsa(hash_name: str, digest_bytes: int, padding: Padding) -> SchemeFacts:
    return SchemeFacts(
        hash_name=hash_name,
        digest_bytes=digest_bytes,
        padding=padding,
        algorithms=_RSA,
    )


SCHEMES: Final[Mapping[Scheme, SchemeFacts]] = {
    Scheme.ECDSA_SHA256: _ecdsa("sha256", 32, Algorithm.P256),
    Scheme.ECDSA_SHA384: _ecdsa("sha384", 48, Algorithm.P384),
    Scheme.RSA_PSS_SHA256: _rsa("sha256", 32, Padding.PSS),
    Scheme.RSA_PSS_SHA384: _rsa("sha384", 48, Padding.PSS),
    Scheme.RSA_PSS_SHA512: _rsa("sha512", 64, Padding.PSS),
    Scheme.RSA_PKCS1_SHA256: _rsa("sha256", 32, Padding.PKCS1),
    Scheme.RSA_PKCS1_SHA384: _rsa("sha384", 48, Padding.PKCS1),
    Scheme.RSA_PKCS1_SHA512: _rsa("sha512", 64, Padding.PKCS1),
}


def algorithm_of(public_key: bytes) -> Algorithm:
    """Return what kind of key a DER SubjectPublicKeyInfo is of.

    Raises ``DeviceRefusedError`` if it is none of ``Algorithm``.
    """
    try:
        public = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        raise DeviceRefusedError("no public key") from None
    match public:
        case EllipticCurvePublicKey(curve=SECP256R1()):
            return Algorithm.P256
        case EllipticCurvePublicKey(curve=SECP384R1()):
            return Algorithm.P384
        case RSAPublicKey(key_size=3072 | 4096 as bits):
            if public.public_numbers().e == PUBLIC_EXPONENT:
                return Algorithm(f"RSA-{bits}")
    raise DeviceRefusedError("a public key of an unknown kind")
