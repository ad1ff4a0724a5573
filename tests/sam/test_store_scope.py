"""A statement about one transaction leaves every other's rows alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from sam import handle_store, store
from sam.database import Database
from sam.messages import State
from sam.schema import documents, handles, key_plans, transactions, used_nonces
from tests.sam.rows import AGO, IDENTITY, ME, NOW, SOON, add

TABLES = (transactions, documents, key_plans, handles)
Act = Callable[[Connection], object]


def document(connection: Connection, tx: str, position: int) -> None:
    connection.execute(
        documents.insert().values(
            tx=tx,
            position=position,
            label=f"{tx} {position}",
            code="1234 5678",
            sdr=bytes(32),
            sodr=bytes(32),
            checksum=bytes(32),
        )
    )


@pytest.fixture
def two(sam_store: Database) -> Database:
    """``tx`` and ``other``: each with two documents, a planned key and a handle."""
    for tx in ("tx", "other"):
        add(sam_store, tx)
        with sam_store.begin() as connection:
            document(connection, tx, 0)
            document(connection, tx, 1)
            store.plan_key(connection, tx, tx.encode(), owner=ME, now=NOW)
            handle_store.add_handle(
                connection, tx, tx=tx, identity=IDENTITY, grants=[], expires_at=SOON
            )
    return sam_store


def rows_of(connection: Connection, tx: str) -> list[Any]:
    return [
        tuple(row)
        for table in TABLES
        for row in connection.execute(select(table).where(table.c.tx == tx))
    ]


ACTS: dict[str, Act] = {
    "keep-a-request": lambda c: store.keep_request_object(c, "tx", "request"),
    "count-a-refusal": lambda c: store.count_refusal(c, "tx"),
    "end-a-key": lambda c: store.end_key(c, b"tx", "destroyed"),
    "end-its-keys": lambda c: store.end_keys_of(c, "tx", "destroyed"),
    "write-intents": lambda c: store.record_intents(c, "tx", [b"a" * 32, b"b" * 32]),
    "end-its-handle": lambda c: handle_store.end_handle(c, "tx", NOW),
    "close": lambda c: store.close(c, "tx", "aborted"),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_is_done_to_one_is_not_done_to_another(two: Database, act: Act) -> None:
    with two.begin() as connection:
        before = rows_of(connection, "tx"), rows_of(connection, "other")
        act(connection)
        after = rows_of(connection, "tx"), rows_of(connection, "other")

    assert before[0] != after[0]
    assert before[1] == after[1]


def test_each_document_gets_its_own_intent(two: Database) -> None:
    with two.begin() as connection:
        store.record_intents(connection, "tx", [b"a" * 32, b"b" * 32])
        written = store.documents_of(connection, "tx")

    assert [row.dtbsr for row in written] == [b"a" * 32, b"b" * 32]


def test_only_its_own_documents_are_a_transactions(two: Database) -> None:
    with two.begin() as connection:
        found = store.documents_of(connection, "tx")

    assert [row.label for row in found] == ["tx 0", "tx 1"]


def test_a_key_that_has_ended_keeps_its_end(two: Database) -> None:
    with two.begin() as connection:
        store.end_key(connection, b"tx", "destroyed")
        store.end_keys_of(connection, "tx", "lost with its process")
        ended = connection.scalar(
            select(key_plans.c.ended).where(key_plans.c.tx == "tx")
        )

    assert ended == "destroyed"


@pytest.mark.parametrize(
    ("handle", "late", "found"),
    [("tx", False, True), ("tx", True, False), ("neither", False, False)],
)
def test_a_handle_is_found_by_its_own_text_in_its_time(
    two: Database, handle: str, late: bool, found: bool
) -> None:
    with two.begin() as connection:
        row = handle_store.handle_row(connection, handle, SOON if late else NOW)

    assert (row is not None and row.tx == handle) is found


def test_a_handle_that_has_ended_ended_when_it_did(two: Database) -> None:
    with two.begin() as connection:
        handle_store.end_handle(connection, "tx", NOW)
        handle_store.end_handle(connection, "tx", SOON)
        ended = connection.scalar(
            select(handles.c.expires_at).where(handles.c.tx == "tx")
        )

    assert ended == NOW


def test_only_what_is_past_its_end_is_forgotten(two: Database) -> None:
    with two.begin() as connection:
        connection.execute(
            update(handles).where(handles.c.tx == "tx").values(expires_at=AGO)
        )
        handle_store.use_nonce(connection, "spent", NOW)
        handle_store.use_nonce(connection, "fresh", SOON)
        handle_store.forget_spent(connection, NOW)
        left = connection.scalars(select(handles.c.tx)).all()
        nonces = connection.scalars(select(used_nonces.c.expires_at)).all()

    assert (left, nonces) == (["other"], [SOON])


def test_releases_are_told_from_the_next_number_on(two: Database) -> None:
    with two.begin() as connection:
        first = store.add_release(connection, "tx", now=NOW, signatures=1)
        later = NOW + timedelta(minutes=1)
        store.add_release(connection, "other", now=later, signatures=2)
        found = store.releases_after(connection, first)

    assert [row.tx for row in found] == ["other"]


@pytest.mark.parametrize("state", State)
def test_only_what_is_signing_can_have_lost_its_owner(
    sam_store: Database, state: State
) -> None:
    add(sam_store, state=state, owner="me", epoch=1)

    with sam_store.begin() as connection:
        left = store.left_signing(connection, ME)

    assert list(left) == ([("tx", ME)] if state is State.SIGNING else [])
