"""The SAM's database: one engine, one way in, durable once a commit returned.

SQLite runs in WAL with ``synchronous=FULL`` and takes its write lock at BEGIN, so a
commit that returned is on the disk and two writers never interleave.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event


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
    engine = create_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA busy_timeout=10000")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
