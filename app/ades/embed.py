"""Put a signature into the gap of the file it was made for, or refuse.

Runs in the confined child. In this order:

    1. the gap is an empty placeholder, and the file ends where the ByteRange ends
    2. the signed attributes are exactly those of this file's sdr and this certificate
    3. the signature verifies with the certificate's P-256 key
    4. the timestamp token, if any, is over this signature
    5. the CMS is put together around the given bytes and written into the gap

pyHanko would embed anything it is given; here nothing is written before step 4.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from asn1crypto import cms, x509
from cryptography import x509 as pyca_x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from app.ades.byte_range import (
    ByteRange,
    ByteRangeError,
    covers_whole_file,
    filled,
    gap,
    sdr,
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
from app.ades.signed_attributes import signed_attributes

OID_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
OID_DATA: Final = bytes.fromhex("06092a864886f70d010701")
SHA256: Final = bytes.fromhex("300b0609608648016503040201")
ECDSA_WITH_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
SIGNATURE_TIME_STAMP: Final = bytes.fromhex("060b2a864886f70d010910020e")


def embed(
    prepared: bytes,
    byte_range: ByteRange,
    *,
    attributes: bytes,
    signature: bytes,
    chain: Sequence[bytes],
    timestamp_token: bytes | None,
) -> bytes:
    """Return the signed file: ``prepared`` with only the gap filled.

    ``attributes``: DER SET OF; ``signature``: DER ECDSA-Sig-Value; ``chain``: DER
    certificates, signer first. Raises ``EmbeddingError``.
    """
    digest = _digest_of_unsigned(prepared, byte_range)
    if not chain:
        raise EmbeddingError("there is no signing certificate")
    certificate = _certificate(chain[0])
    if attributes != signed_attributes(digest, certificate):
        raise EmbeddingError(
            "the signed attributes are not those of this file and certificate"
        )
    _verify_signature(chain[0], signature, attributes)
    if timestamp_token is not None:
        _verify_imprint(timestamp_token, signature)
    message = signed_data(certificate, attributes, signature, chain, timestamp_token)
    return _fill(prepared, byte_range, message)


def signed_data(
    certificate: x509.Certificate,
    attributes: bytes,
    signature: bytes,
    chain: Sequence[bytes],
    timestamp_token: bytes | None,
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
        SHA256,
        implicit_attributes,
        ECDSA_WITH_SHA256,
        tlv(OCTET_STRING, signature),
        unsigned_attributes,
    )
    certificates = bytes([CONTEXT_0]) + set_of(*chain)[1:]
    content = tlv(
        SEQUENCE,
        INTEGER_1,
        tlv(SET, SHA256),
        tlv(SEQUENCE, OID_DATA),
        certificates,
        tlv(SET, signer_info),
    )
    return tlv(SEQUENCE, OID_SIGNED_DATA, tlv(CONTEXT_0, content))


def _digest_of_unsigned(prepared: bytes, byte_range: ByteRange) -> bytes:
    try:
        placeholder = gap(prepared, byte_range)
        digest = sdr(prepared, byte_range)
    except ByteRangeError as wrong:
        raise EmbeddingError(str(wrong)) from None
    if placeholder.strip(b"<0>"):
        raise EmbeddingError("the file is signed already")
    if not covers_whole_file(prepared, byte_range):
        raise EmbeddingError("the ByteRange ends before the file")
    return digest


def _certificate(der: bytes) -> x509.Certificate:
    try:
        certificate = x509.Certificate.load(der, strict=True)
        certificate.native  # noqa: B018  # asn1crypto parses late
    except (TypeError, ValueError):
        raise EmbeddingError("the signing certificate is not DER") from None
    return certificate


def _verify_signature(certificate: bytes, signature: bytes, attributes: bytes) -> None:
    try:
        key = pyca_x509.load_der_x509_certificate(certificate).public_key()
    except ValueError:
        raise EmbeddingError("the signing certificate has no readable key") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
        key.curve, ec.SECP256R1
    ):
        raise EmbeddingError("the signing certificate's key is not P-256")
    try:
        key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise EmbeddingError("the signature does not verify") from None


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
