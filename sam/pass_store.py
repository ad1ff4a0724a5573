"""Every SQL statement about signing passes; the promises of ``sam.store`` hold here.

A pass is never deleted: its key may hold no other, and its place in a status list is
nobody else's. It is taken back once, and never given back.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from sam.schema import passes
from sam.store import insert_once

ALL: Final = None
"""In the place of a ``pass_id``: every pass of the signer."""


def add_pass(connection: Connection, handle: str, **values: object) -> None:
    """Raises ``OnceOnlyError`` if the handle has a pass, or key or place is taken."""
    insert_once(
        connection, insert(passes).values(handle_sha256=_sha256(handle), **values)
    )


def pass_of_handle(connection: Connection, handle: str) -> Row[Any] | None:
    return connection.execute(
        select(passes).where(passes.c.handle_sha256 == _sha256(handle))
    ).first()


def pass_by_id(connection: Connection, pass_id: str) -> Row[Any] | None:
    return connection.execute(select(passes).where(passes.c.pass_id == pass_id)).first()


def issued_to(row: Row[Any], handle: str) -> bool:
    """Whether this pass came of this very identification."""
    issued: bytes = row.handle_sha256
    return issued == _sha256(handle)


def passes_of(connection: Connection, signer_id: bytes, limit: int) -> Sequence[Any]:
    """The signer's latest passes, the youngest first."""
    return connection.execute(
        select(passes)
        .where(passes.c.signer_id == signer_id)
        .order_by(passes.c.issued_at.desc(), passes.c.pass_id)
        .limit(limit)
    ).all()


def revoke(
    connection: Connection, signer_id: bytes, pass_id: str | None, now: datetime
) -> Sequence[str]:
    """Take back one pass of this signer, or ``ALL``; return those this call took.

    Only what could still be used is taken, and only once.
    """
    mine = update(passes).where(
        passes.c.signer_id == signer_id,
        passes.c.revoked_at.is_(None),
        passes.c.expires_at > now,
    )
    if pass_id is not ALL:
        mine = mine.where(passes.c.pass_id == pass_id)
    taken = connection.execute(mine.values(revoked_at=now).returning(passes.c.pass_id))
    return sorted(taken.scalars())


# --- places in status lists -----------------------------------------------------------


def newest_list(connection: Connection) -> tuple[int, int]:
    """The highest list in use and how many places of it are taken; (1, 0) at first."""
    newest = connection.execute(select(func.max(passes.c.status_list))).scalar() or 1
    taken = select(func.count()).where(passes.c.status_list == newest)
    return newest, connection.execute(taken).scalar_one()


def is_taken(connection: Connection, number: int, index: int) -> bool:
    place = select(passes.c.pass_id).where(
        passes.c.status_list == number, passes.c.status_index == index
    )
    return connection.execute(place).first() is not None


def revoked_places(connection: Connection, number: int) -> Sequence[int]:
    """The places of one list whose pass was taken back."""
    return connection.scalars(
        select(passes.c.status_index).where(
            passes.c.status_list == number, passes.c.revoked_at.is_not(None)
        )
    ).all()


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
