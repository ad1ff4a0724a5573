"""Which public keys are certified, and how a request proves possession of each.

P-256 and P-384 in their uncompressed spelling (RFC 5480 §2), RSA of 3072 and 4096 bits
with exponent 65537 (RFC 8017). RSA keys prove themselves by PKCS#1 v1.5: a request is
no signature that anybody relies on later, and its parameters leave no choice.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from app.trust_services.errors import (
    MalformedRequestError,
    ProfileRefusedError,
    ProofOfPossessionError,
)

PUBLIC_EXPONENT: Final = 65537
PublicKey = EllipticCurvePublicKey | RSAPublicKey


class KeyKind(StrEnum):
    P256 = "P-256"
    P384 = "P-384"
    RSA3072 = "RSA-3072"
    RSA4096 = "RSA-4096"


SIGNED_BY: Final[Mapping[KeyKind, str]] = {
    KeyKind.P256: "sha256_ecdsa",
    KeyKind.P384: "sha384_ecdsa",
    KeyKind.RSA3072: "sha256_rsa",
    KeyKind.RSA4096: "sha256_rsa",
}
"""Kind → the one signature algorithm of its requests, in asn1crypto's words."""


def certifiable_key(
    spki: bytes, kinds: frozenset[KeyKind]
) -> tuple[PublicKey, KeyKind]:
    """Return the key of a canonical SubjectPublicKeyInfo, and its kind.

    A second spelling of the same key would be a second name in the ledger.
    """
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedRequestError(f"unusable public key: {error}") from error
    kind = _kind_of(key)
    if kind not in kinds or not isinstance(key, PublicKey):
        raise ProfileRefusedError(f"only {', '.join(sorted(kinds))} keys are certified")
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki:
        raise MalformedRequestError("the public key is not in its canonical encoding")
    return key, kind


def _kind_of(key: object) -> KeyKind | None:
    match key:
        case EllipticCurvePublicKey(curve=SECP256R1()):
            return KeyKind.P256
        case EllipticCurvePublicKey(curve=SECP384R1()):
            return KeyKind.P384
        case RSAPublicKey(key_size=3072 | 4096 as bits):
            if key.public_numbers().e == PUBLIC_EXPONENT:
                return KeyKind(f"RSA-{bits}")
    return None


def prove_possession(
    key: PublicKey, kind: KeyKind, signature: bytes, signed: bytes
) -> None:
    """Raise ``ProofOfPossessionError`` unless ``signature`` is the key's."""
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, signed, PKCS1v15(), SHA256())
        else:
            digest = SHA384() if kind is KeyKind.P384 else SHA256()
            key.verify(signature, signed, ECDSA(digest))
    except InvalidSignature as error:
        raise ProofOfPossessionError("the CSR is not signed by its key") from error
