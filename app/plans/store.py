"""Tables of the free tier and every statement over them.

A tag is the SAM's keyed digest of a signer for one policy and one period (64 hex). It
stands here while its period lasts and nowhere else: totals have none.

Rows are taken in one order, on every path: mark, reservation, counter, total. So no
two transactions wait for each other.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Index,
    String,
    and_,
    delete,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.database import Base, UtcDateTime, changed_rows

BATCH: Final = 50
MARK: Final = 1
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


# --- reserve and give back


def reservation(db: Session, tx: str) -> Reservation | None:
    return db.get(Reservation, tx)


def hold(db: Session, wanted: Reservation) -> bool:
    """Insert it, or take a returned one of the same tx up again; False: already held.

    Waits for whoever is inserting the same tx, so that one of them is told True.
    """
    values = _values(wanted)
    if _insert_if_new(db, Reservation, **values):
        return True
    again = (
        update(Reservation)
        .where(Reservation.tx == wanted.tx)
        .where(Reservation.state == State.RETURNED)
        .values(**values)
    )
    return changed_rows(db, again) == 1


def count(db: Session, held: Reservation, cap: int | None) -> bool:
    """Add the reservation's documents unless that passes ``cap``."""
    _insert_if_new(
        db,
        Counter,
        policy=held.policy,
        period=held.period,
        tag=held.tag,
        ends_at=held.ends_at,
        used=0,
        charged=0,
    )
    change = (
        update(Counter)
        .where(_counter_of(held))
        .values(used=Counter.used + held.documents)
    )
    if cap is not None:
        change = change.where(Counter.used + held.documents <= cap)
    return changed_rows(db, change) == 1


def used(db: Session, policy: str, period: str, tag: str) -> int:
    counter = db.get(Counter, (policy, period, tag))
    return 0 if counter is None else counter.used


def give_back(db: Session, tx: str) -> bool:
    """Reserved or charged → returned; False when there is nothing to return."""
    held = _locked(db, tx)
    if held is None or held.state == State.RETURNED:
        return False
    if not _move(db, held, State.RETURNED, tag=None):
        return False
    change = {"used": Counter.used - held.documents}
    if held.state == State.CHARGED:
        change["charged"] = Counter.charged - held.documents
    left = _change_counter(db, held, change)
    if held.state == State.CHARGED:
        _add_to_total(db, held, -held.documents, persons=-1 if left == 0 else 0)
    return True


# --- settle


def settled_up_to(db: Session) -> int:
    return db.scalars(select(Mark.release)).one()


def advance(db: Session, number: int) -> None:
    """Move the mark forward to ``number``, never back."""
    db.execute(
        update(Mark)
        .where(Mark.id == MARK)
        .where(Mark.release < number)
        .values(release=number)
    )


def reserved_among(db: Session, txs: Collection[str]) -> set[str]:
    found = db.scalars(
        select(Reservation.tx)
        .where(Reservation.tx.in_(txs))
        .where(Reservation.state == State.RESERVED)
    )
    return set(found)


def charge(db: Session, tx: str) -> bool:
    """Reserved → charged, once; the first charge of a period adds the person."""
    held = _locked(db, tx)
    if held is None or held.state != State.RESERVED:
        return False
    if not _move(db, held, State.CHARGED, tag=held.tag):
        return False
    change = {"charged": Counter.charged + held.documents}
    charged = _change_counter(db, held, change)
    first = charged == held.documents
    _add_to_total(db, held, held.documents, persons=1 if first else 0)
    return True


def held_since(db: Session, before: datetime) -> list[str]:
    return list(
        db.scalars(
            select(Reservation.tx)
            .where(Reservation.state == State.RESERVED)
            .where(Reservation.at <= before)
            .order_by(Reservation.at)
            .limit(BATCH)
        )
    )


# --- forget and report


def forget_tags(db: Session, now: datetime) -> None:
    """Nothing of an ended period names anybody afterwards."""
    # One at a time: the rows of a period are taken in no particular order.
    db.execute(update(Mark).where(Mark.id == MARK).values(release=Mark.release))
    db.execute(
        update(Reservation)
        .where(Reservation.ends_at <= now)
        .where(Reservation.tag.is_not(None))
        .values(tag=None)
    )
    db.execute(delete(Counter).where(Counter.ends_at <= now))


def forget_reservations(db: Session, ended_before: datetime) -> None:
    db.execute(
        delete(Reservation)
        .where(Reservation.ends_at <= ended_before)
        .where(Reservation.state != State.RESERVED)
    )


def ended_totals(
    db: Session, policy: str, now: datetime, *, persons: int, limit: int
) -> Sequence[Total]:
    """Periods that are over and that at least ``persons`` used, the newest first."""
    return db.scalars(
        select(Total)
        .where(Total.policy == policy)
        .where(Total.ends_at <= now)
        .where(Total.persons >= persons)
        .order_by(Total.ends_at.desc())
        .limit(limit)
    ).all()


def _values(wanted: Reservation) -> dict[str, Any]:
    columns = Reservation.__table__.columns.keys()
    return {name: getattr(wanted, name) for name in columns}


def _insert_if_new(db: Session, table: type[Base], **values: Any) -> bool:
    insert = _INSERT[db.get_bind().dialect.name]
    statement = insert(table).values(**values).on_conflict_do_nothing()
    # By a returned row: the row count of an INSERT is not kept for PostgreSQL.
    return db.execute(statement.returning(literal(1))).first() is not None


def _counter_of(held: Reservation) -> ColumnElement[bool]:
    return and_(
        Counter.policy == held.policy,
        Counter.period == held.period,
        Counter.tag == held.tag,
    )


def _locked(db: Session, tx: str) -> Reservation | None:
    return db.get(Reservation, tx, with_for_update=True)


def _move(db: Session, held: Reservation, to: State, *, tag: str | None) -> bool:
    """From the state in which ``held`` was read; ``held`` itself stays as it was."""
    change = (
        update(Reservation)
        .where(Reservation.tx == held.tx)
        .where(Reservation.state == held.state)
        .values(state=to, tag=tag)
        .execution_options(synchronize_session=False)
    )
    return changed_rows(db, change) == 1


def _change_counter(
    db: Session, held: Reservation, change: dict[str, ColumnElement[int]]
) -> int | None:
    """What is charged to the tag now; ``None`` when its period has been forgotten."""
    return db.scalar(
        update(Counter)
        .where(_counter_of(held))
        .values(change)
        .returning(Counter.charged)
    )


def _add_to_total(
    db: Session, held: Reservation, documents: int, *, persons: int
) -> None:
    key = {"policy": held.policy, "period": held.period}
    _insert_if_new(db, Total, **key, ends_at=held.ends_at, persons=0, documents=0)
    db.execute(
        update(Total)
        .filter_by(**key)
        .values(persons=Total.persons + persons, documents=Total.documents + documents)
    )
