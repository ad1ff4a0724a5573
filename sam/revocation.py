"""Whether a long-term certificate may still be used, and how it stops being so.

``still_good`` is asked before each use. It takes nothing for granted:

    1. the path leads to our anchor and is valid now
    2. the SAM itself has not revoked it
    3. the CA's responder says ``good`` of each certificate of the path (``sam.ocsp``)

No answer, a stale one, one that does not hold: ``NotGoodError``, as if revoked.

A revocation is in force here once its row is committed (``record``): 2 refuses from
then on. The CA is told after that (``tell_the_ca``), and again until its own responder
says ``revoked``; its reply alone proves nothing.
"""

import hashlib
import logging
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from cryptography import x509
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from sam import audit, certificates, ocsp
from sam import errors as refused
from sam.module import Sam
from sam.ocsp import REVOKED, NotGoodError
from sam.schema import revoked_certificates as table

UNREACHABLE: Final = "certificate_status_unreachable"
UNFIT_PATH: Final = "certificate_path"
REASONS: Final = frozenset(
    {
        x509.ReasonFlags.key_compromise,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.privilege_withdrawn,
    }
)
"""RFC 5280 §5.3.1, for a person's certificate. No hold: what is revoked stays so."""
SOONEST_AGAIN: Final = timedelta(seconds=20)
LATEST_AGAIN: Final = timedelta(hours=1)
AT_ONCE: Final = 5  # told in one round; the caller of the SAM waits meanwhile

_log = logging.getLogger("sam")


def still_good(sam: Sam, chain: tuple[bytes, ...], now: datetime) -> None:
    """Raise ``NotGoodError`` unless the key of ``chain[0]`` may be used at ``now``.

    ``chain``: DER, signer first, without the anchor. Asks the network: call it outside
    every database transaction.
    """
    try:
        path = certificates.path(chain, anchor=sam.ca_anchor, now=now)
    except certificates.UnfitCertificateError as error:
        raise NotGoodError(UNFIT_PATH, str(error)) from error
    with sam.database.begin() as connection:
        if is_revoked(connection, chain[0]):
            raise NotGoodError(REVOKED)
    for certificate, issuer in pairwise(path):
        _ask(sam, certificate, issuer)


def record(
    connection: Connection,
    chain: tuple[bytes, ...],
    reason: x509.ReasonFlags,
    *,
    now: datetime,
) -> bool:
    """Revoke in this database transaction; False if it is revoked already.

    The first reason and time stay. Call ``tell_the_ca`` after the commit. Raises
    ``MalformedCallError`` for a reason that is not of ``REASONS``.
    """
    if reason not in REASONS:
        raise refused.MalformedCallError(
            "not a reason to revoke a person's certificate"
        )
    digest = hashlib.sha256(chain[0]).digest()
    row = {
        "certificate_sha256": digest,
        "certificate": chain[0],
        "issuer": chain[1],
        "reason": reason.value,
        "revoked_at": now,
        "ask_at": now,
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(row))
    except IntegrityError:
        return False
    audit.append(
        connection,
        audit.Event.CERTIFICATE_REVOKED,
        now=now,
        certificate_sha256=digest.hex(),
        reason=reason.value,
    )
    return True


def is_revoked(connection: Connection, certificate: bytes) -> bool:
    """Whether the SAM revoked it, whatever the CA knows."""
    digest = hashlib.sha256(certificate).digest()
    found = select(table.c.revoked_at).where(table.c.certificate_sha256 == digest)
    return connection.execute(found).first() is not None


def tell_the_ca(sam: Sam) -> None:
    """Pass on what the CA does not show yet; a failure is tried again, never raised.

    Call it outside every database transaction.
    """
    now = sam.clock()
    due = (
        select(table)
        .where(table.c.shown_at.is_(None), table.c.ask_at <= now)
        .order_by(table.c.ask_at)
        .limit(AT_ONCE)
    )
    with sam.database.begin() as connection:
        rows = connection.execute(due).all()
    for row in rows:
        if not _told(sam, row):
            _changed(sam, row, ask_at=now + _pause(now - row.revoked_at))
            return  # the others would wait for the same CA
        _changed(sam, row, shown_at=sam.clock())


def _pause(waited: timedelta) -> timedelta:
    """Ever longer: while the CA hangs, everybody waits for each attempt."""
    return min(max(waited, SOONEST_AGAIN), LATEST_AGAIN)


def _told(sam: Sam, row: Row[Any]) -> bool:
    certificate, issuer = map(
        x509.load_der_x509_certificate, (row.certificate, row.issuer)
    )
    try:
        sam.issuer.revoke(row.certificate, x509.ReasonFlags(row.reason))
        _ask(sam, certificate, issuer)
    except NotGoodError as error:
        if error.code == REVOKED:
            return True
        _log.warning("whether the CA shows a revocation is not known: %s", error)
    except refused.SamUnavailableError as error:
        _log.warning("the CA took no revocation: %s", error)
    else:
        _log.warning("the CA took a revocation and still says good")
    return False


def _changed(sam: Sam, row: Row[Any], **values: datetime) -> None:
    own = table.c.certificate_sha256 == row.certificate_sha256
    with sam.database.begin() as connection:
        connection.execute(update(table).where(own).values(values))


def _ask(sam: Sam, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    asked = ocsp.question(certificate, issuer)
    try:
        answer = sam.issuer.status(asked.der)
    except refused.SamUnavailableError as error:
        raise NotGoodError(UNREACHABLE, str(error)) from error
    ocsp.check(asked, answer, sam.clock())
