"""Who signs: a process under a name and an epoch, alive while its lease lasts.

A name belongs to one place (state directory and number there); each start under it
gets the next epoch, which makes every earlier one a dead owner's. A lease is taken
when work begins that others must not touch, kept while it goes on, and never revived
in the midst of it: whoever slept past it finds that out before anything is released.

Leases are counted by the database's clock alone. Clocks of hosts differ, and one that
was stopped does not know for how long.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    exists,
    insert,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from sam.schema import owners


@dataclass(frozen=True, slots=True)
class Owner:
    """One process from its start to its end."""

    name: str
    epoch: int


class DatabaseNow(FunctionElement[int]):
    """Milliseconds since 1970 on the database's clock when the row is looked at, not
    when the transaction began: that may be long ago."""

    inherit_cache = True
    type = BigInteger()


@compiles(DatabaseNow, "postgresql")
def _now_in_postgresql(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


@compiles(DatabaseNow, "sqlite")
def _now_in_sqlite(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


def register(connection: Connection, name: str, lease: timedelta) -> Owner:
    """The next epoch of ``name``; whoever had an earlier one is no owner any more."""
    epoch = _next_epoch(connection, name, lease)
    if epoch is None:
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(owners).values(owner=name, epoch=0, lease_until=0)
                )
        except IntegrityError:  # another start under this name came first
            pass
        epoch = _next_epoch(connection, name, lease)
    if epoch is None:
        raise LookupError(name)
    return Owner(name, epoch)


def _next_epoch(connection: Connection, name: str, lease: timedelta) -> int | None:
    epoch: int | None = connection.execute(
        update(owners)
        .where(owners.c.owner == name)
        .values(epoch=owners.c.epoch + 1, lease_until=_end_of(lease))
        .returning(owners.c.epoch)
    ).scalar()
    return epoch


def take(connection: Connection, owner: Owner, lease: timedelta) -> bool:
    """Begin a lease; False if another process has the name by now."""
    taken = connection.execute(
        update(owners).where(_is(owner)).values(lease_until=_end_of(lease))
    )
    return taken.rowcount == 1


def keep(connection: Connection, owner: Owner, lease: timedelta) -> bool:
    """Make a lease longer that has not ended; False if it has."""
    kept = connection.execute(
        update(owners)
        .where(_is(owner), owners.c.lease_until > DatabaseNow())
        .values(lease_until=_end_of(lease))
    )
    return kept.rowcount == 1


def alive(name: Column[Any], epoch: Column[Any]) -> ColumnElement[bool]:
    """Whether the owner that a row names, by these columns, has a lease now."""
    return exists().where(
        owners.c.owner == name,
        owners.c.epoch == epoch,
        owners.c.lease_until > DatabaseNow(),
    )


def busy_elsewhere(
    name: Column[Any], epoch: Column[Any], me: Owner
) -> ColumnElement[bool]:
    """The same of another owner than ``me``. Asked between two calls: what has my
    own name then is left over, whatever my lease says."""
    return alive(name, epoch) & ((name != me.name) | (epoch != me.epoch))


def _is(owner: Owner) -> ColumnElement[bool]:
    return (owners.c.owner == owner.name) & (owners.c.epoch == owner.epoch)


def _end_of(lease: timedelta) -> ColumnElement[int]:
    return DatabaseNow() + lease // timedelta(milliseconds=1)
