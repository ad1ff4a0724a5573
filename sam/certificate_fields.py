"""Four fields of a certificate as the bytes they are: nothing is decoded or encoded.

What is compared, or copied into a message of ours, is never written anew on the way.
That the certificate is sound is for ``sam.certificates``.
"""

from dataclasses import dataclass
from typing import Final

from sam import der

_VERSION: Final = 0xA0
_FIELDS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFields:
    """DER elements of a TBSCertificate (RFC 5280 §4.1)."""

    serial_number: bytes
    issuer: bytes
    subject: bytes
    public_key: bytes
    """SubjectPublicKeyInfo."""


def read(certificate: bytes) -> CertificateFields:
    """From a DER certificate. Raises ``ValueError`` if it is not built like one."""
    tbs, *_ = der.inside(certificate, der.SEQUENCE) or [b""]
    fields = der.inside(tbs, der.SEQUENCE)
    if fields and fields[0][0] == _VERSION:
        del fields[0]
    serial_number, _algorithm, issuer, _validity, subject, public_key = fields[:_FIELDS]
    return CertificateFields(
        serial_number=serial_number,
        issuer=issuer,
        subject=subject,
        public_key=public_key,
    )
