"""Statements over the exchanges that belong to no request."""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.signers.store import Exchange
from sam import messages as m

ALONE: Final = m.Purpose.IDENTIFY_ALONE


def latest(db: Session, browser_id: str) -> Exchange | None:
    return db.scalar(
        select(Exchange)
        .where(Exchange.browser_id == browser_id)
        .where(Exchange.purpose == ALONE)
        .order_by(Exchange.opened_at.desc())
        .limit(1)
    )


def forget(db: Session, opened_before: datetime) -> None:
    db.execute(
        delete(Exchange)
        .where(Exchange.purpose == ALONE)
        .where(Exchange.opened_at < opened_before)
    )
