"""Two signers at once, on every database, and a real token across a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from hsm.config import HsmConfig
from hsm.memory_device import MemoryDevice
from hsm.pkcs11_device import Pkcs11Device
from sam import messages as m
from sam import quota, quota_keys
from sam.module import Sam
from tests.postgresql import Databases
from tests.sam.callers import Holder
from tests.sam.quotas import (
    PERIOD,
    POLICY,
    beginnings_audited,
    enact,
    ends_audited,
    quota_rows,
)
from tests.sam.quotas import quota as asked
from tests.sam.test_quota_keys import END
from tests.sam.test_races import chain_holds, raced
from tests.sam.world import World, second_process


@pytest.fixture
def world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, databases("sam"))
    enact(world)
    yield world
    world.close()


@pytest.fixture
def other(world: World) -> Iterator[Sam]:
    """A second signer process over the same database and token."""
    sam = second_process(world)
    yield sam
    sam.database.engine.dispose()


@pytest.mark.parametrize("attempt", range(3))
def test_two_raced_first_uses_make_one_key(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    call = m.QuotaTag(policy=POLICY, period=PERIOD, handle=world.identify(erika))

    outcomes = raced(
        lambda: quota.quota_tag(world.sam, call),
        lambda: quota.quota_tag(other, call),
    )

    tagged = world.client.quota_tag(call)
    assert tagged in outcomes
    assert {str(o) for o in outcomes if o != tagged} <= {"sam_unavailable"}
    assert len(world.device.quota_keys()) == len(beginnings_audited(world)) == 1
    assert chain_holds(world)


@pytest.mark.parametrize("attempt", range(3))
def test_two_raced_sweeps_record_one_end(
    world: World, other: Sam, erika: Holder, attempt: int
) -> None:
    asked(world, handle=world.identify(erika))
    world.clock.now = END

    raced(lambda: quota_keys.sweep(world.sam), lambda: quota_keys.sweep(other))

    assert world.device.quota_keys() == ()
    assert [row["destroyed_at"] for row in quota_rows(world)] == [END]
    assert len(ends_audited(world)) == 1
    assert chain_holds(world)


def test_a_key_on_a_real_token_serves_the_next_process_until_its_period_ends(
    softhsm_config: HsmConfig, tmp_path: Path
) -> None:
    device = Pkcs11Device.open(softhsm_config)
    world = World(tmp_path, device=cast("MemoryDevice", device))
    enact(world)
    handle = world.identify(world.person("erika"))
    before = asked(world, handle=handle)
    device.close()
    again = Pkcs11Device.open(softhsm_config)
    world.device = cast("MemoryDevice", again)
    world.restart()

    after = asked(world, handle=handle)

    world.clock.now = END
    world.client.info()
    left = again.quota_keys()
    again.close()
    world.close()
    assert after == before
    assert left == ()
