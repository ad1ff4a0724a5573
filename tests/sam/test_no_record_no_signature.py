"""csc-sam check 44: a result whose audit record cannot be written does not leave."""

import pytest
from sqlalchemy import text

from sam import errors
from sam.audit import Event
from tests.sam.callers import Holder
from tests.sam.world import World


def refuse_records(world: World, event: Event) -> None:
    """The store of the log is full, or broken, for one kind of record."""
    with world.sam.database.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON audit "
                f"WHEN NEW.record LIKE '%\"{event.value}\"%' "
                "BEGIN SELECT RAISE(ABORT, 'no space left'); END"
            )
        )


def accept_records(world: World) -> None:
    with world.sam.database.begin() as connection:
        connection.execute(text("DROP TRIGGER full"))


def test_without_its_record_nothing_is_released(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    refuse_records(world, Event.SIGNATURE_RELEASED)

    with pytest.raises(errors.SamUnavailableError):
        world.finish(tx)

    accept_records(world)
    assert world.row(tx)["result"] is None
    assert world.client.releases(0).releases == ()
    assert world.device.one_time_keys() == ()


def test_what_was_not_recorded_is_not_signed_later(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    refuse_records(world, Event.SIGNATURE_RELEASED)
    with pytest.raises(errors.SamUnavailableError):
        world.finish(tx)
    accept_records(world)
    used = world.key_operations
    world.clock.pass_by(seconds=60)

    with pytest.raises(errors.SamError):
        world.finish(tx)
    assert world.key_operations == used


def test_without_a_record_of_the_beginning_no_key_is_used(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    refuse_records(world, Event.SIGNING_STARTED)

    with pytest.raises(errors.SamUnavailableError):
        world.finish(tx)
    assert world.key_operations == 0


def test_with_its_record_it_is_released(world: World, erika: Holder) -> None:
    """Guards the tests above."""
    tx = world.approved(erika)
    refuse_records(world, Event.SIGNING_FAILED)

    assert world.finish(tx).release == 1
