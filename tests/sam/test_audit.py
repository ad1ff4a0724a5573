"""The audit log: what was done to it is found, and where."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from sam import audit, schema
from sam.audit import AuditBrokenError, AuditRecord, chained, verify_chain
from sam.cli import main
from sam.database import Database
from tests.sam.callers import Holder
from tests.sam.world import World

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(sam_store: Database) -> Database:
    return sam_store


@pytest.fixture
def log(store: Database) -> list[AuditRecord]:
    """Ten records that hold together."""
    for number in range(10):
        with store.begin() as connection:
            audit.append(connection, audit.Event.STARTED, now=NOW, number=number)
    with store.begin() as connection:
        return list(audit.records(connection))


def rechained(log: list[AuditRecord], position: int, record: str) -> list[AuditRecord]:
    """The log with one record replaced and every later link made to fit again."""
    previous = log[position].previous_hash
    forged = log[:position]
    for entry in [replace(log[position], record=record), *log[position + 1 :]]:
        own = chained(previous, entry.record)
        forged.append(replace(entry, previous_hash=previous, hash=own))
        previous = own
    return forged


def test_an_untouched_log_holds_together(log: list[AuditRecord]) -> None:
    """Guards the tables below."""
    assert verify_chain(log) == 10


def test_an_empty_log_holds_together() -> None:
    assert verify_chain([]) == 0


@pytest.mark.parametrize("position", [0, 4, 9])
@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda text: text.replace("started", "stopped"), id="word"),
        pytest.param(lambda text: text.replace("12:00", "11:00"), id="time"),
        pytest.param(lambda text: text + " ", id="space"),
        pytest.param(lambda text: "{}", id="empty"),
        pytest.param(lambda text: "not json", id="no-json"),
        pytest.param(lambda text: "[1]", id="no-object"),
        pytest.param(lambda text: "", id="nothing"),
    ],
)
def test_an_edited_record_is_named(
    log: list[AuditRecord], position: int, edit: object
) -> None:
    assert callable(edit)
    log[position] = replace(log[position], record=edit(log[position].record))

    with pytest.raises(AuditBrokenError, match=f"record {position + 1} "):
        verify_chain(log)


@pytest.mark.parametrize("position", [0, 4, 8])
def test_a_deleted_record_is_named(log: list[AuditRecord], position: int) -> None:
    del log[position]

    with pytest.raises(AuditBrokenError, match=f"record {position + 1} is missing"):
        verify_chain(log)


def test_a_cut_in_the_middle_is_named(log: list[AuditRecord]) -> None:
    del log[3:6]

    with pytest.raises(AuditBrokenError, match="record 4 is missing"):
        verify_chain(log)


def test_two_records_in_the_wrong_order_are_named(log: list[AuditRecord]) -> None:
    log[3], log[4] = log[4], log[3]

    with pytest.raises(AuditBrokenError, match="record 4 is missing or out of order"):
        verify_chain(log)


def test_renumbering_after_a_cut_does_not_hide_it(log: list[AuditRecord]) -> None:
    del log[3]
    log[3:] = [replace(entry, sequence=entry.sequence - 1) for entry in log[3:]]

    with pytest.raises(AuditBrokenError, match="record 4 "):
        verify_chain(log)


def test_a_tail_grafted_from_another_log_is_named(
    log: list[AuditRecord], tmp_path: Path
) -> None:
    other = rechained(log, 0, log[0].record.replace("started", "stopped"))

    with pytest.raises(AuditBrokenError, match="record 6 does not follow"):
        verify_chain(log[:5] + other[5:])


def test_a_changed_hash_is_named(log: list[AuditRecord]) -> None:
    log[9] = replace(log[9], hash=bytes(32))

    with pytest.raises(AuditBrokenError, match="record 10 was changed"):
        verify_chain(log)


def test_another_beginning_is_named(log: list[AuditRecord]) -> None:
    log[0] = replace(log[0], previous_hash=b"\1" * 32)

    with pytest.raises(AuditBrokenError, match="record 1 does not follow"):
        verify_chain(log)


def test_a_log_chained_anew_over_what_is_no_record_is_named(
    log: list[AuditRecord],
) -> None:
    with pytest.raises(AuditBrokenError, match="record 5 "):
        verify_chain(rechained(log, 4, "not json"))


def test_a_log_chained_anew_has_another_head(log: list[AuditRecord]) -> None:
    """It holds together: only a head kept elsewhere gives it away."""
    forged = rechained(log, 4, log[4].record.replace("started", "stopped"))

    assert verify_chain(forged) == 10
    assert forged[-1].hash != log[-1].hash


def test_a_record_is_written_once(store: Database, log: list[AuditRecord]) -> None:
    again = schema.audit.insert().values(
        sequence=10, record="{}", previous_hash=bytes(32), hash=bytes(32)
    )

    with pytest.raises(IntegrityError), store.begin() as connection:
        connection.execute(again)


def test_what_is_rolled_back_is_not_recorded(store: Database) -> None:
    def recorded_and_broken_off() -> None:
        with store.begin() as connection:
            audit.append(connection, audit.Event.STARTED, now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        recorded_and_broken_off()

    with store.begin() as connection:
        assert audit.head(connection) is None


@pytest.fixture
def directory(world: World, erika: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    world.finish(world.approved(erika))
    config = world.sam.config
    monkeypatch.setenv("QES_SAM_DIRECTORY", str(config.sam_directory))


@pytest.mark.usefixtures("directory")
def test_the_operator_sees_that_the_log_holds(world: World) -> None:
    result = CliRunner().invoke(main, ["audit", "verify"])

    head = world.client.info().audit_head
    assert result.exit_code == 0
    assert result.output == f"8 records hold together; head {head}\n"


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(
            update(schema.audit)
            .where(schema.audit.c.sequence == 3)
            .values(record="{}"),
            id="edit",
        ),
        pytest.param(
            delete(schema.audit).where(schema.audit.c.sequence == 3), id="delete"
        ),
    ],
)
def test_the_operator_sees_where_the_log_is_broken(world: World, act: object) -> None:
    with world.sam.database.begin() as connection:
        connection.execute(act)  # type: ignore[call-overload]

    result = CliRunner().invoke(main, ["audit", "verify"])

    assert result.exit_code == 1
    assert "broken: record 3" in result.output


@pytest.mark.usefixtures("directory")
def test_the_operator_can_read_the_log(world: World) -> None:
    result = CliRunner().invoke(main, ["audit", "show"])

    assert result.exit_code == 0
    assert result.output.count("\n") == 8
