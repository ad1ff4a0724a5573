"""Certificate revocation lists (RFC 5280 §5), signed when somebody asks.

A list is kept for a few minutes and built anew as soon as a revocation is added, so a
revocation is public at once. CRL numbers are microseconds since 1970: they grow across
processes and restarts without a counter to keep.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from app.trust_services.certificates import Issuer, authority_key_identifier
from app.trust_services.revocation import Revocation, Revocations

CRL_VALIDITY: Final = timedelta(hours=24)
REBUILT_AFTER: Final = timedelta(minutes=5)


def build_crl(
    issuer: Issuer, revocations: tuple[Revocation, ...], *, now: datetime
) -> bytes:
    """Return a DER CertificateList that names exactly ``revocations``."""
    moment = now.replace(microsecond=0)
    number = int(now.timestamp() * 1_000_000)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(moment)
        .next_update(moment + CRL_VALIDITY)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(authority_key_identifier(issuer), critical=False)
    )
    for revocation in revocations:
        builder = builder.add_revoked_certificate(_entry(revocation))
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _entry(revocation: Revocation) -> x509.RevokedCertificate:
    return (
        x509.RevokedCertificateBuilder()
        .serial_number(revocation.serial)
        .revocation_date(revocation.revoked_at.replace(microsecond=0))
        .add_extension(x509.CRLReason(revocation.reason), critical=False)
        .build()
    )


@dataclass(frozen=True, slots=True)
class _Signed:
    content: bytes
    serials: frozenset[int]
    built_at: datetime


class CrlSource:
    """The current CRL of one CA; safe to call from several threads."""

    def __init__(
        self,
        issuer: Issuer,
        revocations: Revocations,
        clock: Callable[[], datetime],
    ) -> None:
        self.issuer = issuer
        self._revocations = revocations
        self._clock = clock
        self._one_at_a_time = Lock()
        self._signed: _Signed | None = None

    def current(self) -> bytes:
        """Return a DER CRL younger than ``REBUILT_AFTER`` that lacks no revocation."""
        with self._one_at_a_time:
            now, serials = self._clock(), self._revocations.serials()
            if self._signed is None or self._is_outdated(self._signed, now, serials):
                entries = self._revocations.entries()
                content = build_crl(self.issuer, entries, now=now)
                self._signed = _Signed(content, serials, now)
            return self._signed.content

    @staticmethod
    def _is_outdated(signed: _Signed, now: datetime, serials: frozenset[int]) -> bool:
        age = now - signed.built_at
        return signed.serials != serials or not timedelta(0) <= age < REBUILT_AFTER
