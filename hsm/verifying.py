"""Signatures of wrapped keys, made and verified outside of any device.

For the device's own comparison, the self-test and ``hsm.memory_device``. A service
verifies what it releases with the public key of the certificate.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import (
    SHA256,
    SHA384,
    SHA512,
    HashAlgorithm,
)
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.algorithms import SCHEMES, Padding, Scheme, algorithm_of
from hsm.errors import DeviceRefusedError

_HASHES: Final[dict[str, HashAlgorithm]] = {
    "sha256": SHA256(),
    "sha384": SHA384(),
    "sha512": SHA512(),
}


def require_signature(
    public_key: bytes, scheme: Scheme, digest: bytes, signature: bytes
) -> None:
    """Raise ``DeviceRefusedError`` unless ``signature`` is of ``digest`` by ``scheme``.

    ``public_key`` is a DER SubjectPublicKeyInfo, of a kind that signs by ``scheme``.
    """
    if algorithm_of(public_key) not in SCHEMES[scheme].algorithms:
        raise DeviceRefusedError(f"not a key for {scheme}")
    public = load_der_public_key(public_key)
    prehashed = Prehashed(_hash(scheme))
    try:
        if isinstance(public, EllipticCurvePublicKey):
            public.verify(signature, digest, ECDSA(prehashed))
        elif isinstance(public, RSAPublicKey):
            public.verify(signature, digest, _padding(scheme), prehashed)
    except (InvalidSignature, ValueError):  # ValueError: digest of another length
        raise DeviceRefusedError("a signature is wrong") from None


def sign(
    private: EllipticCurvePrivateKey | RSAPrivateKey, scheme: Scheme, digest: bytes
) -> bytes:
    prehashed = Prehashed(_hash(scheme))
    if isinstance(private, EllipticCurvePrivateKey):
        return private.sign(digest, ECDSA(prehashed))
    return private.sign(digest, _padding(scheme), prehashed)


def _hash(scheme: Scheme) -> HashAlgorithm:
    return _HASHES[SCHEMES[scheme].hash_name]


def _padding(scheme: Scheme) -> PSS | PKCS1v15:
    if SCHEMES[scheme].padding is Padding.PKCS1:
        return PKCS1v15()
    return PSS(mgf=MGF1(_hash(scheme)), salt_length=SCHEMES[scheme].digest_bytes)
