"""The one row that says where the audit log and the releases have got to.

Whoever adds to either locks it, until the caller's commit: two processes never add to
the same record, and numbers have no gaps. It is locked last. Whatever else a commit
touches is touched before, and a commit that locked it touches only its own new rows
afterwards; so no two commits wait for each other.
"""

import contextlib
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from sam.schema import audit, heads, releases

GENESIS = bytes(32)
_THE_ROW = 1
_LOCKED = select(heads).with_for_update()
_ADVANCE_AUDIT = update(heads).values(
    audit_sequence=bindparam("sequence"), audit_hash=bindparam("hash")
)
_ADVANCE_RELEASE = update(heads).values(release_number=bindparam("number"))


def locked(connection: Connection) -> Row[Any]:
    """The row, as it is for as long as the caller's transaction lasts."""
    row = connection.execute(_LOCKED).first()
    if row is None:
        _make(connection)
        row = connection.execute(_LOCKED).one()
    return row


def advance_audit(connection: Connection, sequence: int, record_hash: bytes) -> None:
    """To be called while the row is ``locked``."""
    connection.execute(_ADVANCE_AUDIT, {"sequence": sequence, "hash": record_hash})


def next_release(connection: Connection) -> int:
    """One more than the last; the same again if the caller's commit fails."""
    number: int = locked(connection).release_number + 1
    connection.execute(_ADVANCE_RELEASE, {"number": number})
    return number


def _make(connection: Connection) -> None:
    """From what there is: nothing, or a log of before there was such a row."""
    last = connection.execute(
        select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc())
    ).first()
    released = connection.execute(select(func.max(releases.c.number))).scalar()
    with contextlib.suppress(IntegrityError), connection.begin_nested():
        connection.execute(
            insert(heads).values(
                id=_THE_ROW,
                audit_sequence=0 if last is None else last.sequence,
                audit_hash=GENESIS if last is None else last.hash,
                release_number=released or 0,
            )
        )
