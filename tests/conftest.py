"""Fixtures that more than one package's tests need. Nothing here touches ``var/``."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hsm.config import HsmConfig
from hsm.token import set_up
from tests import postgresql

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"

# What an operator has set is for the service they run, not for the tests' own ones.
for _name in [n for n in os.environ if n.startswith("QES_")]:
    if _name != "QES_PKCS11_MODULE":
        del os.environ[_name]


@pytest.fixture(scope="session")
def softhsm_module() -> Path:
    """The SoftHSM library. Its absence is a skip here and a failure in CI."""
    module = Path(os.environ.get("QES_PKCS11_MODULE", SOFTHSM))
    if not module.exists():
        reason = f"SoftHSM is not installed: no {module}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return module


@pytest.fixture(scope="session")
def softhsm_config(
    softhsm_module: Path, tmp_path_factory: pytest.TempPathFactory
) -> HsmConfig:
    """An initialised token with all service keys, shared by the whole session.

    One device at a time may be open on the module in this process: close it.
    """
    config = softhsm_config_in(tmp_path_factory.mktemp("token"), softhsm_module)
    set_up(config)
    return config


@pytest.fixture
def unmade_softhsm_config(softhsm_module: Path, tmp_path: Path) -> HsmConfig:
    """A configuration for which nothing is on disk yet."""
    return softhsm_config_in(tmp_path, softhsm_module)


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[Path]:
    """A private server. Its absence is a skip here and a failure in CI."""
    if not postgresql.SERVERS:
        reason = "no PostgreSQL server under /usr/lib/postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with postgresql.cluster() as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> postgresql.Databases:
    """Every kind of database the service may use."""
    if request.param == "sqlite":
        return lambda name: f"sqlite:///{tmp_path / name}.db"
    cluster: Path = request.getfixturevalue("postgresql_cluster")
    return lambda name: postgresql.fresh_database(cluster, name)


def softhsm_config_in(folder: Path, module: Path) -> HsmConfig:
    return HsmConfig(
        module=module,
        token_label="tests",
        pin_file=folder / "sam" / "pin",
        softhsm_conf=folder / "softhsm2.conf",
    )
