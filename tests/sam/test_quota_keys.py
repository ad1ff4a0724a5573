"""The life of a quota key: made once, destroyed at its period's end, never lost sight
of, wherever the process is killed and whatever the device says."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from hsm.errors import KeyNotFoundError
from hsm.port import KeyId
from sam import audit, errors, quota_store
from sam.server import SWEEP_EVERY
from tests.sam.callers import Holder
from tests.sam.quotas import (
    PERIOD,
    POLICY,
    beginnings_audited,
    enact,
    ends_audited,
    quota,
    quota_rows,
)
from tests.sam.test_device_faults import away, betray, refuse
from tests.sam.test_faults import Killed, kill_at
from tests.sam.world import World

END = datetime(2026, 11, 30, 23, tzinfo=UTC)
FOREIGN = KeyId(b"f" * 16)


@pytest.fixture
def world(world: World) -> World:
    enact(world)
    return world


@pytest.fixture
def handle(world: World, erika: Holder) -> str:
    return world.identify(erika)


@pytest.fixture
def key_id(world: World, handle: str) -> KeyId:
    """Of this month's key, which has been used."""
    quota(world, handle=handle)
    (key_id,) = world.device.quota_keys()
    return key_id


def past_the_end(world: World) -> None:
    """Any call, at the first moment of the next period."""
    world.clock.now = END
    world.client.info()


# --- made -------------------------------------------------------------------------


def test_all_tags_of_a_period_come_from_one_key(
    world: World, handle: str, asa: Holder
) -> None:
    quota(world, handle=handle)
    quota(world, handle=world.identify(asa))

    assert len(world.device.quota_keys()) == 1


def test_the_beginning_of_a_key_is_in_the_log(world: World, key_id: KeyId) -> None:
    (record,) = beginnings_audited(world)

    assert (record["policy"], record["period"]) == (POLICY, PERIOD)
    assert record["key_id"] == key_id.hex()


def test_the_log_holds_no_tag(world: World, handle: str) -> None:
    tag = quota(world, handle=handle).tag

    with world.sam.database.begin() as connection:
        text = "".join(entry.record for entry in audit.records(connection))

    assert tag not in text


def test_a_device_that_makes_no_key_gives_no_tag(world: World, handle: str) -> None:
    betray(world, create_quota_key=refuse)

    with pytest.raises(errors.SamUnavailableError):
        quota(world, handle=handle)

    assert beginnings_audited(world) == []


def test_a_plan_that_failed_is_given_up_and_made_anew(
    world: World, handle: str
) -> None:
    good = world.sam
    betray(world, create_quota_key=refuse)
    with pytest.raises(errors.SamUnavailableError):
        quota(world, handle=handle)
    world.serve(good)

    world.clock.now += SWEEP_EVERY

    assert quota(world, handle=handle)
    assert [end["reason"] for end in ends_audited(world)] == ["interrupted"]


def test_a_key_whose_plan_was_given_up_meanwhile_is_destroyed_unused(
    world: World, handle: str
) -> None:
    """Another process swept between plan and key."""

    def create(key_id: KeyId) -> None:
        with world.sam.database.begin() as connection:
            quota_store.drop_plan(connection, key_id)
        world.device.create_quota_key(key_id)

    betray(world, create_quota_key=create)

    with pytest.raises(errors.SamUnavailableError):
        quota(world, handle=handle)

    assert world.device.quota_keys() == ()
    assert beginnings_audited(world) == []


# --- destroyed --------------------------------------------------------------------


def test_a_key_lives_to_the_last_second_of_its_period(
    world: World, key_id: KeyId
) -> None:
    world.clock.now = END - timedelta(seconds=1)

    world.client.info()

    assert world.device.quota_keys() == (key_id,)


def test_a_key_is_destroyed_when_its_period_is_over(
    world: World, key_id: KeyId
) -> None:
    past_the_end(world)

    with pytest.raises(KeyNotFoundError):
        world.device.quota_mac(key_id, b"signer")


def test_a_restart_after_the_end_destroys_the_key(world: World, key_id: KeyId) -> None:
    world.clock.now = END

    world.restart()

    assert world.device.quota_keys() == ()


def test_the_end_of_a_key_is_written_down_and_in_the_log(
    world: World, key_id: KeyId
) -> None:
    past_the_end(world)

    (row,), (record,) = quota_rows(world), ends_audited(world)
    assert row["destroyed_at"] == END
    assert record["reason"] == "period_over"
    assert (record["policy"], record["period"]) == (POLICY, PERIOD)
    assert record["key_id"] == key_id.hex()


def test_a_key_ends_once(world: World, key_id: KeyId) -> None:
    past_the_end(world)
    world.clock.now += SWEEP_EVERY

    world.client.info()

    assert len(ends_audited(world)) == 1


def test_a_key_of_a_policy_no_longer_in_force_ends_as_well(
    world: World, key_id: KeyId
) -> None:
    world.sam.config.free_tier_policy.unlink()
    world.restart()

    past_the_end(world)

    assert world.device.quota_keys() == ()


@pytest.mark.usefixtures("key_id")
def test_an_ended_period_gets_no_second_key_when_the_clock_is_put_back(
    world: World, handle: str
) -> None:
    before = world.clock.now
    past_the_end(world)
    world.clock.now = before + timedelta(minutes=1)
    again = world.identify(world.person("erika"))

    with pytest.raises(errors.PeriodOverError):
        quota(world, handle=again)

    assert world.device.quota_keys() == ()


def test_a_zone_that_moves_prolongs_no_key(world: World) -> None:
    """The month ends in Kiritimati first; under a zone where it goes on, its key does
    not: not swept yet, and not once it is."""
    enact(world, period={"unit": "month", "zone": "Pacific/Kiritimati"})
    quota(world, handle=world.identify(world.person("erika")))
    enact(world, period={"unit": "month", "zone": "Pacific/Pago_Pago"})
    world.clock.now = datetime(2026, 11, 30, 9, 59, 55, tzinfo=UTC)
    later = world.identify(world.person("erika"))
    quota(world, handle=later)
    world.clock.pass_by(seconds=5)

    with pytest.raises(errors.PeriodOverError):
        quota(world, handle=later)


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param({"destroy_quota_key": refuse}, id="refuses"),
        pytest.param({"destroy_quota_key": lambda key_id: None}, id="pretends"),
        pytest.param({"destroy_quota_key": away}, id="is-away"),
    ],
)
def test_a_key_not_proven_gone_is_not_written_down_as_destroyed(
    world: World, key_id: KeyId, instead: dict[str, object]
) -> None:
    betray(world, **instead)  # type: ignore[arg-type]

    past_the_end(world)

    (row,) = quota_rows(world)
    assert row["destroyed_at"] is None
    assert ends_audited(world) == []


def test_a_key_not_proven_gone_is_tried_again(world: World, key_id: KeyId) -> None:
    good = world.sam
    betray(world, destroy_quota_key=refuse)
    past_the_end(world)
    world.serve(good)

    world.client.info()

    assert world.device.quota_keys() == ()
    assert len(ends_audited(world)) == 1


def test_a_key_not_proven_gone_is_told_to_the_operator(
    world: World, key_id: KeyId, caplog: pytest.LogCaptureFixture
) -> None:
    betray(world, destroy_quota_key=refuse)

    with caplog.at_level(logging.ERROR, "sam"):
        past_the_end(world)

    assert f"quota key {key_id.hex()} is not proven gone" in caplog.text


# --- killed -----------------------------------------------------------------------


@pytest.mark.parametrize("point", ["after-quota-plan", "after-quota-key"])
def test_killed_while_a_key_is_made_nothing_of_it_stays(
    world: World, handle: str, point: str
) -> None:
    kill_at(world, point)
    with pytest.raises(Killed):
        quota(world, handle=handle)

    world.restart()

    assert world.device.quota_keys() == ()
    assert quota_rows(world) == []
    assert [end["reason"] for end in ends_audited(world)] == ["interrupted"]


@pytest.mark.parametrize("point", ["after-quota-plan", "after-quota-key"])
def test_killed_while_a_key_is_made_the_next_process_makes_another(
    world: World, handle: str, point: str
) -> None:
    kill_at(world, point)
    with pytest.raises(Killed):
        quota(world, handle=handle)

    world.restart()

    assert quota(world, handle=handle)
    assert len(world.device.quota_keys()) == len(beginnings_audited(world)) == 1


@pytest.mark.parametrize("point", ["after-quota-plan", "after-quota-key"])
def test_a_key_that_is_not_written_down_as_created_is_not_used(
    world: World, handle: str, point: str
) -> None:
    """Before the next sweep, in a process that lived on."""
    kill_at(world, point)
    with pytest.raises(Killed):
        quota(world, handle=handle)

    with pytest.raises(errors.SamUnavailableError):
        quota(world, handle=handle)


def test_killed_between_the_key_and_its_row_the_end_is_written_down_once(
    world: World, key_id: KeyId
) -> None:
    kill_at(world, "after-quota-destruction")
    with pytest.raises(Killed):
        past_the_end(world)
    assert world.device.quota_keys() == ()
    assert ends_audited(world) == []

    world.restart()

    (row,), (record,) = quota_rows(world), ends_audited(world)
    assert row["destroyed_at"] == END
    assert record["reason"] == "period_over"


# --- put back from a copy ---------------------------------------------------------


def test_a_key_without_a_row_ends_at_the_next_start(world: World) -> None:
    world.device.create_quota_key(FOREIGN)

    world.restart()

    (record,) = ends_audited(world)
    assert world.device.quota_keys() == ()
    assert (record["key_id"], record["reason"]) == (FOREIGN.hex(), "unexpected")


def test_a_destroyed_key_that_comes_back_ends_at_the_next_start(
    world: World, key_id: KeyId
) -> None:
    past_the_end(world)
    world.device.create_quota_key(key_id)

    world.restart()

    assert world.device.quota_keys() == ()
    assert [e["reason"] for e in ends_audited(world)] == ["period_over", "unexpected"]


def test_a_key_that_is_expected_stays(world: World, key_id: KeyId) -> None:
    """Guards the two above."""
    world.restart()

    assert world.device.quota_keys() == (key_id,)


def test_a_row_whose_key_is_lost_gives_no_tag(
    world: World, handle: str, key_id: KeyId
) -> None:
    world.device.destroy_quota_key(key_id)

    with pytest.raises(errors.SamUnavailableError):
        quota(world, handle=handle)

    assert world.device.quota_keys() == ()
