"""PKCS#11's ways of writing EC keys and signatures, turned into those of X.509.

PKCS#11 gives a public point inside a DER OCTET STRING (v2.40 mechanisms §2.3.3) and
an ECDSA signature as r ‖ s (§2.3.1); certificates and CMS want SubjectPublicKeyInfo
and Ecdsa-Sig-Value (RFC 5480 §2, RFC 5758 §3.2).
"""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.errors import DeviceRefusedError

P256_PARAMETERS: Final = bytes.fromhex("06082a8648ce3d030107")
"""CKA_EC_PARAMS: the OID 1.2.840.10045.3.1.7 in DER."""
_OCTET_STRING_OF_65: Final = b"\x04\x41"
_UNCOMPRESSED: Final = b"\x04"
_POINT_BYTES: Final = 65
_SCALAR_BYTES: Final = 32


def spki_from_ec_point(ec_point: bytes) -> bytes:
    """Return the DER SubjectPublicKeyInfo of CKA_EC_POINT on P-256.

    Raises ``DeviceRefusedError`` unless it is an uncompressed point of that curve.
    """
    point = ec_point.removeprefix(_OCTET_STRING_OF_65)
    if len(point) != _POINT_BYTES or not point.startswith(_UNCOMPRESSED):
        raise DeviceRefusedError("the public point is not uncompressed P-256")
    try:
        public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        raise DeviceRefusedError("the public point is not on P-256") from None
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def ecdsa_sig_value(r_s: bytes) -> bytes:
    """Return the DER Ecdsa-Sig-Value of r ‖ s, 32 bytes each."""
    if len(r_s) != 2 * _SCALAR_BYTES:
        raise DeviceRefusedError(f"a P-256 signature of {len(r_s)} bytes")
    r, s = r_s[:_SCALAR_BYTES], r_s[_SCALAR_BYTES:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
