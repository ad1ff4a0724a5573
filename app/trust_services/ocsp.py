"""The OCSP responder (RFC 6960, RFC 5019) of every CA in the folder.

``answer`` never raises for what a request holds. In this order:

    malformedRequest   not one DER OCSPRequest about one certificate, a critical
                       extension, a nonce of no length or beyond 128 octets (RFC 9654)
    unauthorized       about a certificate of no CA here, or named by neither SHA-1
                       nor SHA-256
    tryLater           what was issued or revoked cannot be read now
    successful         ``revoked`` by the files of ``revocation``, ``good`` only by a
                       record of the certificate (``issued``), else ``unknown``

Each CA delegates (RFC 6960 §4.2.2.2) to a key of this process, in its memory only. Its
certificate lasts a day, so it needs no status of its own (id-pkix-ocsp-nocheck).
A signature of the requester is not looked at: the answer is public.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from app.trust_services.certificates import Issuer, end_entity_certificate
from app.trust_services.errors import LedgerUnavailableError
from app.trust_services.profiles import OCSP_RESPONDER
from app.trust_services.revocation import Revocations

VALID_FOR: Final = timedelta(hours=1)
NONCE_LENGTHS: Final = range(1, 129)  # RFC 9654 §2.1
SERIAL_BITS: Final = 160
_HASHES: Final = (hashes.SHA1, hashes.SHA256)
_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    NotImplementedError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A DER OCSPResponse; ``cacheable``: it says the same to whoever asks now."""

    der: bytes
    cacheable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSource:
    """What one CA knows of its certificates."""

    issuer: Issuer
    revocations: Revocations
    issued: Callable[[int], bool]
    """Whether a certificate of this serial number exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delegate:
    key: EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    def lasts(self, now: datetime) -> bool:
        """Until half of its time is over; also not if the clock went back."""
        begins = self.certificate.not_valid_before_utc
        return begins <= now < begins + OCSP_RESPONDER.validity / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request that can be answered."""

    algorithm: hashes.HashAlgorithm
    name_hash: bytes
    key_hash: bytes
    serial: int
    nonce: bytes | None


class OcspResponder:
    """Safe to call from several threads; forked processes have keys of their own."""

    def __init__(
        self,
        sources: Iterable[StatusSource],
        subject: x509.Name,
        clock: Callable[[], datetime],
    ) -> None:
        self._sources = tuple(sources)
        self._subject = subject
        self._clock = clock
        self._one_at_a_time = Lock()
        self._delegates: dict[str, _Delegate] = {}

    def answer(self, request: bytes) -> Reply:
        try:
            asked = _asked(request)
        except _UNREADABLE:
            return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        source = self._source(asked)
        if source is None:
            return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        try:
            return self._answer(asked, source, self._clock())
        except LedgerUnavailableError:
            return _refusal(ocsp.OCSPResponseStatus.TRY_LATER)

    def _source(self, asked: _Asked) -> StatusSource | None:
        named = (asked.name_hash, asked.key_hash)
        for source in self._sources:
            if _named(source.issuer.certificate, asked.algorithm) == named:
                return source
        return None

    def _answer(self, asked: _Asked, source: StatusSource, now: datetime) -> Reply:
        revocation = source.revocations.find(asked.serial)
        status = ocsp.OCSPCertStatus.REVOKED
        if revocation is None:
            known = source.issued(asked.serial)
            good, unknown = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.UNKNOWN
            status = good if known else unknown
        delegate, moment = self._delegate(source, now), now.replace(microsecond=0)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                asked.name_hash,
                asked.key_hash,
                asked.serial,
                asked.algorithm,
                status,
                moment,
                moment + VALID_FOR,
                revocation.revoked_at.replace(microsecond=0) if revocation else None,
                revocation.reason if revocation else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, delegate.certificate)
            .certificates([delegate.certificate])
        )
        if asked.nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(asked.nonce), critical=False)
        signed = builder.sign(delegate.key, hashes.SHA256())
        return Reply(
            der=signed.public_bytes(Encoding.DER), cacheable=asked.nonce is None
        )

    def _delegate(self, source: StatusSource, now: datetime) -> _Delegate:
        with self._one_at_a_time:
            slug = source.issuer.slug
            held = self._delegates.get(slug)
            if held is None or not held.lasts(now):
                held = self._delegates[slug] = self._delegated(source.issuer, now)
            return held

    def _delegated(self, issuer: Issuer, now: datetime) -> _Delegate:
        key = generate_private_key(SECP256R1())
        certificate = end_entity_certificate(
            OCSP_RESPONDER, self._subject, key.public_key(), issuer, now=now
        )
        return _Delegate(key=key, certificate=certificate)


def _asked(request: bytes) -> _Asked:
    """Raise one of ``_UNREADABLE``; most are raised as members are first read."""
    parsed = ocsp.load_der_ocsp_request(request)
    serial = parsed.serial_number
    if not 0 < serial < 1 << SERIAL_BITS:  # RFC 5280 §4.1.2.2
        raise ValueError("no serial number")
    return _Asked(
        algorithm=parsed.hash_algorithm,
        name_hash=parsed.issuer_name_hash,
        key_hash=parsed.issuer_key_hash,
        serial=serial,
        nonce=_nonce(parsed.extensions),
    )


def _nonce(extensions: x509.Extensions) -> bytes | None:
    nonce = None
    for extension in extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            nonce = extension.value.nonce
            if len(nonce) not in NONCE_LENGTHS:
                raise ValueError("no nonce")
        elif extension.critical:  # RFC 6960 §4.4: not understood, so not answered
            raise ValueError("critical extension")
    return nonce


def _named(
    issuer: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> tuple[bytes, bytes] | None:
    """issuerNameHash and issuerKeyHash (RFC 6960 §4.1.1) of a certificate's issuer."""
    key = issuer.public_key()
    if not isinstance(algorithm, _HASHES) or not isinstance(
        key, EllipticCurvePublicKey
    ):
        return None
    # Of the BIT STRING's value, without tag, length and unused bits.
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _digest(algorithm, issuer.subject.public_bytes()), _digest(algorithm, point)


def _digest(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()


def _refusal(status: ocsp.OCSPResponseStatus) -> Reply:
    refused = ocsp.OCSPResponseBuilder.build_unsuccessful(status)
    return Reply(der=refused.public_bytes(Encoding.DER))
