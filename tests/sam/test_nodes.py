"""Several processes over one database: who lives, who is dead, what each may do."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sam import audit, errors, finish, handle_store, heads, owners, store
from sam import messages as m
from sam.database import Database
from sam.module import Sam
from sam.owners import Owner
from tests.postgresql import Databases
from tests.sam.callers import Holder
from tests.sam.test_races import chain_holds
from tests.sam.world import World, end_lease, second_process

LEASE = timedelta(seconds=30)
ENDED = timedelta(0)


@pytest.fixture
def world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, databases("sam"))
    yield world
    world.close()


@pytest.fixture
def other(world: World) -> Sam:
    """A second signer process over the same database and token."""
    return second_process(world)


# --- owners ---------------------------------------------------------------------------


def test_each_start_under_a_name_is_another_owner(world: World) -> None:
    with world.sam.database.begin() as connection:
        first = owners.register(connection, "n/0", LEASE)
        second = owners.register(connection, "n/0", LEASE)

        assert (first, second) == (Owner("n/0", 1), Owner("n/0", 2))
        assert owners.take(connection, second, LEASE)
        assert not owners.take(connection, first, LEASE)
        assert not owners.keep(connection, first, LEASE)


def test_a_lease_that_ended_is_not_kept_but_may_be_taken_again(world: World) -> None:
    with world.sam.database.begin() as connection:
        owner = owners.register(connection, "n/0", ENDED)

        assert not owners.keep(connection, owner, LEASE)
        assert owners.take(connection, owner, LEASE)
        assert owners.keep(connection, owner, LEASE)


def test_starts_at_the_same_moment_are_different_owners(world: World) -> None:
    found: list[Owner] = []

    def start() -> None:
        with world.sam.database.begin() as connection:
            found.append(owners.register(connection, "n/0", LEASE))

    at_once(*[start] * 8)

    assert sorted(owner.epoch for owner in found) == list(range(1, 9))


def test_a_restart_at_its_place_ends_what_its_predecessor_signed(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    interrupted(world, tx, "after-intent")

    world.restart()

    assert world.client.status(tx).state == m.State.FAILED
    assert world.sam.owner.epoch == 2


# --- whose SIGNING ends ---------------------------------------------------------------


def test_a_living_neighbours_signing_is_left_alone(
    world: World, other: Sam, erika: Holder
) -> None:
    tx = world.approved(erika)

    done = finish.finish(
        replace(other, fault=at("after-intent", lambda: look(world, tx))),
        m.Finish(tx=tx),
    )

    assert done.release == 1
    assert chain_holds(world)


def look(world: World, tx: str) -> None:
    """The other process answers calls meanwhile, and sweeps."""
    finish.fail_interrupted(world.sam)
    assert world.client.status(tx).state == m.State.SIGNING


def test_a_dead_neighbours_signing_ends(
    world: World, other: Sam, erika: Holder
) -> None:
    tx = world.approved(erika)
    with pytest.raises(KeyboardInterrupt):
        finish.finish(replace(other, fault=at("after-intent", stop)), m.Finish(tx=tx))
    finish.fail_interrupted(world.sam)
    before = world.client.status(tx).state
    end_lease(world, other.owner)

    finish.fail_interrupted(world.sam)

    status = world.client.status(tx)
    assert before == m.State.SIGNING
    assert (status.state, status.reason) == (m.State.FAILED, "interrupted")
    assert world.key_plans_open() == 0


SLEEPS = ("after-signing", "after-certificate", "after-intent", "before-result")


@pytest.mark.parametrize("point", SLEEPS)
@pytest.mark.parametrize("swept", [False, True], ids=["unnoticed", "swept"])
def test_who_slept_past_the_lease_releases_nothing(
    world: World, other: Sam, erika: Holder, point: str, swept: bool
) -> None:
    tx = world.approved(erika)

    def sleep() -> None:
        end_lease(world)
        if swept:
            finish.fail_interrupted(other)

    world.serve(replace(world.sam, fault=at(point, sleep)))
    with pytest.raises(errors.SigningFailedError, match="no_longer_the_owner"):
        world.finish(tx)

    status = world.client.status(tx)
    assert (status.state, status.reason) == (
        m.State.FAILED,
        "interrupted" if swept else "no_longer_the_owner",
    )
    assert world.client.releases(0).releases == ()
    assert world.device.one_time_keys() == ()
    assert chain_holds(world)


def test_who_slept_before_the_intent_signs_no_document(
    world: World, erika: Holder
) -> None:
    """One operation makes the key, one signs its request: none is left."""
    tx, before = world.approved(erika), world.key_operations
    fault = at("after-certificate", lambda: end_lease(world))
    world.serve(replace(world.sam, fault=fault))

    with pytest.raises(errors.SigningFailedError):
        world.finish(tx)

    assert world.key_operations - before == 2


def test_a_process_whose_name_another_took_begins_nothing(
    world: World, erika: Holder
) -> None:
    tx, replaced = world.approved(erika), world.sam
    world.restart()

    with pytest.raises(errors.SamUnavailableError, match="this one's name"):
        finish.finish(replaced, m.Finish(tx=tx))

    assert world.client.status(tx).state == m.State.VERIFIED
    assert world.finish(tx).release == 1


@pytest.mark.parametrize("point", ["after-intent", "before-result"])
def test_a_process_that_was_stopped_past_its_lease_releases_nothing(
    world: World, other: Sam, erika: Holder, point: str
) -> None:
    """SIGSTOP and SIGCONT of a real process, and a second of real time."""
    tx = world.approved(erika)
    config = world.sam.config.model_copy(update={"sam_lease_seconds": 1})
    stopped = replace(world.sam, config=config, fault=at(point, stop_myself))
    child = forked(stopped, tx)
    os.waitpid(child, os.WUNTRACED)
    time.sleep(1.2)
    finish.fail_interrupted(other)

    os.kill(child, signal.SIGCONT)
    _, code = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(code) == REFUSED
    assert world.client.status(tx).state == m.State.FAILED
    assert world.client.releases(0).releases == ()
    assert chain_holds(world)


def test_a_process_that_was_stopped_within_its_lease_releases(
    world: World, other: Sam, erika: Holder
) -> None:
    """Guards the table above."""
    tx = world.approved(erika)
    child = forked(replace(world.sam, fault=at("before-result", stop_myself)), tx)
    os.waitpid(child, os.WUNTRACED)
    finish.fail_interrupted(other)

    os.kill(child, signal.SIGCONT)
    _, code = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(code) == 0
    assert [r.number for r in world.client.releases(0).releases] == [1]


REFUSED = 7


def forked(sam: Sam, tx: str) -> int:
    """A child that finishes ``tx`` with connections of its own."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        mine = replace(sam, database=Database(sam.config.database_url))
        finish.finish(mine, m.Finish(tx=tx))
        code = 0
    except errors.SigningFailedError:
        code = REFUSED
    finally:
        os._exit(code)


# --- one log, one row of numbers ------------------------------------------------------


def test_records_of_many_processes_make_one_chain(world: World) -> None:
    """None waits in vain, none is refused."""
    before = world.client.info().audit_sequence

    def write() -> None:
        database = Database(world.sam.config.database_url)
        for _ in range(10):
            with database.begin() as connection:
                audit.append(connection, audit.Event.STARTED, now=world.clock())
        database.close()

    at_once(*[write] * 6)

    assert world.client.info().audit_sequence == before + 60
    assert chain_holds(world)


def test_release_numbers_have_no_gap_and_no_double(world: World) -> None:
    taken: list[int] = []

    def number(kept: bool) -> None:
        database = Database(world.sam.config.database_url)
        with contextlib.suppress(KeyboardInterrupt), database.begin() as connection:
            given = heads.next_release(connection)
            if not kept:
                stop()
            taken.append(given)
        database.close()

    at_once(*[lambda: number(True)] * 5, *[lambda: number(False)] * 5)

    assert sorted(taken) == [1, 2, 3, 4, 5]


def test_a_log_from_before_there_was_a_head_goes_on(
    world: World, erika: Holder
) -> None:
    world.finish(world.approved(erika))
    with world.sam.database.begin() as connection:
        connection.execute(heads.heads.delete())

    world.finish(world.approved(erika))

    assert [r.number for r in world.client.releases(0).releases] == [1, 2]
    assert chain_holds(world)


def test_used_nonces_outlast_a_clock_that_is_late(world: World) -> None:
    now = world.clock()
    with world.sam.database.begin() as connection:
        handle_store.use_nonce(connection, "n", now)
    world.clock.pass_by(minutes=59)
    world.client.info()

    with (
        world.sam.database.begin() as connection,
        pytest.raises(store.OnceOnlyError),
    ):
        handle_store.use_nonce(connection, "n", now)


# --- what the tests above are made of -------------------------------------------------


def at(point: str, act: Callable[[], object]) -> Callable[[str], None]:
    """A fault hook that acts at ``point`` and nowhere else."""

    def hook(here: str) -> None:
        if here == point:
            act()

    return hook


def stop() -> None:
    raise KeyboardInterrupt


def stop_myself() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def interrupted(world: World, tx: str, point: str) -> None:
    good = world.sam
    world.serve(replace(good, fault=at(point, stop)))
    with pytest.raises(KeyboardInterrupt):
        world.finish(tx)
    world.sam = good


def at_once(*acts: Callable[[], object]) -> None:
    """Every act in a thread of its own, started together; their errors are raised."""
    together, problems = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[], object]) -> None:
        together.wait()
        try:
            act()
        except BaseException as error:  # noqa: BLE001 — raised below
            problems.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
