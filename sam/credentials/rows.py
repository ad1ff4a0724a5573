"""Every SQL statement about credentials; the promises of ``sam.store`` hold here.

A row is written before its key exists and never reused. While it is ``making`` it has
no key, no MAC and no power; from then on it changes only by ``replace``, from the very
version that was read.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from sam.credentials import ledger
from sam.credentials.record import (
    POLICY,
    AlteredCredentialError,
    Credential,
    Keeper,
    State,
    opened,
)
from sam.messages import CredentialAlgorithm
from sam.messages import State as TxState
from sam.schema import credentials, transactions
from sam.store import ENDED, insert_once


class OvertakenError(Exception):
    """Another call changed the row in between; nothing was written."""

    code = "overtaken"


def plan(
    connection: Connection,
    credential_id: str,
    *,
    handle: str,
    signer_id: bytes,
    algorithm: CredentialAlgorithm,
    replaces: str | None,
    now: datetime,
) -> None:
    """Before the key. Raises ``OnceOnlyError`` if the handle has made one."""
    insert_once(
        connection,
        insert(credentials).values(
            credential_id=credential_id,
            handle_sha256=_sha256(handle),
            signer_id=signer_id,
            state=State.MAKING,
            algorithm=algorithm.value,
            policy=POLICY,
            created_at=now,
            replaces=replaces,
            version=0,
        ),
    )


def forget(connection: Connection, credential_id: str) -> bool:
    """What was planned and did not come to be."""
    gone = connection.execute(
        delete(credentials).where(
            credentials.c.credential_id == credential_id,
            credentials.c.state == State.MAKING,
        )
    )
    return gone.rowcount == 1


def forget_planned(connection: Connection, before: datetime) -> int:
    """Half-made ones whose maker cannot be at work any more."""
    gone = connection.execute(
        delete(credentials).where(
            credentials.c.state == State.MAKING, credentials.c.created_at < before
        )
    )
    return gone.rowcount


def replace(connection: Connection, credential: Credential, mac: bytes) -> None:
    """Write the next version, from the one before it; ``OvertakenError`` if it went."""
    moved = connection.execute(
        update(credentials)
        .where(
            credentials.c.credential_id == credential.credential_id,
            credentials.c.version == credential.version - 1,
        )
        .values(**credential.columns(), mac=mac)
    )
    if moved.rowcount != 1:
        raise OvertakenError


def of_handle(connection: Connection, handle: str) -> Row[Any] | None:
    """What this handle made, or is about to make."""
    return connection.execute(
        select(credentials).where(credentials.c.handle_sha256 == _sha256(handle))
    ).first()


def ids_of(connection: Connection, signer_id: bytes, limit: int) -> Sequence[str]:
    """The signer's credentials, the youngest first; half-made and deleted ones not."""
    return connection.scalars(
        select(credentials.c.credential_id)
        .where(
            credentials.c.signer_id == signer_id,
            credentials.c.state.not_in([State.MAKING, State.DELETED]),
        )
        .order_by(credentials.c.created_at.desc(), credentials.c.credential_id)
        .limit(limit)
    ).all()


def load(keeper: Keeper, credential_id: str) -> Credential | None:
    """The credential as this SAM last wrote it; None if it never made one.

    Raises ``AlteredCredentialError`` for a row that was changed, swapped or put back.
    """
    with keeper.database.begin() as connection:
        row = _row(connection, credential_id)
        newest = ledger.newest(connection, credential_id)
        ends = ledger.ends(connection)
    if row is None or row.state == State.MAKING:
        if newest is not None:
            raise AlteredCredentialError("a row is missing")
        return None
    credential = opened(keeper.device, row)
    ledger.require_newest(keeper, credential, newest, ends)
    return credential


def _row(connection: Connection, credential_id: str) -> Row[Any] | None:
    return connection.execute(
        select(credentials).where(credentials.c.credential_id == credential_id)
    ).first()


# --- one signing session at a time ----------------------------------------------------


def begin_session(connection: Connection, credential_id: str, tx: str) -> list[str]:
    """``tx`` is the credential's one session now; return those that it voids.

    Only what does not sign yet is voided (``store.begin_signing`` looks at the same
    column, so that of two sessions opened at a time one can sign).
    """
    connection.execute(
        update(credentials)
        .where(credentials.c.credential_id == credential_id)
        .values(current_tx=tx)
    )
    voided = connection.execute(
        update(transactions)
        .where(
            transactions.c.credential_id == credential_id,
            transactions.c.tx != tx,
            transactions.c.state.in_([TxState.OPEN, TxState.VERIFIED]),
        )
        .values(state=TxState.CLOSED, reason="superseded", **ENDED)
        .returning(transactions.c.tx)
    )
    return sorted(voided.scalars())


# --- wrapping keys --------------------------------------------------------------------


def wrapped_otherwise(connection: Connection, newest: bytes) -> Sequence[str]:
    """Credentials with a key that is not under the wrapping key ``newest``."""
    return connection.scalars(
        select(credentials.c.credential_id)
        .where(
            func.length(credentials.c.blob) > 0,
            credentials.c.wrapping_key != newest,
        )
        .order_by(credentials.c.credential_id)
    ).all()


def may_need_older_keys(connection: Connection) -> bool:
    """Whether a call may be under way that holds a blob under an older key."""
    making = select(credentials.c.credential_id).where(
        credentials.c.state == State.MAKING
    )
    signing = select(transactions.c.tx).where(
        transactions.c.state == TxState.SIGNING,
        transactions.c.credential_id.is_not(None),
    )
    return any(connection.execute(q.limit(1)).first() for q in (making, signing))


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
