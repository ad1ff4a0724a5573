"""A free tier over a migrated database, with a SAM that knows who is behind a tx."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app import database
from app.database import Base, Database
from app.plans import policy as policies
from app.plans import store
from app.plans.free_tier import FreeTier
from app.plans.policy import Policy
from tests import postgresql
from tests.app.plans.sam_ledger import SamLedger

POLICIES = Path(policies.__file__).parent / "policies"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(frozen=True)
class World:
    """One deployment's free tier, and both its neighbours."""

    tier: FreeTier
    sam: SamLedger
    clock: Clock
    database: Database

    @property
    def policy(self) -> Policy:
        assert self.tier.policy is not None
        return self.tier.policy

    def reserved(self, person: str, documents: int = 1) -> str:
        """The tx of that person's approval, with its documents reserved."""
        tx = self.sam.approval(person)
        self.tier.reserve(tx, documents)
        return tx

    def signed(self, person: str, documents: int = 1) -> str:
        tx = self.reserved(person, documents)
        self.sam.release(tx, documents)
        return tx

    def used(self, person: str) -> int:
        allowance = self.tier.allowance(self.sam.handle(person))
        assert allowance is not None
        return allowance.used

    def state(self, tx: str) -> str | None:
        with self.database.read() as db:
            held = store.reservation(db, tx)
        return None if held is None else held.state

    def total(self) -> tuple[int, int]:
        """Persons and documents of all periods together."""
        with self.database.read() as db:
            totals = db.query(store.Total).all()
        return sum(t.persons for t in totals), sum(t.documents for t in totals)

    def under(self, policy: Policy | None) -> "World":
        """The same database under another policy."""
        sam = self.sam if policy is None else replace(self.sam, policy=policy)
        tier = FreeTier(self.database, sam, policy, self.clock)
        return replace(self, tier=tier, sam=sam)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("free-tier") / "app.db"
    database.upgrade(f"sqlite:///{file}")
    return file.read_bytes()


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_cluster: Path) -> str:
    url = postgresql.fresh_database(postgresql_cluster, "free_tier")
    database.upgrade(url)
    return url


@pytest.fixture
def on_sqlite(tmp_path: Path, migrated_sqlite: bytes) -> Iterator[World]:
    (tmp_path / "app.db").write_bytes(migrated_sqlite)
    with_it = Database(f"sqlite:///{tmp_path / 'app.db'}")
    yield world_over(with_it)
    with_it.close()


@pytest.fixture
def on_postgresql(migrated_postgresql: str) -> Iterator[World]:
    with_it = Database(migrated_postgresql)
    yield world_over(with_it)
    empty(with_it)
    with_it.close()


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = request.getfixturevalue(request.param)
    return found


def world_over(with_it: Database) -> World:
    """Under the policy with a cap of five."""
    clock = Clock()
    policy = policies.load(POLICIES / "pl-like.json")
    sam = SamLedger(policy, clock)
    return World(FreeTier(with_it, sam, policy, clock), sam, clock, with_it)


def empty(with_it: Database) -> None:
    with with_it.write() as db:
        for table in Base.metadata.sorted_tables:
            if table.name.startswith("free_tier_") and table.name != "free_tier_mark":
                db.execute(table.delete())
        db.execute(text("UPDATE free_tier_mark SET release = 0"))
