"""csc-sam check 42: what setting the machine's clock does to a running SAM."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from sam import audit
from sam.clock import ClockSteppedError, GuardedClock
from sam.start import StartError
from tests.sam.callers import Holder
from tests.sam.world import NOW, World


@dataclass(slots=True)
class Machine:
    """Time passes; its clock can be set."""

    wall: datetime = NOW
    ticks: float = 1000.0

    def pass_by(self, seconds: float, *, drift: float = 0.0) -> None:
        self.ticks += seconds
        self.wall += timedelta(seconds=seconds + drift)

    def guarded(self) -> GuardedClock:
        return GuardedClock(lambda: self.wall, lambda: self.ticks)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path)) as made:
        yield made


@pytest.mark.parametrize("seconds", [0.0, 1.0, 600.0, 86_400.0, 10_000_000.0])
def test_time_that_passes_is_told(machine: Machine, seconds: float) -> None:
    clock = machine.guarded()
    machine.pass_by(seconds)

    assert clock() == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "drift",
    [-86_400.0, -3600.0, -1.2, 1.2, 3600.0, 315_360_000.0],
    ids=["-1d", "-1h", "just-back", "just-forward", "+1h", "+10y"],
)
@pytest.mark.parametrize("seconds", [0.0, 100.0])
def test_a_clock_that_was_set_is_refused_for_good(
    machine: Machine, drift: float, seconds: float
) -> None:
    clock = machine.guarded()
    clock()
    machine.pass_by(seconds, drift=drift)

    with pytest.raises(ClockSteppedError, match="the clock was set by"):
        clock()
    machine.wall -= timedelta(seconds=drift)
    with pytest.raises(ClockSteppedError):
        clock()


@pytest.mark.parametrize("drift", [-0.9, 0.9])
def test_a_small_step_is_not_refused(machine: Machine, drift: float) -> None:
    clock = machine.guarded()
    machine.pass_by(1.0, drift=drift)

    clock()


@pytest.mark.parametrize("drift", [-0.9, 0.9])
def test_small_steps_do_not_add_up(machine: Machine, drift: float) -> None:
    clock = machine.guarded()

    def stepped(times: int) -> None:
        for _ in range(times):
            machine.pass_by(1.0, drift=drift)
            clock()

    stepped(5)
    with pytest.raises(ClockSteppedError):
        stepped(1)


@pytest.mark.parametrize("rate", [-0.0005, 0.0005])
def test_what_ntp_does_is_not_refused(machine: Machine, rate: float) -> None:
    clock = machine.guarded()

    def slewed(hours: int) -> None:
        for _ in range(hours):
            machine.pass_by(3600.0, drift=3600.0 * rate)
            clock()

    slewed(24 * 30)


def test_the_time_told_never_goes_back(machine: Machine) -> None:
    clock = machine.guarded()
    machine.pass_by(10.0)
    before = clock()
    machine.pass_by(0.0, drift=-0.5)

    assert clock() == before


def test_the_real_clock_tells_the_time() -> None:
    assert abs(GuardedClock()() - datetime.now(UTC)) < timedelta(seconds=1)


def test_setting_the_clock_prolongs_no_approval(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    machine = Machine(wall=world.clock.now)
    world.serve(replace(world.sam, clock=machine.guarded()))
    machine.pass_by(700.0, drift=-600.0)

    with pytest.raises(Exception, match="the clock was set by -600"):
        world.finish(tx)
    assert world.key_operations == 0


@pytest.mark.parametrize(("back", "starts"), [(4.0, True), (6.0, False)])
def test_a_sam_does_not_start_before_its_own_log(
    world: World, back: float, *, starts: bool
) -> None:
    world.clock.pass_by(seconds=-back)

    if starts:  # guards the refusal
        world.restart()
        return
    with pytest.raises(StartError, match="the clock is before the last audit record"):
        world.restart()


def test_the_log_never_goes_back_in_time(world: World, erika: Holder) -> None:
    world.finish(world.approved(erika))

    with world.sam.database.begin() as connection:
        times = [json.loads(each.record)["at"] for each in audit.records(connection)]
    assert all(earlier <= later for earlier, later in pairwise(times))
