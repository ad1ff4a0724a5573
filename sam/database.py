"""The SAM's database: one engine, one way in, durable once a commit returned.

SQLite runs in WAL with ``synchronous=FULL`` and takes its write lock at BEGIN, so a
commit that returned is on the disk and two writers never interleave. It serves one
process.

PostgreSQL serves many. What they must not do at once is kept apart by conditional
UPDATEs, UNIQUE constraints and one locked row (``sam.heads``), all of which hold at
READ COMMITTED. Who waits too long for a lock, or sleeps while holding one, is stopped
by the server: a process that was halted in the midst of a commit loses that commit, and
no other process does.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url

_POSTGRESQL: Final = {
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
    "lock_timeout": "10s",
    "statement_timeout": "20s",
    "idle_in_transaction_session_timeout": "10s",
}
"""Whatever the server's defaults are. The last three end waiting and sleeping."""


class Database:
    """``begin`` is the only way to a connection."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One database transaction: committed on leaving, rolled back on a raise."""
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of every connection; the next ``begin`` makes a new one."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    # A failing statement is logged: its values may be a person's.
    engine = create_engine(url, hide_parameters=True, **_options(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _options(url: str) -> dict[str, Any]:
    if make_url(url).get_backend_name() != "postgresql":
        return {}
    settings = " ".join(f"-c {n}={_escaped(v)}" for n, v in _POSTGRESQL.items())
    return {
        "connect_args": {"options": settings},
        "pool_pre_ping": True,  # the server may have ended the session meanwhile
    }


def _escaped(value: str) -> str:
    """For libpq's ``options``, in which a space ends a value."""
    return value.replace(" ", r"\ ")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA busy_timeout=10000")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
