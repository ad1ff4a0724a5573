"""csc-sam check 43: the device proves itself every day, or nothing is answered."""

from dataclasses import replace

import pytest

from hsm.errors import DeviceRefusedError
from hsm.memory_device import MemoryDevice
from hsm.port import SelfTest
from sam.errors import SamUnavailableError
from tests.sam.world import World


class Examined(MemoryDevice):
    """Counts its self-tests; fails them, or is another device, when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.fails = False
        self.model: str | None = None

    def self_test(self) -> SelfTest:
        self.asked += 1
        if self.fails:
            raise DeviceRefusedError("a known answer is wrong")
        tested = super().self_test()
        return tested if self.model is None else replace(tested, model=self.model)


@pytest.fixture
def device(world: World) -> Examined:
    """In the place of the world's own, with the same keys."""
    device = Examined()
    device.__dict__.update(
        {k: v for k, v in world.device.__dict__.items() if k not in device.__dict__}
        | {k: v for k, v in world.device.__dict__.items() if k.startswith("_")}
    )
    world.device = device
    world.restart()
    assert device.asked == 1
    return device


def test_within_a_day_nothing_is_asked_again(world: World, device: Examined) -> None:
    world.clock.pass_by(hours=23.9)

    world.client.info()

    assert device.asked == 1


def test_after_a_day_it_is_asked_once(world: World, device: Examined) -> None:
    world.clock.pass_by(days=1)

    world.client.info()
    world.client.info()

    assert device.asked == 2


def test_while_it_fails_nothing_is_signed(world: World, device: Examined) -> None:
    world.clock.pass_by(hours=23.95)
    tx = world.approved(world.person("erika"))
    world.clock.pass_by(hours=0.1)
    device.fails = True

    with pytest.raises(SamUnavailableError):
        world.finish(tx)
    with pytest.raises(SamUnavailableError):
        world.finish(tx)
    assert world.key_operations == 0

    device.fails = False
    assert world.finish(tx).signatures


def test_another_device_is_refused(world: World, device: Examined) -> None:
    world.clock.pass_by(days=1)
    device.model = "another"

    with pytest.raises(SamUnavailableError, match="not the one of the start"):
        world.client.info()
