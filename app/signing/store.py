"""Every statement over signing requests.

A state changes by one conditional UPDATE whose row count is 1, through ``move`` only.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from app.database import changed_rows
from app.signers.store import BrowserSession, Exchange
from app.signing.states import (
    BEFORE_SIGNING,
    TERMINAL,
    Event,
    IllegalTransitionError,
    State,
    next_state,
)
from app.signing.tables import Document, Handover, SigningRequest

BATCH: Final = 50


class RequestNotFoundError(Exception):
    """This browser has no such request."""

    code: ClassVar[str] = "request_not_found"


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


def by_id(db: Session, request_id: str | None) -> SigningRequest | None:
    """``None`` too for what belongs to no request."""
    return None if request_id is None else db.get(SigningRequest, request_id)


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


def set_labels(db: Session, request_id: str, labels: Iterable[tuple[str, str]]) -> None:
    """Label and code of each document in order, as the SAM gave them."""
    for position, (label, code) in enumerate(labels, start=1):
        _set(db, request_id, position, label=label, code=code)


def set_signed(db: Session, request_id: str, checksums: Iterable[str]) -> None:
    for position, checksum in enumerate(checksums, start=1):
        _set(db, request_id, position, signed=checksum)


def _set(db: Session, request_id: str, position: int, **values: Any) -> None:
    db.execute(
        update(Document)
        .where(Document.request_id == request_id)
        .where(Document.position == position)
        .values(**values)
    )


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
        .values(purged_at=now, signer_name=None)
    )
    db.execute(
        update(Document)
        .where(Document.request_id == request_id)
        .values(name="", label=None, earlier_signatures=[])
    )


def handover(db: Session, ticket_hash: str) -> Handover | None:
    return db.scalar(select(Handover).where(Handover.ticket_hash == ticket_hash))


def offered_handover(db: Session, request_id: str, now: datetime) -> Handover | None:
    """The newest ticket that could still be taken."""
    return db.scalar(
        select(Handover)
        .where(Handover.request_id == request_id)
        .where(Handover.taken_at.is_(None))
        .where(Handover.expires_at > now)
        .order_by(Handover.expires_at.desc())
        .limit(1)
    )


def take_over(db: Session, ticket: Handover, to_browser_id: str, now: datetime) -> bool:
    """The request changes its browser, once, while it waits in ``ready``.

    False: roll back, for one of the two may have been changed.
    """
    used = (
        update(Handover)
        .where(Handover.id == ticket.id)
        .where(Handover.taken_at.is_(None))
        .where(Handover.expires_at > now)
        .values(taken_at=now)
    )
    moved = (
        update(SigningRequest)
        .where(SigningRequest.id == ticket.request_id)
        .where(SigningRequest.browser_id == ticket.from_browser_id)
        .where(SigningRequest.state == State.READY)
        .values(browser_id=to_browser_id, changed_at=now)
    )
    return changed_rows(db, used) == 1 and changed_rows(db, moved) == 1


def handed_over(db: Session, request_id: str, from_browser_id: str) -> bool:
    """Whether this browser gave the request away."""
    return (
        db.scalar(
            select(Handover.id)
            .where(Handover.request_id == request_id)
            .where(Handover.from_browser_id == from_browser_id)
            .where(Handover.taken_at.is_not(None))
            .limit(1)
        )
        is not None
    )


def forget_browsers(db: Session, now: datetime) -> None:
    """Expired browser sessions that own no file any more, and all that is theirs."""
    owners = select(SigningRequest.browser_id).where(SigningRequest.purged_at.is_(None))
    db.execute(
        delete(BrowserSession)
        .where(BrowserSession.expires_at <= now)
        .where(BrowserSession.id.not_in(owners))
    )
