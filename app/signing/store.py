"""The signing request's table and every statement over it.

A state changes by one conditional UPDATE whose row count is 1, through ``move`` only.
"""

from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    String,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.database import Base, UtcDateTime, changed_rows
from app.signers.store import BrowserSession, Exchange
from app.signing.states import (
    BEFORE_SIGNING,
    TERMINAL,
    Event,
    IllegalTransitionError,
    State,
    next_state,
)

BATCH: Final = 50


class RequestNotFoundError(Exception):
    """This browser has no such request."""

    code: ClassVar[str] = "request_not_found"


class SigningRequest(Base):
    """One document that waits for one approval.

    ``prepared``, ``signed`` and ``evidence`` are SHA-256 in hex and name files
    (``signing.files``); ``sdr`` and ``sodr`` are digests in hex; ``byte_range`` is the
    prepared file's own. ``tx`` is the exchange under way, or the one that signed.
    """

    __tablename__ = "signing_requests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    browser_id: Mapped[str] = mapped_column(
        ForeignKey("browser_sessions.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(String(24), index=True)
    reason: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline: Mapped[datetime] = mapped_column(UtcDateTime)

    name: Mapped[str] = mapped_column(String(120))
    prepared: Mapped[str] = mapped_column(String(64))
    length: Mapped[int]
    original_length: Mapped[int]
    byte_range: Mapped[list[int]] = mapped_column(JSON)
    sdr: Mapped[str] = mapped_column(String(64))
    sodr: Mapped[str] = mapped_column(String(64))
    page_count: Mapped[int]
    findings: Mapped[list[str]] = mapped_column(JSON)

    tx: Mapped[str | None] = mapped_column(String(64))
    label: Mapped[str | None] = mapped_column(String(400))
    code: Mapped[str | None] = mapped_column(String(16))

    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deliver_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signer_name: Mapped[str | None] = mapped_column(String(400))
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    release: Mapped[int | None]
    signed: Mapped[str | None] = mapped_column(String(64))
    evidence: Mapped[str | None] = mapped_column(String(64))
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_open(self) -> bool:
        return State(self.state) not in TERMINAL


def owned(db: Session, request_id: str, browser_id: str) -> SigningRequest:
    """The browser's own request; another's is as unknown as one that never was."""
    request = db.scalar(
        select(SigningRequest)
        .where(SigningRequest.id == request_id)
        .where(SigningRequest.browser_id == browser_id)
    )
    if request is None:
        raise RequestNotFoundError(request_id)
    return request


def by_id(db: Session, request_id: str) -> SigningRequest | None:
    return db.get(SigningRequest, request_id)


def of_browser(db: Session, browser_id: str) -> list[SigningRequest]:
    """The browser's requests whose files are still there, newest first."""
    return list(
        db.scalars(
            select(SigningRequest)
            .where(SigningRequest.browser_id == browser_id)
            .where(SigningRequest.purged_at.is_(None))
            .order_by(SigningRequest.created_at.desc())
            .limit(BATCH)
        )
    )


def move(
    db: Session,
    request_id: str,
    state: State,
    event: Event,
    now: datetime,
    *,
    only_tx: str | None = None,
    **values: Any,
) -> State:
    """``state`` → what the table says, at most once; else ``IllegalTransitionError``.

    With ``only_tx``: only while that exchange is the request's current one. ``values``
    are columns of ``SigningRequest`` that change with the state.
    """
    to = next_state(state, event)
    change = (
        update(SigningRequest)
        .where(SigningRequest.id == request_id)
        .where(SigningRequest.state == state)
    )
    if only_tx is not None:
        change = change.where(SigningRequest.tx == only_tx)
    change = change.values(state=to, changed_at=now, **values)
    if changed_rows(db, change) != 1:
        raise IllegalTransitionError(f"{event}: no longer {state}")
    return to


def claim(db: Session, request_id: str, now: datetime, until: datetime) -> bool:
    """Take a delivery until ``until``; False while another process holds it."""
    change = (
        update(SigningRequest)
        .where(SigningRequest.id == request_id)
        .where(SigningRequest.state == State.SIGNING)
        .where(_unclaimed(now))
        .values(claimed_until=until, attempts=SigningRequest.attempts + 1)
    )
    return changed_rows(db, change) == 1


def reschedule(db: Session, request_id: str, due_at: datetime) -> None:
    """Give the claim back; the worker comes again at ``due_at``."""
    db.execute(
        update(SigningRequest)
        .where(SigningRequest.id == request_id)
        .where(SigningRequest.state == State.SIGNING)
        .values(due_at=due_at, claimed_until=None)
    )


def _unclaimed(now: datetime) -> ColumnElement[bool]:
    return or_(
        SigningRequest.claimed_until.is_(None), SigningRequest.claimed_until <= now
    )


def set_deliver_until(db: Session, request_id: str, until: datetime) -> None:
    db.execute(
        update(SigningRequest)
        .where(SigningRequest.id == request_id)
        .values(deliver_until=until)
    )


def past_deadline(db: Session, now: datetime) -> list[SigningRequest]:
    return list(
        db.scalars(
            select(SigningRequest)
            .where(SigningRequest.state.in_(BEFORE_SIGNING))
            .where(SigningRequest.deadline <= now)
            .limit(BATCH)
        )
    )


def with_expired_link(db: Session, before: datetime) -> list[SigningRequest]:
    return list(
        db.scalars(
            select(SigningRequest)
            .join(Exchange, Exchange.tx == SigningRequest.tx)
            .where(SigningRequest.state == State.AWAITING_WALLET)
            .where(Exchange.expires_at <= before)
            .limit(BATCH)
        )
    )


def with_old_approval(db: Session, before: datetime) -> list[SigningRequest]:
    return list(
        db.scalars(
            select(SigningRequest)
            .where(SigningRequest.state == State.AWAITING_CONFIRMATION)
            .where(SigningRequest.changed_at <= before)
            .limit(BATCH)
        )
    )


def due_deliveries(db: Session, now: datetime) -> list[str]:
    return list(
        db.scalars(
            select(SigningRequest.id)
            .where(SigningRequest.state == State.SIGNING)
            .where(SigningRequest.due_at <= now)
            .where(_unclaimed(now))
            .limit(BATCH)
        )
    )


def to_purge(db: Session, before: datetime) -> list[str]:
    return list(
        db.scalars(
            select(SigningRequest.id)
            .where(SigningRequest.state.in_(TERMINAL))
            .where(SigningRequest.purged_at.is_(None))
            .where(SigningRequest.changed_at <= before)
            .limit(BATCH)
        )
    )


def mark_purged(db: Session, request_id: str, now: datetime) -> None:
    db.execute(
        update(SigningRequest)
        .where(SigningRequest.id == request_id)
        .values(purged_at=now, name="", label=None, signer_name=None)
    )


def forget_browsers(db: Session, now: datetime) -> None:
    """Expired browser sessions that own no file any more, and all that is theirs."""
    owners = select(SigningRequest.browser_id).where(SigningRequest.purged_at.is_(None))
    db.execute(
        delete(BrowserSession)
        .where(BrowserSession.expires_at <= now)
        .where(BrowserSession.id.not_in(owners))
    )
