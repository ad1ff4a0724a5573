"""Every SQL statement about trust lists; the promises of ``sam.store`` hold here too.

A row belongs to the source of that name and URI. A list gives way only if it is still
the one that the newcomer was compared with.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from sam.schema import trust_lists
from sam.store import OnceOnlyError, insert_once

_ALL_BUT_CONTENT = [c for c in trust_lists.c if c.name != "content"]


def rows(connection: Connection) -> Mapping[tuple[str, str], Row[Any]]:
    """Source and URI → its row, without the content."""
    found = connection.execute(select(*_ALL_BUT_CONTENT)).all()
    return {(row.source, row.uri): row for row in found}


def content(connection: Connection, source: str, sha256: bytes) -> bytes | None:
    found: bytes | None = connection.execute(
        select(trust_lists.c.content).where(
            trust_lists.c.source == source, trust_lists.c.content_sha256 == sha256
        )
    ).scalar()
    return found


def keep(
    connection: Connection,
    source: str,
    uri: str,
    *,
    instead_of: bytes | None,
    **values: object,
) -> bool:
    """False if another list than ``instead_of`` (its SHA-256) is held by now."""
    row = _of(connection, source, uri)
    if row is None:
        return _added(connection, source, uri, values)
    moved = connection.execute(
        update(trust_lists)
        .where(
            trust_lists.c.source == source,
            trust_lists.c.content_sha256.is_not_distinct_from(instead_of),
        )
        .values(**values)
    )
    return moved.rowcount == 1


def note_problem(
    connection: Connection, source: str, uri: str, code: str, at: datetime
) -> None:
    """Remember why the last one handed over was refused, and since when."""
    row = _of(connection, source, uri)
    values = {"problem": code, "problem_at": at}
    if row is None:
        _added(connection, source, uri, values)
    elif row.problem != code:
        connection.execute(
            update(trust_lists).where(trust_lists.c.source == source).values(**values)
        )


def _added(
    connection: Connection, source: str, uri: str, values: Mapping[str, object]
) -> bool:
    """False if another process added one this moment."""
    row = insert(trust_lists).values(source=source, uri=uri, **values)
    try:
        insert_once(connection, row)
    except OnceOnlyError:
        return False
    return True


def forget_all_but(connection: Connection, sources: Sequence[str]) -> None:
    """Drop what the operator's file names no more."""
    connection.execute(delete(trust_lists).where(trust_lists.c.source.not_in(sources)))


def _of(connection: Connection, source: str, uri: str) -> Row[Any] | None:
    """The source's row; one of another URI is another list's, and goes."""
    connection.execute(
        delete(trust_lists).where(
            trust_lists.c.source == source, trust_lists.c.uri != uri
        )
    )
    row: Row[Any] | None = connection.execute(
        select(*_ALL_BUT_CONTENT).where(trust_lists.c.source == source)
    ).first()
    return row
