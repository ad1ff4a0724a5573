"""Every SQL statement about kept files; the promises of ``sam.store`` hold here too.

A row is *wanted* from its first reference on and *held* once a file was kept. A held
file gives way only to one that was issued no earlier.
"""

import contextlib
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from sam.schema import kept_files
from sam.store import OnceOnlyError, insert_once
from sam.trust.categories import Category

_ALL_BUT_CONTENT = [c for c in kept_files.c if c.name != "content"]


def file_id(
    kind: str,
    uri: str,
    trust_point: bytes | None,
    category: Category = Category.PID_PROVIDERS,
) -> bytes:
    parts = [kind.encode(), uri.encode(), trust_point or b""]
    if category is not Category.PID_PROVIDERS:  # theirs are older than categories
        parts.append(category.encode())
    return hashlib.sha256(
        b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    ).digest()


def want(
    connection: Connection,
    kind: str,
    uri: str,
    trust_point: bytes | None,
    *,
    category: Category,
    day: datetime,
    at_most: int,
) -> Row[Any]:
    """The row, made if it is new; then the one longest unwanted goes for it."""
    wanted = file_id(kind, uri, trust_point, category)
    row = _row(connection, wanted)
    if row is None:
        _make_room(connection, at_most - 1)
        added = insert(kept_files).values(
            file_id=wanted,
            kind=kind,
            uri=uri,
            category=category,
            trust_point=trust_point,
            wanted_at=day,
        )
        with contextlib.suppress(OnceOnlyError):  # another process wants it too
            insert_once(connection, added)
    elif row.wanted_at < day:
        connection.execute(
            update(kept_files)
            .where(kept_files.c.file_id == wanted)
            .values(wanted_at=day)
        )
    return connection.execute(_rows().where(kept_files.c.file_id == wanted)).one()


def wanted(
    connection: Connection, kind: str | None = None, uri: str | None = None
) -> Sequence[Row[Any]]:
    """Every row, or those for one URI (one per trust point); without contents."""
    rows = _rows().order_by(kept_files.c.uri, kept_files.c.file_id)
    if uri is not None:
        rows = rows.where(kept_files.c.kind == kind, kept_files.c.uri == uri)
    return connection.execute(rows).all()


def content(connection: Connection, wanted: bytes) -> bytes | None:
    found: bytes | None = connection.execute(
        select(kept_files.c.content).where(kept_files.c.file_id == wanted)
    ).scalar()
    return found


def keep(
    connection: Connection, wanted: bytes, *, issued_at: datetime, **values: object
) -> bool:
    """False if the file held was issued later, or is wanted no more."""
    moved = connection.execute(
        update(kept_files)
        .where(
            kept_files.c.file_id == wanted,
            kept_files.c.issued_at.is_(None) | (kept_files.c.issued_at <= issued_at),
        )
        .values(issued_at=issued_at, **values)
    )
    return moved.rowcount == 1


def forget(connection: Connection, *, unwanted_since: datetime) -> None:
    connection.execute(
        delete(kept_files).where(kept_files.c.wanted_at < unwanted_since)
    )


def _rows() -> Any:
    return select(*_ALL_BUT_CONTENT)


def _row(connection: Connection, wanted: bytes) -> Row[Any] | None:
    row: Row[Any] | None = connection.execute(
        _rows().where(kept_files.c.file_id == wanted)
    ).first()
    return row


def _make_room(connection: Connection, at_most: int) -> None:
    count = connection.execute(select(func.count()).select_from(kept_files))
    if (surplus := count.scalar_one() - at_most) > 0:
        oldest = (
            select(kept_files.c.file_id)
            .order_by(kept_files.c.wanted_at, kept_files.c.file_id)
            .limit(surplus)
        )
        ids = connection.scalars(oldest).all()
        connection.execute(delete(kept_files).where(kept_files.c.file_id.in_(ids)))
