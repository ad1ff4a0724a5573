"""The SQL statements of transactions, keys and releases, and the promise behind each.

A state moves only by a conditional UPDATE whose row count is 1; the caller gets a bool
that says whether *this* call moved it. The caller also holds the database transaction
(``sam.database``), and spans no network or HSM call with it.

What every signature runs is put together once, here at the top: building a statement
takes longer than running it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    bindparam,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from sam import heads
from sam.messages import Purpose, State
from sam.owners import Owner, alive, busy_elsewhere
from sam.schema import (
    credentials,
    documents,
    key_plans,
    passes,
    releases,
    transactions,
)

# What is emptied when a transaction ends: keys and personal data.
ENDED: dict[str, object] = {
    "protocol": None,
    "subject": None,
    "display_name": None,
    "match_rules": [],
}

_TRANSACTION = select(transactions).where(transactions.c.tx == bindparam("tx"))
_ADD_TRANSACTION = insert(transactions)
_DOCUMENTS = (
    select(documents)
    .where(documents.c.tx == bindparam("tx"))
    .order_by(documents.c.position)
)
_ADD_DOCUMENT = insert(documents)
_KEEP_REQUEST_OBJECT = (
    update(transactions)
    .where(transactions.c.tx == bindparam("of"), transactions.c.state == State.OPEN)
    .values(request_object=bindparam("request_object"))
)
_PLAN_KEY = insert(key_plans)
_END_KEY = (
    update(key_plans)
    .where(key_plans.c.key_id == bindparam("key"))
    .values(ended=bindparam("ended"))
)
_RECORD_INTENT = (
    update(documents)
    .where(documents.c.tx == bindparam("of"), documents.c.position == bindparam("at"))
    .values(dtbsr=bindparam("dtbsr"))
)
_ADD_RELEASE = insert(releases)


class OnceOnlyError(Exception):
    """A row that may exist once exists already."""

    code = "once_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a verified PID says is there. ``subject``: DER Name of a certificate."""

    signer_id: bytes
    display_name: str
    subject: bytes
    provider: str
    key_thumbprint: str
    presentation_sha256: bytes


# --- transactions ---------------------------------------------------------------


def add_transaction(
    connection: Connection,
    values: Mapping[str, object],
    listed: Sequence[Mapping[str, object]] = (),
) -> None:
    connection.execute(_ADD_TRANSACTION, {"state": State.OPEN, "refusals": 0, **values})
    if listed:
        rows = [
            {"tx": values["tx"], "position": position, **document}
            for position, document in enumerate(listed)
        ]
        connection.execute(_ADD_DOCUMENT, rows)


def transaction(connection: Connection, tx: str) -> Row[Any] | None:
    return connection.execute(_TRANSACTION, {"tx": tx}).first()


def documents_of(connection: Connection, tx: str) -> Sequence[Row[Any]]:
    return connection.execute(_DOCUMENTS, {"tx": tx}).all()


def keep_request_object(connection: Connection, tx: str, request_object: str) -> None:
    """The request as last served; evidence, not a state."""
    connection.execute(
        _KEEP_REQUEST_OBJECT, {"of": tx, "request_object": request_object}
    )


def count_refusal(connection: Connection, tx: str) -> int:
    count: int = connection.execute(
        update(transactions)
        .where(transactions.c.tx == tx)
        .values(refusals=transactions.c.refusals + 1)
        .returning(transactions.c.refusals)
    ).scalar_one()
    return count


def mark_verified(
    connection: Connection,
    tx: str,
    *,
    answer: bytes,
    identity: Identity,
    now: datetime,
    **values: object,
) -> bool:
    """OPEN → VERIFIED, by exactly one of all answers; the response key goes."""
    return mark_answered(
        connection,
        tx,
        answer=answer,
        now=now,
        signer_id=identity.signer_id,
        display_name=identity.display_name,
        subject=identity.subject,
        pid_provider=identity.provider,
        pid_presentation_sha256=identity.presentation_sha256,
        **values,
    )


def mark_answered(
    connection: Connection, tx: str, *, answer: bytes, now: datetime, **values: object
) -> bool:
    """The same with nobody known as a signer by it."""
    moved = connection.execute(
        update(transactions)
        .where(
            transactions.c.tx == tx,
            transactions.c.state == State.OPEN,
            transactions.c.expires_at > now,
        )
        .values(
            state=State.VERIFIED,
            protocol=None,
            answer_sha256=hashlib.sha256(answer).digest(),
            verified_at=now,
            **values,
        )
    )
    return moved.rowcount == 1


def close(connection: Connection, tx: str, reason: str) -> bool:
    """OPEN, VERIFIED → CLOSED; a transaction that signs or has ended stays."""
    moved = connection.execute(
        update(transactions)
        .where(
            transactions.c.tx == tx,
            transactions.c.state.in_([State.OPEN, State.VERIFIED]),
        )
        .values(state=State.CLOSED, reason=reason, **ENDED)
    )
    return moved.rowcount == 1


def begin_signing(
    connection: Connection, tx: str, *, owner: Owner, approved_after: datetime
) -> bool:
    """VERIFIED → SIGNING, at most once; the approval's deadline and its pass are looked
    at in the same statement; durable before any key exists."""
    taken_back = exists().where(
        passes.c.pass_id == transactions.c.pass_id, passes.c.revoked_at.is_not(None)
    )
    moved = connection.execute(
        update(transactions)
        .where(
            transactions.c.tx == tx,
            transactions.c.purpose == Purpose.SIGN,
            transactions.c.state == State.VERIFIED,
            transactions.c.verified_at > approved_after,
            ~taken_back,
            _no_credential() | _active_credential(credentials.c.current_tx),
        )
        .values(state=State.SIGNING, owner=owner.name, epoch=owner.epoch)
    )
    return moved.rowcount == 1


def _no_credential() -> ColumnElement[bool]:
    return transactions.c.credential_id.is_(None)


def _active_credential(
    session: ColumnElement[str] | None = None,
) -> ColumnElement[bool]:
    """``session``: the column that has to name the transaction, too."""
    found = exists().where(
        credentials.c.credential_id == transactions.c.credential_id,
        credentials.c.state == "active",
    )
    return found if session is None else found.where(session == transactions.c.tx)


def lock(connection: Connection, tx: str) -> None:
    """Wait for whoever is about to move it, before the heads are locked."""
    connection.execute(
        select(transactions.c.tx).where(transactions.c.tx == tx).with_for_update()
    )


def record_result(
    connection: Connection, tx: str, *, owner: Owner, result: str
) -> bool:
    """SIGNING → SIGNED, by the owner that began it, only while its lease lasts;
    and not with a credential that ended in between."""
    moved = connection.execute(
        _end_of_signing(tx, owner)
        .where(
            alive(transactions.c.owner, transactions.c.epoch),
            _no_credential() | _active_credential(),
        )
        .values(state=State.SIGNED, result=result)
    )
    return moved.rowcount == 1


def fail(connection: Connection, tx: str, *, owner: Owner, reason: str) -> bool:
    """SIGNING → FAILED: nothing was released and nothing ever will be."""
    moved = connection.execute(
        _end_of_signing(tx, owner).values(state=State.FAILED, reason=reason)
    )
    return moved.rowcount == 1


def _end_of_signing(tx: str, owner: Owner) -> Update:
    return (
        update(transactions)
        .where(
            transactions.c.tx == tx,
            transactions.c.state == State.SIGNING,
            transactions.c.owner == owner.name,
            transactions.c.epoch == owner.epoch,
        )
        .values(**ENDED)
    )


def left_signing(connection: Connection, me: Owner) -> Sequence[tuple[str, Owner]]:
    """What is SIGNING and whose; its owner is dead, or ``me`` between two calls."""
    owner, epoch = transactions.c.owner, transactions.c.epoch
    rows = connection.execute(
        select(transactions.c.tx, owner, epoch).where(
            transactions.c.state == State.SIGNING, ~busy_elsewhere(owner, epoch, me)
        )
    )
    return [(row.tx, Owner(row.owner, row.epoch)) for row in rows]


def expired(connection: Connection, *, now: datetime, window: timedelta) -> list[str]:
    """OPEN past its end, or VERIFIED past the time an approval may wait."""
    rows = connection.execute(
        select(transactions.c.tx).where(
            ((transactions.c.state == State.OPEN) & (transactions.c.expires_at <= now))
            | (
                (transactions.c.state == State.VERIFIED)
                & (transactions.c.verified_at <= now - window)
            )
        )
    )
    return list(rows.scalars())


# --- the key's life ---------------------------------------------------------------


def plan_key(
    connection: Connection, tx: str, key_id: bytes, *, owner: Owner, now: datetime
) -> None:
    """Written before generation: no key on the device is without its row."""
    plan = {"key_id": key_id, "tx": tx, "owner": owner.name, "planned_at": now}
    connection.execute(_PLAN_KEY, plan)


def end_key(connection: Connection, key_id: bytes, how: str) -> None:
    connection.execute(_END_KEY, {"key": key_id, "ended": how})


def end_keys_of(connection: Connection, tx: str, how: str) -> None:
    connection.execute(
        update(key_plans)
        .where(key_plans.c.tx == tx, key_plans.c.ended.is_(None))
        .values(ended=how)
    )


def record_intents(connection: Connection, tx: str, dtbsrs: Sequence[bytes]) -> None:
    """What will be signed, before it is: one dtbsr per document."""
    intents = [
        {"of": tx, "at": position, "dtbsr": dtbsr}
        for position, dtbsr in enumerate(dtbsrs)
    ]
    connection.execute(_RECORD_INTENT, intents)


def add_release(
    connection: Connection, tx: str, *, now: datetime, signatures: int
) -> int:
    """The next number, gap-free; UNIQUE(tx) makes a second release impossible."""
    number = heads.next_release(connection)
    connection.execute(
        _ADD_RELEASE, {"number": number, "tx": tx, "at": now, "signatures": signatures}
    )
    return number


def releases_after(
    connection: Connection, number: int, limit: int = 500
) -> Sequence[Row[Any]]:
    """With ``purpose``, the purpose of use that each transaction was opened for."""
    return connection.execute(
        select(releases, transactions.c.purpose_of_use.label("purpose"))
        .join(transactions)
        .where(releases.c.number > number)
        .order_by(releases.c.number)
        .limit(limit)
    ).all()


def insert_once(connection: Connection, statement: Any) -> None:
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except IntegrityError as error:
        raise OnceOnlyError from error
