"""The data to be signed: CMS signed attributes, built here from digest and certificate.

Three attributes and no more, in DER (EN 319 142-1 §5.3, EN 319 122-1 §5.1):
content-type id-data, message-digest, signing-certificate-v2 with SHA-256 and
issuerSerial. Message digest and dtbsr are of one hash (RFC 5652 §5.4). No signing-time:
in PAdES the time is the dictionary's /M. The layout is written out because a general
ASN.1 library takes 7 ms where this takes microseconds; the bytes equal pyHanko's (a
golden test holds them side by side).
"""

import hashlib
from dataclasses import dataclass

from sam import certificate_fields
from sam.der import OCTET_STRING, SEQUENCE, SET, tlv

_CONTENT_TYPE = bytes.fromhex("301806092a864886f70d010903310b06092a864886f70d010701")
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")

_DIRECTORY_NAME = 0xA4


@dataclass(frozen=True, slots=True)
class SignedAttributes:
    """``der`` is the SET OF that is signed; ``dtbsr`` its digest."""

    der: bytes
    dtbsr: bytes


def signed_attributes(
    message_digest: bytes, certificate: bytes, hash_name: str = "sha256"
) -> SignedAttributes:
    """For a document's digest under the DER ``certificate``.

    ``message_digest`` is of the hash ``hash_name`` (as ``hashlib`` spells it): sdr for
    SHA-256.
    """
    if len(message_digest) != hashlib.new(hash_name).digest_size:
        raise ValueError(f"the message digest is no {hash_name} digest")
    der = tlv(
        SET,
        _CONTENT_TYPE,
        tlv(
            SEQUENCE,
            _MESSAGE_DIGEST,
            tlv(SET, tlv(OCTET_STRING, message_digest)),
        ),
        tlv(
            SEQUENCE,
            _SIGNING_CERTIFICATE_V2,
            tlv(SET, _signing_certificate_v2(certificate)),
        ),
    )
    return SignedAttributes(der, hashlib.new(hash_name, der).digest())


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
