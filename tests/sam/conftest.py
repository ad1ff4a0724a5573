from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sam import owners, schema
from sam.database import Database
from tests.sam.callers import Holder
from tests.sam.world import World
from wallet_emulator.keys import new_key


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path)) as world:
        yield world


@pytest.fixture
def erika(world: World) -> Holder:
    """Has a PID and a signing pass."""
    return world.person("erika")


@pytest.fixture
def asa(world: World) -> Holder:
    """Another person, equally equipped."""
    return world.person("asa")


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For tables of refusals: each row opens its own transaction in it."""
    with closing(World(tmp_path_factory.mktemp("world"))) as world:
        yield world


@pytest.fixture(scope="module")
def shared_erika(shared_world: World) -> Holder:
    return shared_world.person("erika")


@pytest.fixture(scope="module")
def villain(shared_world: World, shared_erika: Holder) -> Holder:
    """Erika's wallet, ready to misbehave: with an accomplice, and a past."""
    shared_erika.accomplice = shared_world.person("asa").wallet
    shared_world.approved(shared_erika)
    shared_world.identify(shared_erika)
    return shared_erika


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    """A wallet's, known to nobody yet."""
    return new_key()


@pytest.fixture
def sam_store(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'sam.db'}")) as made:
        schema.metadata.create_all(made.engine)
        with made.begin() as connection:
            for name in ("me", "other"):
                owners.register(connection, name, timedelta(hours=1))
        yield made
