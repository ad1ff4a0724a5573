import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pkcs11 import Attribute

from hsm import keys, quota_keys, wrapping_keys
from hsm.algorithms import Algorithm
from hsm.config import HsmConfig
from hsm.login import Login
from hsm.memory_device import MemoryDevice
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KeyId, SigningDevice
from hsm.wrapped import WrappedKey
from tests.hsm import nss

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def pkcs11_device(softhsm_config: HsmConfig) -> Iterator[Pkcs11Device]:
    device = Pkcs11Device.open(softhsm_config)
    yield device
    device.close()


@pytest.fixture(scope="session")
def nss_config(tmp_path_factory: pytest.TempPathFactory) -> HsmConfig:
    """A second module's token. Its absence is a skip here and a failure in CI."""
    if not nss.MODULES:
        reason = "NSS is not installed: no libsoftokn3.so"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    config = nss.unmade(tmp_path_factory.mktemp("nss"))
    nss.set_up(config)
    return config


@pytest.fixture
def nss_device(nss_config: HsmConfig, tmp_path: Path) -> Iterator[Pkcs11Device]:
    """On a copy of that token: quota keys would survive."""
    own = nss.unmade(tmp_path / "nss")
    shutil.copytree(nss_config.pin_file.parents[1], own.pin_file.parents[1])
    device = Pkcs11Device.open(own)
    yield device
    device.close()


@pytest.fixture(params=["pkcs11", "nss", "memory"])
def device(request: pytest.FixtureRequest) -> Iterator[SigningDevice]:
    """Every adapter of the port, and two modules under the one for PKCS#11."""
    if request.param == "memory":
        yield MemoryDevice()
    else:
        yield request.getfixturevalue(f"{request.param}_device")


@pytest.fixture(params=["pkcs11", "memory"])
def wrapping_device(
    request: pytest.FixtureRequest,
) -> Iterator[Pkcs11Device | MemoryDevice]:
    """Every adapter that wraps keys. On the token, wrapping keys do not survive."""
    if request.param == "memory":
        yield MemoryDevice()
        return
    device = Pkcs11Device.open(request.getfixturevalue("softhsm_config"))
    before = device.wrapping_keys()
    yield device
    device.close()
    config = request.getfixturevalue("softhsm_config")
    restore_wrapping_keys(config, before)


def restore_wrapping_keys(config: HsmConfig, wanted: tuple[KeyId, ...]) -> None:
    login = Login.open(config, writable=True)
    with login.exclusively() as session:
        for key_id in wrapping_keys.load(session, login.facts):
            if key_id not in wanted:
                wrapping_keys.destroy(session, key_id)
        wrapping_keys.ensure(session, login.facts)
    login.close()


@pytest.fixture(scope="session")
def kept_keys() -> dict[tuple[str, Algorithm], WrappedKey]:
    return {}


@pytest.fixture
def made(
    wrapping_device: Pkcs11Device | MemoryDevice,
    kept_keys: dict[tuple[str, Algorithm], WrappedKey],
) -> Callable[[Algorithm], WrappedKey]:
    """A wrapped key of each kind, made once per wrapping key: RSA takes its time."""

    def make(algorithm: Algorithm) -> WrappedKey:
        place = (wrapping_device.wrapping_keys()[-1].hex(), algorithm)
        if place not in kept_keys:
            kept_keys[place] = wrapping_device.generate_wrapped_key(algorithm)
        return kept_keys[place]

    return make


@pytest.fixture
def token_without_quota_keys(softhsm_config: HsmConfig) -> Iterator[None]:
    """The session's token, as clean afterwards as before: such keys survive a device.

    Before ``device`` in the order of fixtures, so that it is closed when this ends.
    """
    yield
    login = Login.open(softhsm_config, writable=True)
    with login.exclusively() as session:
        for key in keys.find(session, {Attribute.LABEL: quota_keys.LABEL}):
            key.destroy()
    login.close()


@pytest.fixture
def own_config(
    softhsm_config: HsmConfig, unmade_softhsm_config: HsmConfig
) -> HsmConfig:
    """A copy of the session's token, for the test to damage. Copying costs no fsync."""
    original, own = (
        config.pin_file.parents[1] for config in (softhsm_config, unmade_softhsm_config)
    )
    shutil.copytree(original, own, dirs_exist_ok=True)
    (own / "softhsm2.conf").write_text(f"directories.tokendir = {own / 'tokens'}\n")
    return unmade_softhsm_config


@pytest.fixture
def key_id() -> KeyId:
    return KeyId(secrets.token_bytes(16))


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts Python on a script of this folder; what still runs is killed."""
    running: list[subprocess.Popen[str]] = []

    def start_script(name: str, *arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(name)), *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start_script
    for process in running:
        process.kill()
        process.communicate()
