"""The free-tier policy: what the SAM reads of it, and what stops its start."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from sam import audit
from sam.cli import main
from sam.policy import MAX_FILE_BYTES, UnusablePolicyError, load
from sam.start import StartError
from tests.sam.world import World

GOOD = {
    "id": "pl-like",
    "version": "2026-11-01",
    "title": "Five free signatures a month",
    "period": {"unit": "month", "zone": "Europe/Warsaw"},
    "cap": 5,
}


def period(**changed: object) -> dict[str, object]:
    return {"period": {"unit": "month", "zone": "Europe/Warsaw"} | changed}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "free-tier.json"


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        pytest.param({"id": 7}, "id: ", id="id-a-number"),
        pytest.param({"id": ""}, "id: ", id="id-empty"),
        pytest.param({"id": "PL like"}, "id: ", id="id-with-a-space"),
        pytest.param({"id": "x" * 65}, "id: ", id="id-too-long"),
        pytest.param({"version": None}, "version: ", id="version-null"),
        pytest.param({"version": "1\n"}, "version: ", id="version-of-two-lines"),
        pytest.param({"period": "month"}, "period: ", id="period-a-word"),
        pytest.param({"period": None}, "period: ", id="period-null"),
        pytest.param(period(unit="quarter"), r"period\.unit: ", id="unknown-unit"),
        pytest.param(period(unit=1), r"period\.unit: ", id="unit-a-number"),
        pytest.param(period(zone="Warsaw"), "no time zone", id="unknown-zone"),
        pytest.param(period(zone="Europe"), "no time zone", id="zone-a-folder"),
        pytest.param(period(zone="../etc/passwd"), "no time zone", id="zone-a-path"),
        pytest.param(period(zone=""), "no time zone", id="zone-empty"),
        pytest.param(period(zone=2), r"period\.zone: ", id="zone-a-number"),
    ],
)
def test_a_policy_with_one_thing_wrong_is_unusable(
    file: Path, changed: dict[str, object], complaint: str
) -> None:
    file.write_text(json.dumps(GOOD | changed))

    with pytest.raises(UnusablePolicyError, match=f"{file}: .*{complaint}"):
        load(file)


@pytest.mark.parametrize("name", ["id", "version", "period"])
def test_a_policy_that_lacks_a_member_is_unusable(file: Path, name: str) -> None:
    file.write_text(json.dumps({key: GOOD[key] for key in GOOD if key != name}))

    with pytest.raises(UnusablePolicyError, match=f"{name}: Field required"):
        load(file)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 60_000,
    ],
    ids=["empty", "cut", "list", "null", "no-utf-8", "bomb"],
)
def test_a_file_that_is_no_policy_is_unusable(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(UnusablePolicyError, match=str(file)):
        load(file)


@pytest.mark.parametrize("over", [1, 1_000_000])
def test_a_file_that_is_too_large_is_unusable(file: Path, over: int) -> None:
    file.write_text(json.dumps(GOOD).ljust(MAX_FILE_BYTES + over))

    with pytest.raises(UnusablePolicyError, match="larger than 65536 bytes"):
        load(file)


def test_a_file_of_the_greatest_size_is_read(file: Path) -> None:
    """Guards the test above."""
    file.write_text(json.dumps(GOOD).ljust(MAX_FILE_BYTES))

    assert load(file).id == "pl-like"


def test_other_members_are_not_the_sams(file: Path) -> None:
    """Guards the tables above."""
    file.write_text(json.dumps(GOOD))

    assert load(file).model_dump() == {
        "id": "pl-like",
        "version": "2026-11-01",
        "period": {"unit": "month", "zone": "Europe/Warsaw"},
    }


def test_everything_wrong_is_named_at_once(file: Path) -> None:
    file.write_text(json.dumps(GOOD | {"id": "", "version": ""}))

    with pytest.raises(UnusablePolicyError, match=r"id: .*; version: "):
        load(file)


def test_without_the_default_file_there_is_no_policy(world: World) -> None:
    assert world.sam.policy is None


def test_the_policy_in_force_is_in_the_log(world: World) -> None:
    world.sam.config.free_tier_policy.write_text(json.dumps(GOOD))

    world.restart()

    started = json.loads(world.audited(audit.Event.STARTED)[-1])
    assert started["free_tier_policy"]["version"] == "2026-11-01"


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda file: file.write_text("{}"), id="broken"),
        pytest.param(lambda file: file.mkdir(), id="a-folder"),
    ],
)
def test_a_broken_default_file_stops_the_start(
    world: World, act: Callable[[Path], object]
) -> None:
    act(world.sam.config.free_tier_policy)

    with pytest.raises(StartError, match=r"free-tier policy .*free-tier\.json: "):
        world.restart()


def test_a_named_file_that_is_absent_stops_the_start(world: World) -> None:
    named = Path("/nowhere/policy.json")
    config = world.sam.config.model_copy(update={"sam_free_tier_policy": named})

    with pytest.raises(StartError, match=f"{named}: No such file"):
        world.restart(config)


def test_the_operator_sees_what_is_wrong_before_anything_is_served(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = world.sam.config
    config.hsm.pin_file.write_text("")
    config.free_tier_policy.write_text("{}")
    monkeypatch.setenv("QES_SAM_DIRECTORY", str(config.sam_directory))
    monkeypatch.setattr("sam.serving.serve", lambda _: None)  # would not return

    result = CliRunner().invoke(main, ["serve"])

    assert result.exit_code == 1
    assert result.output.startswith("Error: free-tier policy ")
    assert "period: Field required" in result.output
