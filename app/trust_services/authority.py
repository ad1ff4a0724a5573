"""The issuing CA: a certificate at most once per public key.

``certify_signer`` (online, for the registration authority) does, in this order:

    1. refuse a subject the profile does not allow
    2. alone in the ledger: the same request of the same transaction gets the same
       certificate again; a key that has a certificate gets no other one
    3. tie the transaction to the request, durably
    4. build and sign the certificate
    5. record it, durably, and only then return it

``revoke`` takes a certificate back for the registration authority that asked for it,
and for nobody else; asking again changes nothing.

``certify_service`` (offline, an administrator's act) differs in one point: a service
keeps its key for years, so its certificate is renewed for the same profile and subject.
"""

import contextlib
import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from app.trust_services.certificates import (
    Issuer,
    end_entity_certificate,
    subject_alternative_name,
)
from app.trust_services.csr import CertificationRequest, refuse_subject
from app.trust_services.errors import AlreadyCertifiedError, NotYoursError
from app.trust_services.ledger import Entry, Ledger, Transaction
from app.trust_services.profiles import SIGNER, Profile
from app.trust_services.revocation import RevocationOrder, Revocations

RENEWAL_WINDOW: Final = timedelta(days=30)
ADMINISTRATOR: Final = "administrator"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CertificationAuthority:
    """A CA and its ledger. Safe to use from several threads and processes."""

    issuer: Issuer
    ledger: Ledger
    revocations: Revocations

    def certify_signer(
        self,
        request: CertificationRequest,
        transaction: Transaction,
        now: datetime,
        profile: Profile = SIGNER,
    ) -> x509.Certificate:
        """Return the one certificate of the request's key.

        Raises ``ProfileRefusedError``, ``AlreadyCertifiedError``,
        ``TransactionConflictError`` or ``LedgerUnavailableError``.
        """
        refuse_subject(request.subject, profile)
        digest = hashlib.sha256(request.der).hexdigest()
        with self.ledger.exclusive():
            known = self.ledger.find(request.key_digest)
            if known is not None:
                return _repeated(known, transaction.name, digest, profile)
            self.ledger.claim(transaction, digest)
            certificate = self._sign(profile, request, now, host=None)
            entry = Entry(
                profile=profile.name,
                transaction=transaction.name,
                request_digest=digest,
                certificate=certificate,
                requester=transaction.requester,
            )
            self.ledger.record(request.key_digest, entry)
        _log.info("issued %s, serial %x", profile.name, certificate.serial_number)
        return certificate

    def revoke(self, order: RevocationOrder, now: datetime) -> None:
        """Revoke for good; the first reason and time stay.

        Raises ``NotYoursError`` for a certificate that this CA did not issue, or not
        for ``order.requester``: the two look alike from outside.
        """
        known = self.ledger.issued(order.serial)
        asked = (order.issuer, order.requester)
        if known is None or asked != (
            known.certificate.issuer.public_bytes(),
            known.requester,  # empty for an administrator's: nobody's key has that name
        ):
            raise NotYoursError("not a certificate of this CA, or not yours")
        with contextlib.suppress(FileExistsError):
            self.revocations.add(order.serial, order.reason, now)
            _log.info("revoked serial %x, %s", order.serial, order.reason.value)

    def certify_service(
        self,
        profile: Profile,
        request: CertificationRequest,
        now: datetime,
        *,
        host: str | None,
    ) -> x509.Certificate:
        """Return the service's current certificate, renewed when it nears its end."""
        refuse_subject(request.subject, profile)
        with self.ledger.exclusive():
            known = self.ledger.find(request.key_digest)
            if known is not None:
                _refuse_other_service(known, profile, request)
                if _still_good(known.certificate, profile, host, now):
                    return known.certificate
            certificate = self._sign(profile, request, now, host=host)
            entry = Entry(
                profile=profile.name,
                transaction=ADMINISTRATOR,
                request_digest=hashlib.sha256(request.der).hexdigest(),
                certificate=certificate,
            )
            keep = self.ledger.record if known is None else self.ledger.renew
            keep(request.key_digest, entry)
        return certificate

    def _sign(
        self,
        profile: Profile,
        request: CertificationRequest,
        now: datetime,
        *,
        host: str | None,
    ) -> x509.Certificate:
        return end_entity_certificate(
            profile,
            request.subject,
            request.public_key,
            self.issuer,
            now=now,
            host=host,
        )


def _repeated(
    known: Entry, transaction: str, digest: str, profile: Profile
) -> x509.Certificate:
    asked = (transaction, digest, profile.name)
    if (known.transaction, known.request_digest, known.profile) != asked:
        raise AlreadyCertifiedError("this public key has a certificate")
    return known.certificate


def _refuse_other_service(
    known: Entry, profile: Profile, request: CertificationRequest
) -> None:
    same_subject = known.certificate.subject == request.subject
    if known.profile != profile.name or not same_subject:
        raise AlreadyCertifiedError(
            f"this public key has a certificate as {known.profile}"
        )


def _still_good(
    certificate: x509.Certificate, profile: Profile, host: str | None, now: datetime
) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        names = None
    wanted = subject_alternative_name(host) if profile.names_host and host else None
    lasts = certificate.not_valid_after_utc - now > RENEWAL_WINDOW
    return lasts and names == wanted
