"""Two processes at once, on every database: what may happen once happens once."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sam import answers, audit, errors, finish, passes
from sam import messages as m
from sam.module import Sam
from tests.postgresql import Databases
from tests.sam.callers import Holder
from tests.sam.files import prepared
from tests.sam.world import World, second_process
from wallet_emulator.keys import new_key


@pytest.fixture
def world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, databases("sam"))
    yield world
    world.sam.database.engine.dispose()


@pytest.fixture
def other(world: World) -> Iterator[Sam]:
    """A second signer process over the same database and token."""
    sam = second_process(world)
    yield sam
    sam.database.engine.dispose()


def raced(*acts: Callable[[], object]) -> list[object]:
    """What each act came to, or the code it was refused with; started together."""
    together, outcomes = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[], object]) -> None:
        together.wait()
        try:
            outcomes.append(act())
        except errors.SamError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def chain_holds(world: World) -> bool:
    with world.sam.database.begin() as connection:
        entries = list(audit.records(connection))
    return audit.verify_chain(entries) == len(entries)


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_raced_answers_exactly_one_is_taken(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    tx = world.open_identify()
    bodies = [erika.answer(tx), erika.answer(tx)]

    outcomes = raced(
        lambda: answers.submit(world.sam, m.Submit(tx=tx, body=bodies[0])),
        lambda: answers.submit(other, m.Submit(tx=tx, body=bodies[1])),
    )

    assert outcomes.count("already_answered") == 1
    assert world.handles_of(tx) == 1
    assert chain_holds(world)


@pytest.mark.parametrize("attempt", range(3))
def test_two_raced_finishes_make_one_set_of_signatures(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    tx = world.approved(erika, prepared(b"%PDF a"), prepared(b"%PDF b"))

    outcomes = raced(
        lambda: finish.finish(world.sam, m.Finish(tx=tx)),
        lambda: finish.finish(other, m.Finish(tx=tx)),
    )

    stored = world.finish(tx)
    assert stored in outcomes
    assert {o for o in outcomes if o != stored} <= {"sam_unavailable"}
    assert [r.signatures for r in world.client.releases(0).releases] == [2]
    assert chain_holds(world)


@pytest.mark.parametrize("attempt", range(3))
def test_two_raced_keys_get_one_pass(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    handle, before = world.identify(erika), world.passes()
    proofs = [erika.proof(new_key()), erika.proof(new_key())]

    outcomes = raced(
        lambda: passes.issue_pass(
            world.sam, m.IssuePass(handle=handle, proof=proofs[0])
        ),
        lambda: passes.issue_pass(other, m.IssuePass(handle=handle, proof=proofs[1])),
    )

    refused = {"pass_already_issued", "invalid_proof"}
    assert len([o for o in outcomes if o in refused]) == 1
    assert world.passes() == before + 1
    assert chain_holds(world)


def test_a_walk_leaves_the_same_on_every_database(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    finished = world.finish(tx)
    world.clock.pass_by(minutes=1)

    assert world.finish(tx) == finished
    assert [r.number for r in world.client.releases(0).releases] == [1]
    assert world.client.status(tx).state == m.State.SIGNED
    assert chain_holds(world)


def test_a_walk_that_was_killed_ends_on_every_database(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    good = world.sam
    world.serve(replace(good, fault=interrupt))
    with pytest.raises(KeyboardInterrupt):
        world.finish(tx)
    world.serve(good)

    status = world.client.status(tx)

    assert (status.state, status.reason) == (m.State.FAILED, "interrupted")


def interrupt(point: str) -> None:
    if point == "after-intent":
        raise KeyboardInterrupt
