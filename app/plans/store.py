"""Tables of the free tier and every statement over them.

A tag is the SAM's keyed digest of a signer for one policy and one period (64 hex). It
stands here while its period lasts and nowhere else: totals have none.

Rows are taken in one order, on every path: mark, reservation, counter, total. So no
two transactions wait for each other.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Index, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, UtcDateTime

BATCH: Final = 50
_INSERT: Final[dict[str, Any]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


class State(StrEnum):
    """A reservation: reserved → charged once released; either → returned."""

    RESERVED = "reserved"
    CHARGED = "charged"
    RETURNED = "returned"


class Counter(Base):
    """Documents of one tag: ``used`` with those reserved, ``charged`` as released."""

    __tablename__ = "free_tier_counters"

    policy: Mapped[str] = mapped_column(String(64), primary_key=True)
    period: Mapped[str] = mapped_column(String(16), primary_key=True)
    tag: Mapped[str] = mapped_column(String(64), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used: Mapped[int] = mapped_column(default=0)
    charged: Mapped[int] = mapped_column(default=0)


class Reservation(Base):
    """What one transaction of the SAM holds; no ``tag`` once it is returned or old."""

    __tablename__ = "free_tier_reservations"
    __table_args__ = (Index("ix_free_tier_reservations_state_at", "state", "at"),)

    tx: Mapped[str] = mapped_column(String(64), primary_key=True)
    policy: Mapped[str] = mapped_column(String(64))
    period: Mapped[str] = mapped_column(String(16))
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    tag: Mapped[str | None] = mapped_column(String(64))
    documents: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Total(Base):
    """What a period came to: no tag, no transaction."""

    __tablename__ = "free_tier_totals"

    policy: Mapped[str] = mapped_column(String(64), primary_key=True)
    period: Mapped[str] = mapped_column(String(16), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    persons: Mapped[int] = mapped_column(default=0)
    documents: Mapped[int] = mapped_column(default=0)


class Mark(Base):
    """The one row that says up to which release number usage is settled."""

    __tablename__ = "free_tier_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    release: Mapped[int] = mapped_column(default=0)
