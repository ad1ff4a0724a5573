"""Migrations and models agree, on every database the two processes may use."""

from alembic import command
from sqlalchemy import create_engine, inspect

from app import database
from sam import schema, setup
from sam.config import SamConfig
from tests.postgresql import Databases


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
