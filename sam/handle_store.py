"""Handles and nonces: what may be used for a while, or once, kept as SHA-256 only.

The same promises as ``sam.store``: whoever calls holds the database transaction.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from sam.messages import Grant
from sam.schema import handles, used_nonces
from sam.store import Identity, insert_once

_HANDLE = select(handles).where(
    handles.c.handle_sha256 == bindparam("handle"),
    handles.c.expires_at > bindparam("now"),
)


def add_handle(
    connection: Connection,
    handle: str,
    *,
    tx: str,
    identity: Identity,
    grants: Sequence[str],
    expires_at: datetime,
) -> None:
    """The subject stays with it only where a certificate may come of it."""
    connection.execute(
        insert(handles).values(
            handle_sha256=_sha256(handle),
            tx=tx,
            signer_id=identity.signer_id,
            pid_key_thumbprint=identity.key_thumbprint,
            grants=list(grants),
            expires_at=expires_at,
            subject=identity.subject if Grant.CREDENTIAL in grants else None,
        )
    )


def handle_row(connection: Connection, handle: str, now: datetime) -> Row[Any] | None:
    known = {"handle": _sha256(handle), "now": now}
    return connection.execute(_HANDLE, known).first()


def end_handle(connection: Connection, tx: str, now: datetime) -> None:
    """What identification ``tx`` yielded, if it did, is of no more use."""
    connection.execute(
        update(handles)
        .where(handles.c.tx == tx, handles.c.expires_at > now)
        .values(expires_at=now)
    )


def use_nonce(connection: Connection, nonce: str, expires_at: datetime) -> None:
    """Raises ``OnceOnlyError`` the second time."""
    insert_once(
        connection,
        insert(used_nonces).values(nonce_sha256=_sha256(nonce), expires_at=expires_at),
    )


def forget_spent(connection: Connection, now: datetime) -> None:
    """Nonces and handles past their end: refused by their time alone from here on."""
    for table in (used_nonces, handles):
        connection.execute(delete(table).where(table.c.expires_at <= now))


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
