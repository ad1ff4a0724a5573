from pathlib import Path

import pytest

from tests.sam.world import Holder, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def erika(world: World) -> Holder:
    """Has a PID and a signing pass."""
    return Holder.of(world, "erika")


@pytest.fixture
def asa(world: World) -> Holder:
    """Another person, equally equipped."""
    return Holder.of(world, "asa")
