import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from app.database import Database, check, upgrade
from app.oauth.store import UsedProof


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'made' / 'app.db'}"
    upgrade(url)
    return url


def test_models_and_migrations_agree(url: str) -> None:
    check(url)


def test_upgrading_twice_changes_nothing(url: str) -> None:
    upgrade(url)

    check(url)


def test_a_time_comes_back_aware(url: str) -> None:
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    database = Database(url)
    with database.write() as db:
        db.add(UsedProof(proof_hash="t", thumbprint="h", expires_at=now))

    with database.read() as db:
        assert db.get_one(UsedProof, "t").expires_at == now
    database.close()


def test_a_time_without_a_zone_is_refused(url: str) -> None:
    naive = datetime(2026, 11, 20)
    database = Database(url)

    with pytest.raises(StatementError), database.write() as db:
        db.add(UsedProof(proof_hash="t", thumbprint="h", expires_at=naive))
    database.close()


def test_what_failed_is_rolled_back(url: str) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    database = Database(url)

    def add_and_fail() -> None:
        with database.write() as db:
            db.add(UsedProof(proof_hash="t", thumbprint="h", expires_at=now))
            db.flush()
            raise KeyError

    with pytest.raises(KeyError):
        add_and_fail()

    with database.read() as db:
        assert db.get(UsedProof, "t") is None
    database.close()


def test_writers_take_turns_from_the_start(url: str) -> None:
    """Read-modify-write by eight threads loses nothing and never fails half-way."""
    now = datetime(2026, 11, 20, tzinfo=UTC)
    database = Database(url)
    with database.write() as db:
        db.add(UsedProof(proof_hash="t", thumbprint="0", expires_at=now))

    def add_one() -> None:
        with database.write() as db:
            row = db.get_one(UsedProof, "t")
            row.thumbprint = str(int(row.thumbprint) + 1)

    threads = [threading.Thread(target=add_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as db:
        assert db.get_one(UsedProof, "t").thumbprint == "8"
    database.close()


def test_sqlite_writes_ahead(url: str) -> None:
    database = Database(url)

    with database.read() as db:
        assert db.scalar(text("PRAGMA journal_mode")) == "wal"
        assert db.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()
