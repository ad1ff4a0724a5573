"""``quota_tag``: for whom, for when, and what it says of a person."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from sqlalchemy import update

from hsm.port import KeyId
from sam import errors, schema
from sam import messages as m
from tests.sam.callers import Holder
from tests.sam.quotas import PERIOD, POLICY, enact, quota, quota_rows
from tests.sam.test_faults import Killed, kill_at
from tests.sam.world import World

UNKNOWN_TX, UNKNOWN_HANDLE = "A" * 32, "A" * 43


@pytest.fixture
def world(world: World) -> World:
    enact(world)
    return world


def test_one_person_has_one_tag_by_handle_and_by_approval(
    world: World, erika: Holder
) -> None:
    handle, tx = world.identify(erika), world.approved(erika, purpose="private")

    tags = {quota(world, handle=handle).tag, quota(world, tx=tx).tag}

    assert len(tags) == 1


def test_a_new_wallet_makes_no_new_person(world: World, erika: Holder) -> None:
    before = quota(world, handle=world.identify(erika)).tag
    again = world.person("erika")

    after = quota(world, handle=world.identify(again)).tag

    assert after == before


def test_two_persons_have_two_tags(world: World, erika: Holder, asa: Holder) -> None:
    tags = {quota(world, handle=world.identify(who)).tag for who in (erika, asa)}

    assert len(tags) == 2


def test_a_tag_is_a_mac_over_the_length_prefixed_signer_id(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika, purpose="private")
    tagged = quota(world, tx=tx)
    (row,), signer_id = quota_rows(world), world.row(tx)["signer_id"]
    assert isinstance(signer_id, bytes)

    expected = world.device.quota_mac(KeyId(row["key_id"]), b"\0\0\0\x20" + signer_id)

    assert tagged.tag == expected.hex()


def test_a_tag_comes_with_its_period_and_its_end(world: World, erika: Holder) -> None:
    tagged = quota(world, handle=world.identify(erika))

    assert tagged.period == PERIOD
    assert tagged.ends_at == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_a_restart_within_the_period_changes_no_tag(
    world: World, erika: Holder
) -> None:
    handle = world.identify(erika)
    before = quota(world, handle=handle)

    world.restart()

    assert quota(world, handle=handle) == before


def test_the_next_period_has_another_tag(world: World, erika: Holder) -> None:
    before = quota(world, handle=world.identify(erika)).tag
    world.clock.pass_by(days=11)
    later = world.person("erika")  # with a PID that has not expired

    after = quota(world, handle=world.identify(later), period="2026-12").tag

    assert after != before


def test_a_transaction_that_is_being_signed_has_a_tag(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika, purpose="private")
    before = quota(world, tx=tx)
    kill_at(world, "after-signing")
    with pytest.raises(Killed):
        world.finish(tx)

    assert world.client.status(tx).state is m.State.SIGNING
    assert quota(world, tx=tx) == before


# --- for whom ---------------------------------------------------------------------


def opened(world: World, erika: Holder) -> str:
    return world.open_sign(purpose="private").tx


def not_private(world: World, erika: Holder) -> str:
    return world.approved(erika)


def identified(world: World, erika: Holder) -> str:
    tx = world.open_identify(m.Grant.PASS)
    world.submit(tx, erika.answer(tx))
    return tx


def signed(world: World, erika: Holder) -> str:
    tx = world.approved(erika, purpose="private")
    world.finish(tx)
    return tx


def aborted(world: World, erika: Holder) -> str:
    tx = world.approved(erika, purpose="private")
    world.client.abort(tx)
    return tx


def failed(world: World, erika: Holder) -> str:
    tx = world.approved(erika, purpose="private")
    kill_at(world, "after-signing")
    with pytest.raises(Killed):
        world.finish(tx)
    world.restart()
    return tx


def waited_too_long(world: World, erika: Holder) -> str:
    tx = world.approved(erika, purpose="private")
    world.clock.pass_by(minutes=10)
    return tx


@pytest.mark.parametrize(
    "transaction",
    [opened, not_private, identified, signed, aborted, failed, waited_too_long],
)
def test_no_tag_without_an_approval_for_private_use_that_waits(
    world: World, erika: Holder, transaction: Callable[[World, Holder], str]
) -> None:
    tx = transaction(world, erika)

    with pytest.raises(errors.NotVerifiedError):
        quota(world, tx=tx)

    assert world.device.quota_keys() == ()


def test_no_tag_for_an_identification_that_says_private(
    world: World, erika: Holder
) -> None:
    """No call can make one; the purpose is asked all the same."""
    tx = identified(world, erika)
    with world.sam.database.begin() as connection:
        connection.execute(
            update(schema.transactions)
            .where(schema.transactions.c.tx == tx)
            .values(purpose_of_use="private")
        )

    with pytest.raises(errors.NotVerifiedError):
        quota(world, tx=tx)


def test_an_approval_for_private_use_has_a_tag(world: World, erika: Holder) -> None:
    """Guards the table above."""
    assert quota(world, tx=world.approved(erika, purpose="private"))


def test_an_unknown_transaction_has_no_tag(world: World) -> None:
    with pytest.raises(errors.UnknownTransactionError):
        quota(world, tx=UNKNOWN_TX)


def test_an_unknown_handle_has_no_tag(world: World) -> None:
    with pytest.raises(errors.UnknownHandleError):
        quota(world, handle=UNKNOWN_HANDLE)


def test_a_handle_past_its_time_has_no_tag(world: World, erika: Holder) -> None:
    handle = world.identify(erika)
    world.clock.pass_by(minutes=30)

    with pytest.raises(errors.UnknownHandleError):
        quota(world, handle=handle)


def test_nobody_can_have_a_key_made_without_a_person(world: World) -> None:
    with pytest.raises(errors.UnknownHandleError):
        quota(world, handle=UNKNOWN_HANDLE)

    assert quota_rows(world) == []


@pytest.mark.parametrize(
    "person",
    [{}, {"handle": UNKNOWN_HANDLE, "tx": UNKNOWN_TX}],
    ids=["nobody", "two"],
)
def test_a_call_names_exactly_one_person(person: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="exactly one of handle and tx"):
        m.QuotaTag(policy=POLICY, period=PERIOD, **person)


# --- for when ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "period",
    ["2026-10", "2026-12", "2025-11", "2027-11", "2026", "2026-11-20", "2026-W47"],
)
def test_no_tag_for_a_period_that_is_not_now(
    world: World, erika: Holder, period: str
) -> None:
    handle = world.identify(erika)

    with pytest.raises(errors.PeriodOverError):
        quota(world, handle=handle, period=period)

    assert world.device.quota_keys() == ()


@pytest.mark.parametrize(
    ("unit", "period"),
    [
        ("day", "2026-11-20"),
        ("week", "2026-W47"),
        ("month", "2026-11"),
        ("year", "2026"),
    ],
)
def test_each_unit_has_its_own_name_for_now(
    world: World, erika: Holder, unit: str, period: str
) -> None:
    """Guards the table above."""
    enact(world, period={"unit": unit, "zone": "Europe/Warsaw"})

    assert quota(world, handle=world.identify(erika), period=period)


def test_the_policys_zone_decides_when_a_period_begins(world: World) -> None:
    """23:30 in London is half past midnight in Warsaw."""
    world.clock.now = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    erika = world.person("erika")

    assert quota(world, handle=world.identify(erika), period="2026-12")


def test_no_tag_under_another_policys_id(world: World, erika: Holder) -> None:
    handle = world.identify(erika)

    with pytest.raises(errors.NoPolicyError):
        quota(world, handle=handle, policy="ee-like")


def test_no_tag_without_a_policy(world: World, erika: Holder) -> None:
    handle = world.identify(erika)
    world.sam.config.free_tier_policy.unlink()
    world.restart()

    with pytest.raises(errors.NoPolicyError):
        quota(world, handle=handle)


def test_another_policy_has_other_tags(world: World, erika: Holder) -> None:
    handle = world.identify(erika)
    before = quota(world, handle=handle).tag
    enact(world, id="ee-like")

    after = quota(world, handle=handle, policy="ee-like").tag

    assert after != before


def test_another_version_of_the_policy_counts_on(world: World, erika: Holder) -> None:
    handle = world.identify(erika)
    before = quota(world, handle=handle).tag

    enact(world, version="2026-11-15", cap=7)

    assert quota(world, handle=handle).tag == before


# --- what the ledger counts -------------------------------------------------------


def test_a_release_says_what_it_was_for(world: World, erika: Holder) -> None:
    for call in ({}, {"purpose": "private"}):
        world.finish(world.approved(erika, **call))

    purposes = [r.purpose for r in world.client.releases(0).releases]

    assert purposes == [None, "private"]
