"""Migrations and models agree, on every database the two processes may use."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text

from app import database
from sam import schema, setup
from sam.config import SamConfig

NOBODY = 65534
SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
Databases = Callable[[str], str]


@pytest.fixture
def sqlite(tmp_path: Path) -> Databases:
    return lambda name: f"sqlite:///{tmp_path / name}.db"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A private PostgreSQL on a socket of its own: no port, no other cluster's data."""
    if not SERVERS:
        reason = "no PostgreSQL server under /usr/lib/postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="qes-pg-"))
    folder.chmod(0o700)
    other = NOBODY if os.geteuid() == 0 else None  # initdb refuses to run as root
    if other is not None:
        shutil.chown(folder, other, other)
    tools, data = SERVERS[-1].parent, str(folder / "data")
    settings = f"-k {folder} -c listen_addresses= -c fsync=off"

    def run(*arguments: str) -> None:
        subprocess.run(
            arguments,
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            user=other,
            group=other,
            extra_groups=None if other is None else [],
        )

    run(str(tools / "initdb"), "-D", data, "-U", "qes", "-A", "trust", "-E", "UTF8")
    log = str(folder / "log")
    run(str(tools / "pg_ctl"), "-D", data, "-l", log, "-o", settings, "-w", "start")
    try:
        yield folder
    finally:
        run(str(tools / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def postgresql(cluster: Path) -> Databases:
    def fresh(name: str) -> str:
        server = f"postgresql+psycopg://qes@/{{}}?host={cluster}"
        engine = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return server.format(name)

    return fresh


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    made: Databases = request.getfixturevalue(request.param)
    return made


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_the_sams_migrations_make_its_tables(databases: Databases) -> None:
    url = databases("sam")
    config = setup.migrations(SamConfig(sam_database_url=url))

    command.upgrade(config, "head")

    assert tables(url) == set(schema.metadata.tables) | {"alembic_version"}
    command.check(config)


def test_the_sams_migrations_go_back_and_forth(databases: Databases) -> None:
    url = databases("sam")
    config = setup.migrations(SamConfig(sam_database_url=url))
    command.upgrade(config, "head")

    command.downgrade(config, "base")

    assert tables(url) == {"alembic_version"}
    command.upgrade(config, "head")
    command.check(config)


def test_the_web_tiers_migrations_make_its_tables(databases: Databases) -> None:
    url = databases("app")

    database.upgrade(url)

    assert tables(url) == set(database.Base.metadata.tables) | {"alembic_version"}
    database.check(url)


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(
    databases: Databases,
) -> None:
    url = databases("app")
    database.upgrade(url)

    database.upgrade(url)

    database.check(url)
