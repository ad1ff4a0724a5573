"""The ways in which a signature can have been made, as the SAM names them.

One hash for message digest, signed attributes and signature (RFC 5652 §5.4). ECDSA:
RFC 5758; RSA PKCS#1 v1.5: RFC 4055 §5 (NULL parameters); RSASSA-PSS: RFC 4055 §3, MGF1
with the same hash and a salt as long as the digest.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from asn1crypto import algos
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm

from app.ades.errors import EmbeddingError

_SALT_SHA256: Final = 32
_RSA_BITS: Final = (3072, 4096)
_PSS: Final = {
    "hash_algorithm": {"algorithm": "sha256"},
    "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
    "salt_length": _SALT_SHA256,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """``digest_algorithm``, ``signature_algorithm``: DER AlgorithmIdentifiers."""

    hash_name: str
    digest_algorithm: bytes
    signature_algorithm: bytes
    curve: type[ec.EllipticCurve] | None = None
    pss: bool = False

    @property
    def hash(self) -> HashAlgorithm:
        return SHA384() if self.hash_name == "sha384" else SHA256()

    def digest(self, content: bytes) -> bytes:
        return hashlib.new(self.hash_name, content).digest()

    def verify(
        self, key: CertificatePublicKeyTypes, signature: bytes, signed: bytes
    ) -> None:
        """Raise ``EmbeddingError`` unless ``signature`` is of ``signed`` by the key."""
        try:
            if isinstance(key, ec.EllipticCurvePublicKey) and self._is_of(key.curve):
                key.verify(signature, signed, ec.ECDSA(self.hash))
            elif isinstance(key, rsa.RSAPublicKey) and self.curve is None:
                self._verify_rsa(key, signature, signed)
            else:
                raise EmbeddingError("the signing certificate's key is of another kind")
        except InvalidSignature:
            raise EmbeddingError("the signature does not verify") from None

    def _is_of(self, curve: ec.EllipticCurve) -> bool:
        return self.curve is not None and isinstance(curve, self.curve)

    def _verify_rsa(
        self, key: rsa.RSAPublicKey, signature: bytes, signed: bytes
    ) -> None:
        if key.key_size not in _RSA_BITS:
            raise EmbeddingError("the signing certificate's key has another size")
        pss = padding.PSS(padding.MGF1(self.hash), salt_length=_SALT_SHA256)
        padded = pss if self.pss else padding.PKCS1v15()
        key.verify(signature, signed, padded, self.hash)


def _digest(name: str) -> bytes:
    # Without parameters (RFC 5754 §2), as ``openssl`` and pyHanko write it
    oids = {"sha256": "0609608648016503040201", "sha384": "0609608648016503040202"}
    return bytes.fromhex("300b" + oids[name])


def _signature(name: str, parameters: object = None) -> bytes:
    given = {"algorithm": name}
    if parameters is not None:
        given |= {"parameters": parameters}  # type: ignore[dict-item]
    der: bytes = algos.SignedDigestAlgorithm(given).dump()
    return der


ECDSA_SHA256: Final = "ecdsa-sha256"
SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType(
    {
        ECDSA_SHA256: Scheme(
            hash_name="sha256",
            digest_algorithm=_digest("sha256"),
            signature_algorithm=_signature("sha256_ecdsa"),
            curve=ec.SECP256R1,
        ),
        "ecdsa-sha384": Scheme(
            hash_name="sha384",
            digest_algorithm=_digest("sha384"),
            signature_algorithm=_signature("sha384_ecdsa"),
            curve=ec.SECP384R1,
        ),
        "rsa-pss-sha256": Scheme(
            hash_name="sha256",
            digest_algorithm=_digest("sha256"),
            signature_algorithm=_signature("rsassa_pss", _PSS),
            pss=True,
        ),
        "rsa-pkcs1-sha256": Scheme(
            hash_name="sha256",
            digest_algorithm=_digest("sha256"),
            signature_algorithm=bytes.fromhex("300d06092a864886f70d01010b0500"),
        ),
    }
)


def scheme_named(name: str) -> Scheme:
    """Raises ``EmbeddingError`` for a name that is none of them."""
    if name not in SCHEMES:
        raise EmbeddingError("no such way to sign")
    return SCHEMES[name]
