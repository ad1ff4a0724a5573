"""The free tier as the signing request uses it: admit, reserve, then settle or return.

A document counts as used from its reservation on, so that no two approvals share the
last place. It is charged once the SAM reports the release, and only then does it enter
the totals. What an application started has no reservation and never counts.

No transaction spans a call to the SAM. What the SAM refuses is raised as its own error.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal

from app.database import Database
from app.faults import fault
from app.plans import store
from app.plans.policy import Period, Policy
from app.plans.store import Reservation, State
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

STALE_AFTER: Final = timedelta(hours=24)
KEPT_AFTER_PERIOD: Final = timedelta(days=7)
MIN_PERSONS: Final = 10
"""A figure about fewer persons than this is not published."""
MAX_FIGURES: Final = 24
MAX_PAGES: Final = 20
"""How much one round settles; a page of the SAM holds up to 500 releases."""

log = logging.getLogger(__name__)


class OverFreeTierLimitError(Exception):
    """More documents, or larger ones, than the policy covers; str: its sentence."""

    code: ClassVar[str] = "over_free_tier_limit"


class QuotaUsedUpError(Exception):
    """The approval's documents no longer fit; ``resets_at`` in the policy's zone."""

    code: ClassVar[str] = "quota_used_up"

    def __init__(self, resets_at: datetime, left: int = 0) -> None:
        super().__init__(f"{left} left until {resets_at.isoformat()}")
        self.resets_at = resets_at
        self.left = left


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Documents of one person in this period; ``resets_at`` in the policy's zone."""

    used: int
    cap: int | None
    resets_at: datetime

    @property
    def left(self) -> int | None:
        return None if self.cap is None else max(0, self.cap - self.used)

    def covers(self, documents: int) -> bool:
        return self.left is None or self.left >= documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An ended period: how many persons signed how many documents free of charge."""

    period: str
    persons: int
    documents: int


class FreeTier:
    """Safe to share between threads. Without a policy nothing is limited or counted."""

    def __init__(
        self,
        database: Database,
        sam: SamClient,
        policy: Policy | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._sam = sam
        self._clock = clock
        self.policy = policy

    def purpose(self) -> Literal["private"] | None:
        """What the signer declares by approving: words in what the wallet shows."""
        return None if self.policy is None else self.policy.purpose

    def period(self) -> Period | None:
        return None if self.policy is None else self.policy.period_of(self._clock())

    def admit(self, sizes: Sequence[int]) -> None:
        """``sizes`` in bytes, one per document, as brought."""
        policy = self.policy
        if policy is None:
            return
        too_many = len(sizes) > policy.max_documents
        if too_many or any(size > policy.max_document_bytes for size in sizes):
            raise OverFreeTierLimitError(policy.texts.too_large)

    def allowance(self, handle: str) -> Allowance | None:
        """``None`` without a policy, or while the SAM cannot say who this is."""
        policy = self.policy
        if policy is None:
            return None
        try:
            tagged = self._tagged(policy, handle=handle)
        except sam_errors.SamError as error:
            log.info("no allowance to show: %s", error.code)
            return None
        with self._database.read() as db:
            used = store.used(db, policy.id, tagged.period, tagged.tag)
        resets_at = policy.period.local(tagged.ends_at)
        return Allowance(used=used, cap=policy.cap, resets_at=resets_at)

    def reserve(self, tx: str, documents: int) -> None:
        """Hold ``documents`` for the verified approval ``tx``; again: no change.

        Raises ``QuotaUsedUpError``, or what the SAM raised.
        """
        if self.policy is None or self._holds(tx):
            return
        tagged = self._tagged(self.policy, tx=tx)
        wanted = Reservation(
            tx=tx,
            policy=self.policy.id,
            period=tagged.period,
            ends_at=tagged.ends_at,
            tag=tagged.tag,
            documents=documents,
            state=State.RESERVED,
            at=self._clock(),
        )
        fault("before-reserved")
        self._reserve(self.policy, wanted, tagged.tag)
        fault("after-reserved")

    def give_back(self, tx: str) -> None:
        """For every end without a signature in the signer's hands; again: no change."""
        with self._database.write() as db:
            store.give_back(db, tx)

    def settle(self) -> None:
        """Charge what the SAM has released since the last time. For the worker.

        Raises what the SAM raised; then the next call goes on where this one stopped.
        """
        if self.policy is None:
            return
        for _ in range(MAX_PAGES):
            with self._database.read() as db:
                mark = store.settled_up_to(db)
            released = self._sam.releases(mark).releases
            if not released:
                return
            self._settle(released)

    def forget(self) -> None:
        """Drop tags and counters of ended periods, then end what hangs. For the worker.

        Raises what the SAM raised; what names anybody is gone by then.
        """
        now = self._clock()
        with self._database.write() as db:
            store.forget_tags(db, now)
            store.forget_reservations(db, now - KEPT_AFTER_PERIOD)
        with self._database.read() as db:
            stale = store.held_since(db, now - STALE_AFTER)
        for tx in stale:
            self._end_stale(tx)

    def statistics(self) -> tuple[Figure, ...]:
        """Ended periods that at least ``MIN_PERSONS`` used, the newest first."""
        if self.policy is None:
            return ()
        with self._database.read() as db:
            totals = store.ended_totals(
                db,
                self.policy.id,
                self._clock(),
                persons=MIN_PERSONS,
                limit=MAX_FIGURES,
            )
        return tuple(
            Figure(period=t.period, persons=t.persons, documents=t.documents)
            for t in totals
        )

    def _holds(self, tx: str) -> bool:
        with self._database.read() as db:
            held = store.reservation(db, tx)
        return held is not None and held.state != State.RETURNED

    def _reserve(self, policy: Policy, wanted: Reservation, tag: str) -> None:
        with self._database.write() as db:
            if not store.hold(db, wanted) or store.count(db, wanted, policy.cap):
                return
            used = store.used(db, wanted.policy, wanted.period, tag)
            left = max(0, (policy.cap or 0) - used)
            raise QuotaUsedUpError(policy.period.local(wanted.ends_at), left)

    def _tagged(
        self, policy: Policy, *, handle: str | None = None, tx: str | None = None
    ) -> m.QuotaTagged:
        now = self._clock()
        period = policy.period_of(now)
        try:
            return self._ask(policy, period, handle, tx)
        except sam_errors.PeriodOverError:
            other = self._other_side(policy, period, now)
            return self._ask(policy, other, handle, tx)

    def _other_side(self, policy: Policy, period: Period, asked: datetime) -> Period:
        """The period that the SAM's clock must be in: across the nearer midnight."""
        before = asked - period.starts_at < period.ends_at - asked
        edge = period.starts_at - timedelta(seconds=1) if before else period.ends_at
        return policy.period_of(edge)

    def _ask(
        self, policy: Policy, period: Period, handle: str | None, tx: str | None
    ) -> m.QuotaTagged:
        call = m.QuotaTag(policy=policy.id, period=period.name, handle=handle, tx=tx)
        return self._sam.quota_tag(call)

    def _settle(self, released: Sequence[m.Release]) -> None:
        """One commit per charge, the mark with it."""
        with self._database.read() as db:
            ours = store.reserved_among(db, {release.tx for release in released})
        for release in released:
            if release.tx in ours:
                fault("before-charged")
                with self._database.write() as db:
                    store.advance(db, release.number)
                    store.charge(db, release.tx)
                fault("after-charged")
        with self._database.write() as db:
            store.advance(db, released[-1].number)

    def _end_stale(self, tx: str) -> None:
        """By what the SAM says became of it; what it still works on is left alone."""
        try:
            state = self._sam.status(tx).state
        except sam_errors.UnknownTransactionError:
            state = m.State.CLOSED
        with self._database.write() as db:
            if state in {m.State.FAILED, m.State.CLOSED}:
                store.give_back(db, tx)
            elif state is m.State.SIGNED:
                store.charge(db, tx)
