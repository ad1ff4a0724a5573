"""Put a signature into the gap of the file it was made for, or refuse.

Runs in the confined child. In this order:

    1. the gap is an empty placeholder, and the file ends where the ByteRange ends
    2. the signed attributes are exactly those of this file's sdr and this certificate
    3. the signature verifies with the certificate's key, made as it is said to be
    4. the timestamp token, if any, is over this signature
    5. the CMS is put together around the given bytes and written into the gap

pyHanko would embed anything it is given; here nothing is written before step 4.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from asn1crypto import cms, x509
from cryptography import x509 as pyca_x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificatePublicKeyTypes,
)

from app.ades.byte_range import (
    ByteRange,
    ByteRangeError,
    covers_whole_file,
    digest,
    filled,
    gap,
)
from app.ades.der import (
    CONTEXT_0,
    CONTEXT_1,
    INTEGER_1,
    OCTET_STRING,
    SEQUENCE,
    SET,
    set_of,
    tlv,
)
from app.ades.errors import EmbeddingError
from app.ades.schemes import ECDSA_SHA256, SCHEMES, Scheme, scheme_named
from app.ades.signed_attributes import signed_attributes

OID_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
OID_DATA: Final = bytes.fromhex("06092a864886f70d010701")
SIGNATURE_TIME_STAMP: Final = bytes.fromhex("060b2a864886f70d010910020e")


def embed(
    prepared: bytes,
    byte_range: ByteRange,
    *,
    attributes: bytes,
    signature: bytes,
    chain: Sequence[bytes],
    timestamp_token: bytes | None,
    scheme: str = ECDSA_SHA256,
) -> bytes:
    """Return the signed file: ``prepared`` with only the gap filled.

    ``attributes``: DER SET OF; ``signature``: DER ECDSA-Sig-Value, or as long as the
    RSA modulus; ``chain``: DER certificates, signer first; ``scheme``: a name of
    ``schemes.SCHEMES``. Raises ``EmbeddingError``.
    """
    made = scheme_named(scheme)
    message_digest = _digest_of_unsigned(prepared, byte_range, made)
    if not chain:
        raise EmbeddingError("there is no signing certificate")
    certificate = _certificate(chain[0])
    if attributes != signed_attributes(message_digest, certificate):
        raise EmbeddingError(
            "the signed attributes are not those of this file and certificate"
        )
    made.verify(_public_key(chain[0]), signature, attributes)
    if timestamp_token is not None:
        _verify_imprint(timestamp_token, signature)
    message = signed_data(
        certificate, attributes, signature, chain, timestamp_token, scheme=made
    )
    return _fill(prepared, byte_range, message)


def signed_data(
    certificate: x509.Certificate,
    attributes: bytes,
    signature: bytes,
    chain: Sequence[bytes],
    timestamp_token: bytes | None,
    *,
    scheme: Scheme = SCHEMES[ECDSA_SHA256],
) -> bytes:
    """DER ContentInfo with detached SignedData (RFC 5652 §5.1) of one signer."""
    signer_identifier = tlv(
        SEQUENCE,
        certificate.issuer.dump(),
        certificate["tbs_certificate"]["serial_number"].dump(),
    )
    # [0] IMPLICIT SET OF: the same bytes under another tag (RFC 5652 §5.4)
    implicit_attributes = bytes([CONTEXT_0]) + attributes[1:]
    unsigned_attributes = b""
    if timestamp_token is not None:
        token = tlv(SEQUENCE, SIGNATURE_TIME_STAMP, tlv(SET, timestamp_token))
        unsigned_attributes = tlv(CONTEXT_1, token)
    signer_info = tlv(
        SEQUENCE,
        INTEGER_1,
        signer_identifier,
        scheme.digest_algorithm,
        implicit_attributes,
        scheme.signature_algorithm,
        tlv(OCTET_STRING, signature),
        unsigned_attributes,
    )
    certificates = bytes([CONTEXT_0]) + set_of(*chain)[1:]
    content = tlv(
        SEQUENCE,
        INTEGER_1,
        tlv(SET, scheme.digest_algorithm),
        tlv(SEQUENCE, OID_DATA),
        certificates,
        tlv(SET, signer_info),
    )
    return tlv(SEQUENCE, OID_SIGNED_DATA, tlv(CONTEXT_0, content))


def _digest_of_unsigned(
    prepared: bytes, byte_range: ByteRange, scheme: Scheme
) -> bytes:
    try:
        placeholder = gap(prepared, byte_range)
        found = digest(prepared, byte_range, scheme.hash_name)
    except ByteRangeError as wrong:
        raise EmbeddingError(str(wrong)) from None
    if placeholder.strip(b"<0>"):
        raise EmbeddingError("the file is signed already")
    if not covers_whole_file(prepared, byte_range):
        raise EmbeddingError("the ByteRange ends before the file")
    return found


def _certificate(der: bytes) -> x509.Certificate:
    try:
        certificate = x509.Certificate.load(der, strict=True)
        certificate.native  # noqa: B018  # asn1crypto parses late
    except (TypeError, ValueError):
        raise EmbeddingError("the signing certificate is not DER") from None
    return certificate


def _public_key(certificate: bytes) -> CertificatePublicKeyTypes:
    try:
        return pyca_x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise EmbeddingError("the signing certificate has no readable key") from None


def _verify_imprint(token: bytes, signature: bytes) -> None:
    """Steps 1–3 proved the signature; a token over another value is worthless."""
    try:
        content = cms.ContentInfo.load(token, strict=True)["content"]
        info = content["encap_content_info"]["content"].parsed
        imprint = info["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        value = imprint["hashed_message"].native
    except (AttributeError, LookupError, TypeError, ValueError):
        raise EmbeddingError("the timestamp token is not readable") from None
    if algorithm != "sha256" or value != hashlib.sha256(signature).digest():
        raise EmbeddingError("the timestamp token is not over this signature")


def _fill(prepared: bytes, byte_range: ByteRange, message: bytes) -> bytes:
    try:
        return filled(prepared, byte_range, message)
    except ByteRangeError as wrong:
        raise EmbeddingError(str(wrong)) from None
