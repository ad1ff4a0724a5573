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

from asn1crypto import x509

_CONTENT_TYPE = bytes.fromhex("301806092a864886f70d010903310b06092a864886f70d010701")
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")

_SEQUENCE, _SET, _OCTET_STRING, _DIRECTORY_NAME = 0x30, 0x31, 0x04, 0xA4
_SHORT_FORM = 0x80


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
    der = _tlv(
        _SET,
        _CONTENT_TYPE,
        _tlv(
            _SEQUENCE,
            _MESSAGE_DIGEST,
            _tlv(_SET, _tlv(_OCTET_STRING, message_digest)),
        ),
        _tlv(
            _SEQUENCE,
            _SIGNING_CERTIFICATE_V2,
            _tlv(_SET, _signing_certificate_v2(certificate)),
        ),
    )
    return SignedAttributes(der, hashlib.new(hash_name, der).digest())


def _signing_certificate_v2(certificate: bytes) -> bytes:
    """RFC 5035 §3: hashAlgorithm is left out because SHA-256 is its DEFAULT."""
    parsed = x509.Certificate.load(certificate)
    issuer_serial = _tlv(
        _SEQUENCE,
        _tlv(_SEQUENCE, _tlv(_DIRECTORY_NAME, parsed.issuer.dump())),
        parsed["tbs_certificate"]["serial_number"].dump(),
    )
    cert_hash = _tlv(_OCTET_STRING, hashlib.sha256(certificate).digest())
    return _tlv(_SEQUENCE, _tlv(_SEQUENCE, _tlv(_SEQUENCE, cert_hash, issuer_serial)))


def _tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([tag]) + _length(len(content)) + content


def _length(size: int) -> bytes:
    if size < _SHORT_FORM:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([_SHORT_FORM | len(octets)]) + octets
