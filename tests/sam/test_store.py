"""What may happen once happens once; what was committed is on the disk."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from sam import handle_store, pass_store, schema, store
from sam.database import Database
from sam.store import OnceOnlyError
from tests.sam.rows import IDENTITY, ME, NOW, SOON, add


def handle(connection: Connection, name: str, tx: str = "tx") -> None:
    handle_store.add_handle(
        connection, name, tx=tx, identity=IDENTITY, grants=["pass"], expires_at=SOON
    )


def signing_pass(connection: Connection, **changed: object) -> None:
    values: dict[str, object] = {
        "handle": "h",
        "pass_id": "p",
        "signer_id": bytes(32),
        "key_thumbprint": "k",
        "credential": "c",
        "issued_at": NOW,
        "expires_at": SOON,
    }
    pass_store.add_pass(connection, **(values | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"pass_id": "p2", "key_thumbprint": "k2"}, id="handle"),
        pytest.param({"handle": "h2", "pass_id": "p2"}, id="key"),
        pytest.param({"handle": "h2", "key_thumbprint": "k2"}, id="pass-id"),
    ],
)
def test_a_pass_is_the_only_one_of_its_handle_and_key(
    sam_store: Database, changed: dict[str, object]
) -> None:
    with sam_store.begin() as connection:
        signing_pass(connection)

        with pytest.raises(OnceOnlyError):
            signing_pass(connection, **changed)

        signing_pass(connection, handle="h3", pass_id="p3", key_thumbprint="k3")


def test_a_nonce_is_used_once(sam_store: Database) -> None:
    with sam_store.begin() as connection:
        handle_store.use_nonce(connection, "n", SOON)

        with pytest.raises(OnceOnlyError):
            handle_store.use_nonce(connection, "n", SOON)

        handle_store.use_nonce(connection, "n2", SOON)


SPENT = (schema.handles, schema.used_nonces)
ONCE: dict[str, Callable[[Connection, int], object]] = {
    "handle-per-transaction": lambda c, n: handle(c, f"h{n}"),
    "release-per-transaction": lambda c, n: store.add_release(
        c, "tx", now=NOW, signatures=1
    ),
    "key-per-transaction": lambda c, n: store.plan_key(
        c, "tx", bytes([n] * 16), owner=ME, now=NOW
    ),
}


@pytest.mark.parametrize("act", ONCE.values(), ids=ONCE)
def test_a_transaction_yields_one_of_each(
    sam_store: Database, act: Callable[[Connection, int], object]
) -> None:
    add(sam_store)
    with sam_store.begin() as connection:
        act(connection, 1)

    with pytest.raises(IntegrityError), sam_store.begin() as connection:
        act(connection, 2)


def test_a_nonce_belongs_to_one_transaction(sam_store: Database) -> None:
    add(sam_store)

    with pytest.raises(IntegrityError):
        add(sam_store, "tx2", nonce="nonce-tx")


def test_a_handle_is_not_kept_as_text(sam_store: Database) -> None:
    add(sam_store)
    with sam_store.begin() as connection:
        handle(connection, "a-handle")

    with sam_store.begin() as connection:
        row = connection.execute(select(schema.handles)).one()

    assert "a-handle" not in str(row)


@pytest.mark.parametrize(("now", "alive"), [(NOW, True), (SOON, False)])
def test_a_handle_is_found_while_it_lives(
    sam_store: Database, now: datetime, alive: bool
) -> None:
    add(sam_store)
    with sam_store.begin() as connection:
        handle(connection, "h")

        assert (handle_store.handle_row(connection, "h", now) is not None) is alive
        assert handle_store.handle_row(connection, "other", now) is None


def test_ending_a_handle_never_prolongs_it(sam_store: Database) -> None:
    add(sam_store)
    with sam_store.begin() as connection:
        handle(connection, "h")
        handle_store.end_handle(connection, "tx", SOON + timedelta(minutes=10))

        assert handle_store.handle_row(connection, "h", SOON) is None


def test_a_commit_that_returned_is_on_the_disk(sam_store: Database) -> None:
    with sam_store.begin() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_no_two_database_transactions_interleave(sam_store: Database) -> None:
    """A second writer waits at BEGIN: what the first has read is still true."""
    file = sam_store.engine.url.database
    assert file is not None
    other = sqlite3.connect(file, timeout=0, isolation_level=None)

    with sam_store.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")

    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_times_come_back_as_they_went_in(sam_store: Database) -> None:
    add(sam_store)

    with sam_store.begin() as connection:
        row = store.transaction(connection, "tx")

    assert row is not None
    assert row.created_at == NOW
    assert row.created_at.tzinfo is UTC


@pytest.mark.parametrize(("now", "left"), [(NOW, 2), (SOON, 0)])
def test_spent_nonces_and_handles_are_forgotten(
    sam_store: Database, now: datetime, left: int
) -> None:
    add(sam_store)
    with sam_store.begin() as connection:
        handle(connection, "a-handle")
        handle_store.use_nonce(connection, "n", SOON)

        handle_store.forget_spent(connection, now)

        rows = [connection.execute(select(t)).all() for t in SPENT]
    assert sum(map(len, rows)) == left
