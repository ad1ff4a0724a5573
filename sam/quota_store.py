"""Every SQL statement about quota keys; the promises of ``sam.store`` hold here too.

A row is *planned* before its key exists, *created* once the key was read back, and
*destroyed* once the key was proven gone. UNIQUE(policy, period) makes a second key for
one period impossible, also after the first was destroyed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from sam.owners import Owner, busy_elsewhere
from sam.periods import Period
from sam.schema import quota_keys
from sam.store import insert_once


def quota_key(connection: Connection, policy: str, period: str) -> Row[Any] | None:
    return connection.execute(
        select(quota_keys).where(
            quota_keys.c.policy == policy, quota_keys.c.period == period
        )
    ).first()


def plan(
    connection: Connection,
    key_id: bytes,
    *,
    policy: str,
    period: Period,
    owner: Owner,
    now: datetime,
) -> None:
    """Raises ``OnceOnlyError`` if the period has a key, or had one."""
    insert_once(
        connection,
        insert(quota_keys).values(
            key_id=key_id,
            policy=policy,
            period=period.name,
            owner=owner.name,
            epoch=owner.epoch,
            planned_at=now,
            ends_at=period.ends_at,
        ),
    )


def mark_created(connection: Connection, key_id: bytes, now: datetime) -> bool:
    """Planned → created; False if the plan was given up meanwhile."""
    moved = connection.execute(
        update(quota_keys)
        .where(quota_keys.c.key_id == key_id, quota_keys.c.created_at.is_(None))
        .values(created_at=now)
    )
    return moved.rowcount == 1


def mark_destroyed(connection: Connection, key_id: bytes, now: datetime) -> bool:
    moved = connection.execute(
        update(quota_keys)
        .where(quota_keys.c.key_id == key_id, quota_keys.c.destroyed_at.is_(None))
        .values(destroyed_at=now)
    )
    return moved.rowcount == 1


def drop_plan(connection: Connection, key_id: bytes) -> bool:
    """Of a key that was never used nothing needs to be remembered."""
    dropped = connection.execute(
        delete(quota_keys).where(
            quota_keys.c.key_id == key_id, quota_keys.c.created_at.is_(None)
        )
    )
    return dropped.rowcount == 1


def unneeded(connection: Connection, now: datetime, me: Owner) -> Sequence[Row[Any]]:
    """Keys of ended periods, and plans that nobody carries out: their owner is dead,
    or ``me`` between two calls."""
    abandoned = quota_keys.c.created_at.is_(None) & ~busy_elsewhere(
        quota_keys.c.owner, quota_keys.c.epoch, me
    )
    return connection.execute(
        select(quota_keys)
        .where(
            quota_keys.c.destroyed_at.is_(None),
            (quota_keys.c.ends_at <= now) | abandoned,
        )
        .order_by(quota_keys.c.ends_at)
    ).all()


def expected(connection: Connection) -> set[bytes]:
    """Ids of the keys that may be on the device."""
    return set(
        connection.scalars(
            select(quota_keys.c.key_id).where(quota_keys.c.destroyed_at.is_(None))
        )
    )
