"""The signed attributes of a PAdES signature: the dtbs, byte for byte.

CMS SignedAttributes (RFC 5652 §5.3) with exactly content-type, message-digest and
signing-certificate-v2 (RFC 5035), as DER SET OF. The SAM builds the same bytes from
the same two inputs; here they are what a signature is compared with. A golden test
holds them equal to what pyHanko builds.
"""

import hashlib
from typing import Final

from asn1crypto import x509

from app.ades.der import CONTEXT_4, OCTET_STRING, SEQUENCE, SET, tlv

CONTENT_TYPE_ID_DATA: Final = bytes.fromhex(
    "301806092a864886f70d010903310b06092a864886f70d010701"
)
MESSAGE_DIGEST: Final = bytes.fromhex("06092a864886f70d010904")
SIGNING_CERTIFICATE_V2: Final = bytes.fromhex("060b2a864886f70d010910022f")


def signed_attributes(message_digest: bytes, certificate: x509.Certificate) -> bytes:
    """The dtbs for this document digest and signing certificate.

    The three attributes are in DER order as they stand: lengths 18 < 2f (SHA-384: 3f) <
    the rest.
    """
    issuer_serial = tlv(
        SEQUENCE,
        tlv(SEQUENCE, tlv(CONTEXT_4, certificate.issuer.dump())),
        certificate["tbs_certificate"]["serial_number"].dump(),
    )
    # ESSCertIDv2; its hashAlgorithm is absent because SHA-256 is the DEFAULT
    certificate_id = tlv(
        SEQUENCE,
        tlv(OCTET_STRING, hashlib.sha256(certificate.dump()).digest()),
        issuer_serial,
    )
    signing_certificate = tlv(
        SEQUENCE,
        SIGNING_CERTIFICATE_V2,
        tlv(SET, tlv(SEQUENCE, tlv(SEQUENCE, certificate_id))),
    )
    digest = tlv(SEQUENCE, MESSAGE_DIGEST, tlv(SET, tlv(OCTET_STRING, message_digest)))
    return tlv(SET, CONTENT_TYPE_ID_DATA, digest, signing_certificate)
