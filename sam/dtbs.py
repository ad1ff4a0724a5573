"""The data to be signed: CMS signed attributes, built here from digest and certificate.

Three attributes and no more, in DER (EN 319 142-1 §5.3, EN 319 122-1 §5.1):
content-type id-data, message-digest, signing-certificate-v2 with SHA-256 and
issuerSerial. No signing-time: in PAdES the time is the dictionary's /M. The layout is
written out because a general ASN.1 library takes 7 ms where this takes microseconds;
the bytes equal pyHanko's (a golden test holds them side by side).
"""

import hashlib
from dataclasses import dataclass

from sam import certificate_fields
from sam.der import OCTET_STRING, SEQUENCE, SET, tlv

_CONTENT_TYPE = bytes.fromhex("301806092a864886f70d010903310b06092a864886f70d010701")
_MESSAGE_DIGEST = bytes.fromhex("302f06092a864886f70d01090431220420")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")

_DIRECTORY_NAME = 0xA4


@dataclass(frozen=True, slots=True)
class SignedAttributes:
    """``der`` is the SET OF that is signed; ``dtbsr`` its SHA-256."""

    der: bytes
    dtbsr: bytes


def signed_attributes(sdr: bytes, certificate: bytes) -> SignedAttributes:
    """For the document digest ``sdr`` (32 bytes) under the DER ``certificate``."""
    if len(sdr) != hashlib.sha256().digest_size:
        raise ValueError("sdr is no SHA-256 digest")
    der = tlv(
        SET,
        _CONTENT_TYPE,
        _MESSAGE_DIGEST + sdr,
        tlv(
            SEQUENCE,
            _SIGNING_CERTIFICATE_V2,
            tlv(SET, _signing_certificate_v2(certificate)),
        ),
    )
    return SignedAttributes(der, hashlib.sha256(der).digest())


def _signing_certificate_v2(certificate: bytes) -> bytes:
    """RFC 5035 §3: hashAlgorithm is left out because SHA-256 is its DEFAULT."""
    fields = certificate_fields.read(certificate)
    issuer_serial = tlv(
        SEQUENCE,
        tlv(SEQUENCE, tlv(_DIRECTORY_NAME, fields.issuer)),
        fields.serial_number,
    )
    cert_hash = tlv(OCTET_STRING, hashlib.sha256(certificate).digest())
    return tlv(SEQUENCE, tlv(SEQUENCE, tlv(SEQUENCE, cert_hash, issuer_serial)))
