"""The SAM as the free tier needs it: who is behind a tx, what was released, the time.

Tags are keyed digests under one random key per policy and period, as the SAM's are;
``destroy_keys`` is what its sweep does.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from app.plans.policy import Policy
from sam import errors
from sam import messages as m
from sam.client import SamClient

PAGE = 3
"""Small, so that a few releases need several pages."""


@dataclass
class Tx:
    person: str
    state: m.State = m.State.VERIFIED


@dataclass
class SamLedger(SamClient):
    policy: Policy
    clock: Callable[[], datetime]
    skew: timedelta = timedelta()
    failing: dict[str, type[errors.SamError]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    transactions: dict[str, Tx] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    released: list[m.Release] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        super().__init__(httpx.Client(transport=httpx.MockTransport(_no_network)))

    # --- the calls

    def quota_tag(self, call: m.QuotaTag) -> m.QuotaTagged:
        self._called("quota_tag")
        now = self.policy.period_of(self.clock() + self.skew)
        if call.policy != self.policy.id:
            raise errors.NoPolicyError
        if call.period != now.name:
            raise errors.PeriodOverError
        tag = self.tag(self._person(call), now.name)
        return m.QuotaTagged(tag=tag, period=now.name, ends_at=now.ends_at)

    def releases(self, since: int) -> m.Releases:
        self._called("releases")
        later = [release for release in self.released if release.number > since]
        return m.Releases(releases=tuple(later[:PAGE]))

    def status(self, tx: str) -> m.Status:
        self._called("status")
        if tx not in self.transactions:
            raise errors.UnknownTransactionError
        state = self.transactions[tx].state
        return m.Status(state=state, purpose=m.Purpose.SIGN, expires_at=self.clock())

    # --- what tests do to it

    def approval(self, person: str) -> str:
        """A verified approval for private use, by that person."""
        tx = secrets.token_urlsafe(24)
        self.transactions[tx] = Tx(person)
        return tx

    def handle(self, person: str) -> str:
        handle = secrets.token_urlsafe(32)
        self.handles[handle] = person
        return handle

    def release(self, tx: str, documents: int = 1) -> None:
        self.transactions[tx].state = m.State.SIGNED
        number = len(self.released) + 1
        self.released.append(
            m.Release(number=number, tx=tx, at=self.clock(), signatures=documents)
        )

    def tag(self, person: str, period: str) -> str:
        with self.lock:
            key = self.keys.setdefault(period, secrets.token_bytes(32))
        return hmac.new(key, person.encode(), hashlib.sha256).hexdigest()

    def destroy_keys(self) -> None:
        self.keys.clear()

    # --- what lies behind them

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failing:
            raise self.failing[name]("as the test wants it")

    def _person(self, call: m.QuotaTag) -> str:
        if call.handle is not None:
            if call.handle not in self.handles:
                raise errors.UnknownHandleError
            return self.handles[call.handle]
        tx = self.transactions.get(call.tx or "")
        if tx is None:
            raise errors.UnknownTransactionError
        if tx.state not in {m.State.VERIFIED, m.State.SIGNING}:
            raise errors.NotVerifiedError
        return tx.person


def _no_network(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"no such call in this test: {request.url}")
