"""The worker's round: whatever waits for nobody comes to its end here.

Each step takes one batch and no more, so a round is bounded and the next one goes on
where it stopped. Every step is safe beside the web processes and other workers: a state
moves by a conditional update, a delivery by a claim.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from app.database import Database
from app.plans.free_tier import FreeTier
from app.signers import store as signers
from app.signing import store
from app.signing.approval import Approvals
from app.signing.delivery import APPROVAL_LIFETIME, Delivery
from app.signing.files import DocumentFiles
from app.signing.reasons import Reason
from app.signing.states import Event, IllegalTransitionError
from app.signing.tables import SigningRequest
from sam import errors as sam_errors

LINK_GRACE: Final = timedelta(seconds=30)

log = logging.getLogger(__name__)


class Sweeper:
    def __init__(
        self,
        *,
        database: Database,
        files: DocumentFiles,
        approvals: Approvals,
        delivery: Delivery,
        free_tier: FreeTier,
        clock: Callable[[], datetime],
        retention: timedelta,
    ) -> None:
        self._database = database
        self._files = files
        self._approvals = approvals
        self._delivery = delivery
        self._free_tier = free_tier
        self._clock = clock
        self._retention = retention

    def round(self) -> None:
        """Deadlines, links, approvals, deliveries, counts, files, sessions."""
        now = self._clock()
        self._end_overdue(now)
        self._withdraw_expired_links(now)
        self._withdraw_old_approvals(now)
        self._deliver(now)
        self._count()
        self._purge(now)
        self._forget(now)

    def _end_overdue(self, now: datetime) -> None:
        with self._database.read() as db:
            overdue = store.past_deadline(db, now)
        for request in overdue:
            try:
                self._approvals.end(
                    request, Event.DEADLINE_PASSED, Reason.DEADLINE_PASSED
                )
            except IllegalTransitionError:
                continue  # it moved on by itself

    def _withdraw_expired_links(self, now: datetime) -> None:
        with self._database.read() as db:
            expired = store.with_expired_link(db, now - LINK_GRACE)
        self._withdraw(expired, Event.LINK_EXPIRED, Reason.LINK_EXPIRED)

    def _withdraw_old_approvals(self, now: datetime) -> None:
        with self._database.read() as db:
            old = store.with_old_approval(db, now - APPROVAL_LIFETIME)
        self._withdraw(old, Event.CONFIRMATION_LOST, Reason.APPROVAL_TOO_OLD)

    def _withdraw(
        self, requests: list[SigningRequest], event: Event, reason: Reason
    ) -> None:
        for request in requests:
            try:
                self._approvals.withdraw(request, event, reason)
            except IllegalTransitionError:
                continue
            except sam_errors.SamUnavailableError:
                log.warning("the SAM does not answer; asked again next round")
                return

    def _deliver(self, now: datetime) -> None:
        with self._database.read() as db:
            due = store.due_deliveries(db, now)
        for request_id in due:
            self._delivery.deliver(request_id)

    def _count(self) -> None:
        for step in (self._free_tier.settle, self._free_tier.forget):
            try:
                step()
            except sam_errors.SamError as error:
                log.warning("free tier: %s: %s; again", step.__name__, error.code)

    def _purge(self, now: datetime) -> None:
        with self._database.read() as db:
            ended = store.to_purge(db, now - self._retention)
        for request_id in ended:
            self._files.purge(request_id)
            with self._database.write() as db:
                store.mark_purged(db, request_id, now)

    def _forget(self, now: datetime) -> None:
        with self._database.write() as db:
            signers.forget_tokens(db, now)
            store.forget_browsers(db, now)
