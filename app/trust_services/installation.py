"""One set-up folder, opened: the authorities in it and the two doors before them.

The only wiring place of the package. Nothing here makes keys; that is ``setup``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from app.trust_services import files
from app.trust_services.authority import CertificationAuthority
from app.trust_services.certificates import Issuer
from app.trust_services.crl import CrlSource
from app.trust_services.csr import CertificationRequest
from app.trust_services.door import Door
from app.trust_services.errors import SetupError
from app.trust_services.est import est_door
from app.trust_services.ledger import Ledger
from app.trust_services.ocsp import OcspResponder, StatusSource
from app.trust_services.profiles import (
    REGISTRATION_AUTHORITY,
    REQUEST_SIGNING,
    SERVICE_PROFILES,
)
from app.trust_services.public_door import public_door
from app.trust_services.registration import RegistrationAuthorities
from app.trust_services.revocation import Revocations
from app.trust_services.setup import (
    ACCESS_CA,
    EST_SERVER,
    ISSUING_CA,
    OCSP,
    ROOT,
    TSA,
    distinguished_name,
    open_issuer,
)
from app.trust_services.tsa import TimeStampingAuthority

ISSUERS: Final = (ROOT, ISSUING_CA, ACCESS_CA)
OWN: Final = (ISSUING_CA, TSA, EST_SERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The trust services of one folder."""

    folder: Path
    settings: files.Settings
    issuers: dict[str, Issuer]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Raise ``SetupError`` unless ``set_up`` has completed the folder."""
        settings = files.Settings.read(folder)
        if settings is None:
            raise SetupError(f"{folder} is not set up: run 'trust-services setup'")
        issuers = {
            slug: open_issuer(folder, slug, settings.public_url) for slug in ISSUERS
        }
        return cls(folder=folder, settings=settings, issuers=issuers)

    def certify(
        self,
        profile_name: str,
        request: CertificationRequest,
        now: datetime,
        *,
        host: str,
    ) -> tuple[x509.Certificate, ...]:
        """Certify a service key; return leaf and intermediates, never a root."""
        profile = SERVICE_PROFILES[profile_name]
        access = profile is REQUEST_SIGNING
        authority = self._authority(ACCESS_CA if access else ISSUING_CA)
        leaf = authority.certify_service(profile, request, now, host=host)
        if profile is REGISTRATION_AUTHORITY:
            self.registration_authorities().register(leaf)
        # The access CA is an anchor, and an anchor has no place in x5c.
        return (leaf,) if access else (leaf, authority.issuer.certificate)

    def revoke(
        self, certificate: x509.Certificate, reason: x509.ReasonFlags, now: datetime
    ) -> str:
        """Revoke what one of our CAs issued; return the slug of that CA.

        Raises ``SetupError`` for a foreign or an already revoked certificate.
        """
        for issuer in self.issuers.values():
            if _is_issued_by(certificate, issuer):
                return self._revoked(issuer, certificate, reason, now)
        raise SetupError("none of our CAs issued this certificate")

    def registration_authorities(self) -> RegistrationAuthorities:
        return RegistrationAuthorities(
            self.folder / "registered",
            self.issuers[ISSUING_CA].certificate,
            self._revocations(ISSUING_CA),
        )

    def est_door(self, clock: Callable[[], datetime]) -> Door:
        return est_door(
            self._authority(ISSUING_CA),
            self.registration_authorities(),
            root=self.issuers[ROOT].certificate,
            responder=self._responder(clock),
            clock=clock,
        )

    def public_door(self, clock: Callable[[], datetime]) -> Door:
        crls = [
            CrlSource(issuer, self._revocations(slug), clock)
            for slug, issuer in self.issuers.items()
        ]
        return public_door(crls, self._tsa(clock), self._responder(clock))

    def _responder(self, clock: Callable[[], datetime]) -> OcspResponder:
        sources = [
            StatusSource(
                issuer=issuer,
                revocations=self._revocations(slug),
                issued=partial(self._issued, issuer.certificate.subject),
            )
            for slug, issuer in self.issuers.items()
        ]
        return OcspResponder(sources, distinguished_name(OCSP), clock)

    def _issued(self, issuer: x509.Name, serial: int) -> bool:
        """By the ledger, or as one of our own certificates, which set-up made."""
        entry = Ledger(self.folder / "issued").issued(serial)
        known = [] if entry is None else [entry.certificate]
        known += [files.read_certificate(self.folder / f"{slug}.pem") for slug in OWN]
        return any((c.serial_number, c.issuer) == (serial, issuer) for c in known)

    def _tsa(self, clock: Callable[[], datetime]) -> TimeStampingAuthority:
        own = open_issuer(self.folder, TSA, self.settings.public_url)
        return TimeStampingAuthority(
            certificate=own.certificate,
            issuer=self.issuers[ISSUING_CA].certificate,
            key=own.key,
            clock=clock,
        )

    def _authority(self, slug: str) -> CertificationAuthority:
        # One ledger for all CAs: a key has one certificate, whoever issued it.
        return CertificationAuthority(
            self.issuers[slug],
            Ledger(self.folder / "issued"),
            self._revocations(slug),
        )

    def _revocations(self, slug: str) -> Revocations:
        return Revocations(self.folder / "revoked" / slug)

    def _revoked(
        self,
        issuer: Issuer,
        certificate: x509.Certificate,
        reason: x509.ReasonFlags,
        now: datetime,
    ) -> str:
        try:
            self._revocations(issuer.slug).add(certificate.serial_number, reason, now)
        except FileExistsError as error:
            raise SetupError("this certificate is revoked already") from error
        return issuer.slug


def _is_issued_by(certificate: x509.Certificate, issuer: Issuer) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
