"""PKCS#11's ways of writing keys and signatures, turned into those of X.509.

PKCS#11 gives a public point inside a DER OCTET STRING (v2.40 mechanisms §2.3.3), an
RSA key as two unsigned integers (§2.1.2) and an ECDSA signature as r ‖ s (§2.3.1);
certificates and CMS want SubjectPublicKeyInfo and Ecdsa-Sig-Value (RFC 5480 §2,
RFC 5758 §3.2, RFC 4055 §1.2).
"""

from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPublicKey,
    RSAPublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.algorithms import Algorithm
from hsm.errors import DeviceRefusedError

P256_PARAMETERS: Final = bytes.fromhex("06082a8648ce3d030107")
"""CKA_EC_PARAMS: the OID 1.2.840.10045.3.1.7 in DER."""
P384_PARAMETERS: Final = bytes.fromhex("06052b81040022")
"""The OID 1.3.132.0.34 in DER."""
CURVES: Final[Mapping[Algorithm, tuple[bytes, EllipticCurve]]] = {
    Algorithm.P256: (P256_PARAMETERS, SECP256R1()),
    Algorithm.P384: (P384_PARAMETERS, SECP384R1()),
}
_OCTET_STRING: Final = 0x04
_UNCOMPRESSED: Final = b"\x04"


def spki_from_ec_point(ec_point: bytes, algorithm: Algorithm = Algorithm.P256) -> bytes:
    """Return the DER SubjectPublicKeyInfo of CKA_EC_POINT.

    Raises ``DeviceRefusedError`` unless it is an uncompressed point of ``algorithm``.
    """
    _, curve = CURVES[algorithm]
    point_bytes = 1 + 2 * _scalar_bytes(curve)
    point = ec_point.removeprefix(bytes([_OCTET_STRING, point_bytes]))
    if len(point) != point_bytes or not point.startswith(_UNCOMPRESSED):
        raise DeviceRefusedError(f"the public point is not uncompressed {algorithm}")
    try:
        public = EllipticCurvePublicKey.from_encoded_point(curve, point)
    except ValueError:
        raise DeviceRefusedError(f"the public point is not on {algorithm}") from None
    return _spki(public)


def spki_from_rsa(modulus: bytes, public_exponent: bytes) -> bytes:
    """Return the DER SubjectPublicKeyInfo of CKA_MODULUS and CKA_PUBLIC_EXPONENT.

    Raises ``DeviceRefusedError`` if they are no RSA key.
    """
    numbers = RSAPublicNumbers(
        e=int.from_bytes(public_exponent, "big"), n=int.from_bytes(modulus, "big")
    )
    try:
        return _spki(numbers.public_key())
    except ValueError:
        raise DeviceRefusedError("modulus and exponent are no RSA key") from None


def ecdsa_sig_value(r_s: bytes, algorithm: Algorithm = Algorithm.P256) -> bytes:
    """Return the DER Ecdsa-Sig-Value of r ‖ s, each as long as the curve's order."""
    half = _scalar_bytes(CURVES[algorithm][1])
    if len(r_s) != 2 * half:
        raise DeviceRefusedError(f"a {algorithm} signature of {len(r_s)} bytes")
    r, s = r_s[:half], r_s[half:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _scalar_bytes(curve: EllipticCurve) -> int:
    return curve.key_size // 8


def _spki(public: EllipticCurvePublicKey | RSAPublicKey) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
