"""Two processes on one database: of what may happen once, one happens."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from sam import audit, errors, finish, schema
from sam import messages as m
from sam.credentials import ending, ledger, making
from sam.credentials.record import State
from sam.module import Sam
from tests.postgresql import Databases
from tests.sam.callers import Holder
from tests.sam.credentials.holding import approved_with, identified, make, of_erika
from tests.sam.test_races import raced
from tests.sam.world import World, second_process

ATTEMPTS = range(5)
LOST = {
    "credential_already_made",
    "credential_ended",
    "unknown_credential",
    "sam_unavailable",
}


@pytest.fixture
def world(tmp_path: Path, databases: Databases) -> Iterator[World]:
    with closing(World(tmp_path, databases("sam"))) as world:
        yield world


@pytest.fixture
def other(world: World) -> Sam:
    return second_process(world)


def states(world: World) -> dict[str, int]:
    table = schema.credentials
    count = select(table.c.state, func.count()).group_by(table.c.state)
    with world.sam.database.begin() as connection:
        return {str(state): n for state, n in connection.execute(count)}


def holds(world: World) -> bool:
    with world.sam.database.begin() as connection:
        audit.verify_chain(audit.records(connection))
    return ledger.verify(world.sam) > 0


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_one_handle_makes_one(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    call = m.MakeCredential(handle=identified(world, erika))

    outcomes = raced(
        lambda: making.make_credential(world.sam, call),
        lambda: making.make_credential(other, call),
    )

    made = [o for o in outcomes if isinstance(o, m.HeldCredential)]
    assert made
    assert len({each.credential_id for each in made}) == 1
    assert states(world) == {State.ACTIVE: 1}
    assert holds(world)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_two_persons_make_one_each(
    world: World, other: Sam, erika: Holder, asa: Holder, attempt: int
) -> None:
    calls = [
        m.MakeCredential(handle=identified(world, person)) for person in (erika, asa)
    ]

    outcomes = raced(
        lambda: making.make_credential(world.sam, calls[0]),
        lambda: making.make_credential(other, calls[1]),
    )

    assert all(isinstance(outcome, m.HeldCredential) for outcome in outcomes)
    assert holds(world)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_credential_is_renewed_once(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    older = make(world, erika).credential_id
    calls = [
        m.RenewCredential(handle=identified(world, erika), credential_id=older)
        for _ in range(2)
    ]

    outcomes = raced(
        lambda: making.renew_credential(world.sam, calls[0]),
        lambda: making.renew_credential(other, calls[1]),
    )

    renewed = [o for o in outcomes if isinstance(o, m.HeldCredential)]
    assert len(renewed) == 1
    assert [o for o in outcomes if o not in renewed] == ["credential_ended"]
    assert states(world) == {State.ACTIVE: 1, State.REPLACED: 1}
    assert holds(world)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_renewed_or_deleted(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    handle, older = of_erika(world, erika)
    mine = older.credential_id
    renew = m.RenewCredential(handle=identified(world, erika), credential_id=mine)
    delete = m.DeleteCredential(handle=handle, credential_id=mine)

    outcomes = raced(
        lambda: making.renew_credential(world.sam, renew),
        lambda: ending.delete_credential(other, delete),
    )

    assert {o for o in outcomes if isinstance(o, str)} <= LOST
    left = states(world)
    assert State.MAKING not in left
    assert left.get(State.ACTIVE, 0) + left.get(State.DELETED, 0) >= 1
    assert holds(world)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_approval_that_is_finished_twice_signs_once(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    handle, mine = of_erika(world, erika)
    tx = approved_with(world, erika, handle, mine.credential_id)

    outcomes = raced(
        lambda: finish.finish(world.sam, m.Finish(tx=tx)),
        lambda: finish.finish(other, m.Finish(tx=tx)),
    )

    assert [r.signatures for r in world.client.releases(0).releases] == [1]
    assert {o for o in outcomes if isinstance(o, str)} <= {"sam_unavailable"}
    assert world.device.one_time_keys() == ()


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_revoked_while_it_signs(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    """Released before the end, or not at all; never once the end was told."""
    handle, mine = of_erika(world, erika)
    tx = approved_with(world, erika, handle, mine.credential_id)
    call = m.RevokeCredential(handle=handle, credential_id=mine.credential_id)

    outcomes = raced(
        lambda: finish.finish(world.sam, m.Finish(tx=tx)),
        lambda: ending.revoke_credential(other, call),
    )

    released = len(world.client.releases(0).releases)
    assert released == sum(isinstance(o, m.Finished) for o in outcomes)
    assert states(world) == {State.REVOKED: 1}
    with pytest.raises(errors.CredentialEndedError):
        world.open_sign(handle=handle, credential=mine.credential_id)
    assert holds(world)
