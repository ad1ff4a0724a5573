"""Every release is charged once, whatever repeats, overlaps, dies or is returned."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.plans import free_tier, store
from sam import errors
from sam import messages as m
from tests.app.plans.conftest import World
from tests.app.plans.sam_ledger import PAGE

Step = Callable[[World, str], None]


def settle(world: World, _: str) -> None:
    world.tier.settle()


def give_back(world: World, tx: str) -> None:
    world.tier.give_back(tx)


def release(world: World, tx: str) -> None:
    world.sam.release(tx, 2)


@pytest.mark.parametrize(
    ("steps", "state", "used", "total"),
    [
        pytest.param((), "reserved", 2, (0, 0), id="reserved"),
        pytest.param((settle,), "reserved", 2, (0, 0), id="not-released-yet"),
        pytest.param((release, settle), "charged", 2, (1, 2), id="released"),
        pytest.param(
            (release, settle, settle), "charged", 2, (1, 2), id="settled-twice"
        ),
        pytest.param(
            (give_back, settle), "returned", 0, (0, 0), id="returned-unreleased"
        ),
        pytest.param(
            (release, give_back, settle),
            *("returned", 0, (0, 0)),
            id="returned-before-it-is-settled",
        ),
        pytest.param(
            (release, settle, give_back),
            *("returned", 0, (0, 0)),
            id="returned-after-it-is-settled",
        ),
        pytest.param(
            (release, settle, give_back, settle, give_back),
            *("returned", 0, (0, 0)),
            id="returned-and-all-again",
        ),
    ],
)
def test_a_reservation_comes_to_its_end_once(
    world: World,
    steps: tuple[Step, ...],
    state: str,
    used: int,
    total: tuple[int, int],
) -> None:
    tx = world.reserved("Ana", 2)

    for step in steps:
        step(world, tx)

    assert (world.state(tx), world.used("Ana"), world.total()) == (state, used, total)


def test_many_releases_are_settled_page_by_page(world: World) -> None:
    txs = [world.signed(f"person {n}") for n in range(2 * PAGE + 1)]

    world.tier.settle()

    assert {world.state(tx) for tx in txs} == {"charged"}
    assert world.total() == (len(txs), len(txs))


def test_a_person_counts_once_in_a_period(world: World) -> None:
    for _ in range(3):
        world.signed("Ana")

    world.tier.settle()

    assert world.total() == (1, 3)


def test_a_person_whose_last_signature_is_returned_counts_no_more(
    world: World,
) -> None:
    txs = [world.signed("Ana") for _ in range(2)]
    world.tier.settle()

    for tx in txs:
        world.tier.give_back(tx)

    assert world.total() == (0, 0)


def test_what_an_application_started_is_left_alone(world: World) -> None:
    world.sam.release(world.sam.approval("Ana"), 4)

    world.tier.settle()

    assert (world.used("Ana"), world.total()) == (0, (0, 0))


def test_what_is_settled_is_not_asked_for_again(world: World) -> None:
    world.signed("Ana")
    world.tier.settle()
    marks: list[int] = []
    asked = world.sam.releases

    def watched(since: int) -> m.Releases:
        marks.append(since)
        return asked(since)

    world.sam.releases = watched  # type: ignore[method-assign]
    world.tier.settle()

    assert marks == [1]


def test_several_workers_charge_each_release_once(world: World) -> None:
    for n in range(20):
        world.signed(f"person {n % 7}", 1)

    in_parallel(world.tier.settle, 6)

    assert world.total() == (7, 20)


def test_settling_and_giving_back_at_once_end_without_a_charge(world: World) -> None:
    txs = [world.signed(f"person {n % 3}", 1) for n in range(12)]
    chores = [world.tier.settle, world.tier.settle]
    chores += [lambda tx=tx: world.tier.give_back(tx) for tx in txs]  # type: ignore[misc]

    at_once(chores)

    assert {world.state(tx) for tx in txs} == {"returned"}
    assert world.total() == (0, 0)
    assert [world.used(f"person {n}") for n in range(3)] == [0, 0, 0]


def test_what_is_charged_at_this_very_moment_is_returned_after_it(
    on_postgresql: World,
) -> None:
    tx = on_postgresql.signed("Ana")

    with on_postgresql.database.write() as db:
        store.charge(db, tx)
        other = another_thread(lambda: on_postgresql.tier.give_back(tx))
    other.join()

    assert (on_postgresql.state(tx), on_postgresql.used("Ana")) == ("returned", 0)


def test_a_worker_that_lags_does_not_move_the_mark_back(on_sqlite: World) -> None:
    with on_sqlite.database.write() as db:
        store.advance(db, 5)
        store.advance(db, 3)
        mark = store.settled_up_to(db)

    assert mark == 5


def test_only_the_first_return_is_one(on_sqlite: World) -> None:
    tx = on_sqlite.signed("Ana")

    with on_sqlite.database.write() as db:
        returned = [store.give_back(db, tx), store.give_back(db, tx)]

    assert returned == [True, False]


def another_thread(chore: Callable[[], None]) -> threading.Thread:
    """Given the time to reach what we hold."""
    thread = threading.Thread(target=chore)
    thread.start()
    thread.join(timeout=0.2)
    return thread


def in_parallel(chore: Callable[[], None], times: int) -> None:
    at_once([chore] * times)


def at_once(chores: list[Callable[[], None]]) -> None:
    """All of them, started together; what one of them raises is raised here."""
    start = threading.Barrier(len(chores))
    raised: list[Exception] = []

    def run(chore: Callable[[], None]) -> None:
        start.wait()
        try:
            chore()
        except Exception as error:  # noqa: BLE001 — handed to the test's own thread
            raised.append(error)

    threads = [threading.Thread(target=run, args=(chore,)) for chore in chores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


# --- a crash between two steps


class Crash(BaseException):
    """The process is gone: nothing of ours catches it."""


@pytest.mark.parametrize("at", ["advance", "charge"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_crash_while_settling_neither_loses_nor_doubles_a_charge(
    world: World, monkeypatch: pytest.MonkeyPatch, at: str, nth: int
) -> None:
    txs = [world.signed(f"person {n}", 2) for n in range(4)]

    with monkeypatch.context() as patch:
        dies_after(patch, at, nth)
        with pytest.raises(Crash):
            world.tier.settle()
    world.tier.settle()

    assert {world.state(tx) for tx in txs} == {"charged"}
    assert world.total() == (4, 8)


@pytest.mark.parametrize("at", ["hold", "count"])
def test_a_crash_while_reserving_leaves_nothing_held(
    world: World, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    tx = world.sam.approval("Ana")

    with monkeypatch.context() as patch:
        dies_after(patch, at, 1)
        with pytest.raises(Crash):
            world.tier.reserve(tx, 2)

    assert (world.state(tx), world.used("Ana")) == (None, 0)


def dies_after(patch: pytest.MonkeyPatch, name: str, nth: int) -> None:
    """The process ends right after the nth of these statements, before its commit."""
    statement = getattr(store, name)
    calls = 0

    def fatal(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        result = statement(*arguments)
        if calls == nth:
            raise Crash
        return result

    patch.setattr(store, name, fatal)


def test_while_the_sam_does_not_answer_nothing_is_settled(on_sqlite: World) -> None:
    tx = on_sqlite.signed("Ana")
    on_sqlite.sam.failing["releases"] = errors.SamUnavailableError

    with pytest.raises(errors.SamUnavailableError):
        on_sqlite.tier.settle()

    assert on_sqlite.state(tx) == "reserved"


def test_a_sam_that_repeats_itself_does_not_hold_the_worker(on_sqlite: World) -> None:
    on_sqlite.signed("Ana")
    on_sqlite.sam.releases = lambda since: m.Releases(  # type: ignore[method-assign]
        releases=tuple(on_sqlite.sam.released)
    )

    on_sqlite.tier.settle()
    on_sqlite.tier.settle()

    assert on_sqlite.total() == (1, 1)


# --- what hangs


@pytest.mark.parametrize(
    ("became", "state", "used"),
    [
        (m.State.FAILED, "returned", 0),
        (m.State.CLOSED, "returned", 0),
        (m.State.SIGNED, "charged", 1),
        (m.State.SIGNING, "reserved", 1),
        (m.State.VERIFIED, "reserved", 1),
    ],
)
def test_what_hangs_for_a_day_ends_as_the_sam_says(
    world: World, became: m.State, state: str, used: int
) -> None:
    tx = world.reserved("Ana")
    world.sam.transactions[tx].state = became
    world.clock.forward(hours=24)

    world.tier.forget()

    assert (world.state(tx), world.used("Ana")) == (state, used)


def test_what_the_sam_no_longer_knows_is_returned(on_sqlite: World) -> None:
    tx = on_sqlite.reserved("Ana")
    del on_sqlite.sam.transactions[tx]
    on_sqlite.clock.forward(hours=24)

    on_sqlite.tier.forget()

    assert on_sqlite.state(tx) == "returned"


def test_what_hangs_for_less_than_a_day_is_left_alone(on_sqlite: World) -> None:
    tx = on_sqlite.reserved("Ana")
    on_sqlite.sam.transactions[tx].state = m.State.FAILED
    on_sqlite.clock.now += free_tier.STALE_AFTER - timedelta(seconds=1)

    on_sqlite.tier.forget()

    assert on_sqlite.state(tx) == "reserved"
