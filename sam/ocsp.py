"""One certificate's status: the question, and what makes an answer to it hold.

RFC 6960 without I/O. ``check`` does, in this order (§3.2 of the RFC):

    1. the responder says ``successful``, with exactly one answer
    2. the answer is to our CertID: algorithm, issuer's name and key, serial number
    3. the responder is the issuer, or holds a certificate for it from the issuer
       (id-kp-OCSPSigning, id-pkix-ocsp-nocheck, valid now; §4.2.2.2)
    4. the signature is the responder's
    5. our nonce is in it (RFC 9654): it was made for this question
    6. it is of now: thisUpdate, nextUpdate, and never older than a day
    7. the status is ``good``

Each step raises ``NotGoodError``: what cannot be known is refused as what is revoked.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

NONCE_BYTES: Final = 32  # RFC 9654 §2.1
CLOCK_SKEW: Final = timedelta(seconds=60)
OLDEST: Final = timedelta(hours=24)
MAX_CERTIFICATES: Final = 4
MIN_RSA_BITS: Final = 3000
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)

# ``cryptography`` reads names, extensions and keys when they are first asked for.
_UNREADABLE = (
    ValueError,
    TypeError,
    NotImplementedError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)


class NotGoodError(Exception):
    """The certificate is not known to be good: do not use its key."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


REVOKED: Final = "certificate_revoked"
STATUS_UNKNOWN: Final = "certificate_status_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, kept until the answer is checked."""

    asked: ocsp.OCSPRequest
    nonce: bytes
    issuer: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.asked.public_bytes(Encoding.DER)


def question(certificate: x509.Certificate, issuer: x509.Certificate) -> Question:
    """About ``certificate``, by SHA-256 and with a nonce of its own."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate, issuer, hashes.SHA256()
    )
    asked = builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()
    return Question(asked=asked, nonce=nonce, issuer=issuer)


def check(asked: Question, answer: bytes, now: datetime) -> None:
    """Raise ``NotGoodError`` unless ``answer`` (DER) says ``good``, to us and now."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        single = _only_answer(response)  # 1
        _check_certificate_id(single, asked.asked)  # 2
        key = _responder_key(response, asked.issuer, now)  # 3
        _check_signature(response, key)  # 4
        _check_nonce(response, asked.nonce)  # 5
        _check_dates(single, now)  # 6
    except _UNREADABLE as error:
        raise NotGoodError(STATUS_UNKNOWN, type(error).__name__) from error
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:  # 7
        raise NotGoodError(REVOKED)
    if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise NotGoodError(STATUS_UNKNOWN, "the CA does not know the certificate")


def _only_answer(response: ocsp.OCSPResponse) -> ocsp.OCSPSingleResponse:
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise NotGoodError(STATUS_UNKNOWN, response.response_status.name)
    answers = list(response.responses)
    if len(answers) != 1:
        raise NotGoodError(STATUS_UNKNOWN, f"{len(answers)} answers")
    return answers[0]


def _check_certificate_id(
    single: ocsp.OCSPSingleResponse, asked: ocsp.OCSPRequest
) -> None:
    answered, wanted = (
        (
            one.hash_algorithm.name,
            one.issuer_name_hash,
            one.issuer_key_hash,
            one.serial_number,
        )
        for one in (single, asked)
    )
    if answered != wanted:
        raise NotGoodError(STATUS_UNKNOWN, "about another certificate")


def _responder_key(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime
) -> object:
    if len(response.certificates) > MAX_CERTIFICATES:
        raise NotGoodError(STATUS_UNKNOWN, "too many certificates")
    for certificate in (issuer, *response.certificates):
        if _is_named(response, certificate):
            if certificate != issuer:
                _check_delegation(certificate, issuer, now)
            return certificate.public_key()
    raise NotGoodError(STATUS_UNKNOWN, "the responder's certificate is not there")


def _is_named(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    """RFC 6960 §4.2.1: KeyHash is SHA-1 over the value of subjectPublicKey."""
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    key = certificate.public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    return response.responder_key_hash == identifier.digest


def _check_delegation(
    certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
) -> None:
    """Issued directly by ``issuer``, for this purpose, without a status of its own."""
    certificate.verify_directly_issued_by(issuer)
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        raise NotGoodError(STATUS_UNKNOWN, "the responder's certificate is not of now")
    extensions = certificate.extensions
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    extensions.get_extension_for_class(x509.OCSPNoCheck)  # §4.2.2.2.1, or not found
    if ExtendedKeyUsageOID.OCSP_SIGNING not in purposes or not usage.digital_signature:
        raise NotGoodError(STATUS_UNKNOWN, "the responder is not authorised")


def _check_signature(response: ocsp.OCSPResponse, key: object) -> None:
    algorithm = response.signature_hash_algorithm
    if not isinstance(algorithm, _HASHES):
        raise NotGoodError(STATUS_UNKNOWN, "signed over a hash that is not accepted")
    signature, signed = response.signature, response.tbs_response_bytes
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(algorithm))
    elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    else:
        raise NotGoodError(STATUS_UNKNOWN, "the responder's key is not accepted")


def _check_nonce(response: ocsp.OCSPResponse, nonce: bytes) -> None:
    answered = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    if not hmac.compare_digest(answered, nonce):
        raise NotGoodError(STATUS_UNKNOWN, "the answer to another question")


def _check_dates(single: ocsp.OCSPSingleResponse, now: datetime) -> None:
    begins, ends = single.this_update_utc, single.next_update_utc
    if ends is None or not begins - CLOCK_SKEW <= now < ends:
        raise NotGoodError(STATUS_UNKNOWN, "the answer is not of now")
    if now - begins > OLDEST:
        raise NotGoodError(STATUS_UNKNOWN, "the answer is too old")
