"""The algorithms of an XML list's signature that are accepted, by their URIs.

A method counts only with a key of its own family, and a key only with enough bits: what
is written beside a signature chooses among these, it adds none.  RFC 6931; RFC 9231
"""

import hashlib
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import (
    SHA256,
    SHA384,
    SHA512,
    HashAlgorithm,
)

from sam.trust.entries import TrustListSignatureError

MIN_RSA_BITS: Final = 2048
"""Scheme operators do sign with 2048 bits, and the operator chose to pin the key."""

_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_PSS: Final = "http://www.w3.org/2007/05/xmldsig-more#"
_RSA: Final = MappingProxyType(
    {
        f"{_MORE}rsa-sha256": SHA256(),
        f"{_MORE}rsa-sha384": SHA384(),
        f"{_MORE}rsa-sha512": SHA512(),
    }
)
_RSA_PSS: Final = MappingProxyType(
    {
        f"{_PSS}sha256-rsa-MGF1": SHA256(),
        f"{_PSS}sha384-rsa-MGF1": SHA384(),
        f"{_PSS}sha512-rsa-MGF1": SHA512(),
    }
)
_ECDSA: Final = MappingProxyType(
    {
        f"{_MORE}ecdsa-sha256": SHA256(),
        f"{_MORE}ecdsa-sha384": SHA384(),
        f"{_MORE}ecdsa-sha512": SHA512(),
    }
)
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1)
_DIGESTS: Final = MappingProxyType(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256": hashlib.sha256,
        f"{_MORE}sha384": hashlib.sha384,
        "http://www.w3.org/2001/04/xmlenc#sha512": hashlib.sha512,
    }
)


def digest(method: str, content: bytes) -> bytes:
    """The digest of ``content``; ``TrustListSignatureError`` for another method."""
    algorithm = _DIGESTS.get(method)
    if algorithm is None:
        raise TrustListSignatureError("a digest method that is not allowed")
    return algorithm(content).digest()


def verify(
    certificate: x509.Certificate, method: str, value: bytes, content: bytes
) -> None:
    """Return if ``value`` is over ``content`` by the certificate's key.

    Else raise ``InvalidSignature``, also where key and method do not go together.
    """
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        if method in _RSA:
            return key.verify(value, content, padding.PKCS1v15(), _RSA[method])
        if method in _RSA_PSS:
            return key.verify(value, content, _pss(_RSA_PSS[method]), _RSA_PSS[method])
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        der = _der(value, key)
        if method in _ECDSA:
            return key.verify(der, content, ec.ECDSA(_ECDSA[method]))
    raise InvalidSignature


def _pss(algorithm: HashAlgorithm) -> padding.PSS:
    # RFC 6931 §2.3.9: the salt is as long as the digest
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)


def _der(value: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """XML Signature 1.1 §6.4.3 writes r and s one after the other."""
    half = (key.key_size + 7) // 8
    if len(value) != 2 * half:
        raise InvalidSignature
    return encode_dss_signature(
        int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
    )
