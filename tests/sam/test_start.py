"""What does not fit stops the start, with the sentence that says what to do."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hsm.errors import DeviceRefusedError, HsmError
from sam import faults
from sam.config import SamConfig
from sam.start import StartError, assemble, open_sam
from tests.sam.world import World
from wallet_emulator.pid_provider import PidProvider

Break = Callable[[SamConfig], object]


def restarted(world: World, config: SamConfig | None = None) -> object:
    sam = assemble(
        config or world.sam.config,
        world.device,
        issuer=world.sam.issuer,
        clock=world.clock,
    )
    world.opened.append(sam.database)
    return sam


def overwrite(name: str, content: bytes) -> Break:
    return lambda config: (config.sam_directory / name).write_bytes(content)


def remove(name: str) -> Break:
    return lambda config: (config.sam_directory / name).unlink()


def swap(config: SamConfig) -> None:
    """The request-signing certificate where the pass issuer's belongs."""
    folder = config.certificates
    shutil.copy(folder / "request-signing.pem", folder / "pass-issuing.pem")


def same_anchor_twice(config: SamConfig) -> None:
    (folder,) = config.pid_anchor_folders
    shutil.copy(folder / "demo-pid-provider.pem", folder / "other.pem")


PEM = "certificates/pass-issuing.pem"
BROKEN: dict[str, tuple[Break, str]] = {
    "pass-certificate-missing": (remove(PEM), "csr/pass-issuing.csr"),
    "request-certificate-missing": (
        remove("certificates/request-signing.pem"),
        "csr/request-signing.csr",
    ),
    "certificate-of-another-key": (swap, "not for the key pass-issuing"),
    "certificate-empty": (overwrite(PEM, b""), "no readable PEM"),
    "certificate-garbage": (overwrite(PEM, b"\xff\x00"), "no readable PEM"),
    "ca-anchor-missing": (remove("ca-anchor.pem"), "CA's root certificate"),
    "ca-anchor-garbage": (overwrite("ca-anchor.pem", b"x"), "no readable PEM"),
    "pid-anchor-garbage": (overwrite("anchors/pid/x.pem", b"x"), "no readable PEM"),
    "pid-anchor-twice": (same_anchor_twice, "anchor of two providers"),
}


@pytest.mark.parametrize(("act", "complaint"), BROKEN.values(), ids=BROKEN)
def test_a_sam_with_something_wrong_does_not_start(
    world: World, act: Break, complaint: str
) -> None:
    act(world.sam.config)

    with pytest.raises(StartError, match=complaint):
        restarted(world)


def test_a_sam_with_nothing_wrong_starts(world: World) -> None:
    """Guards the table above."""
    assert restarted(world)


def test_two_anchors_of_one_name_stop_the_start(world: World, tmp_path: Path) -> None:
    own = world.sam.config.pid_anchor_folders[0]
    more = tmp_path / "more"
    shutil.copytree(own, more)
    config = world.sam.config.model_copy(update={"pid_trust_anchors": more})

    with pytest.raises(StartError, match="two anchors are called demo-pid"):
        restarted(world, config)


def test_an_anchor_is_called_by_its_files_stem(world: World) -> None:
    world.trust_pid_provider("de-pid-2", PidProvider.create(world.clock.now))

    assert world.client.info().pid_providers == ("de-pid-2", "demo-pid-provider")


def test_a_fault_point_that_is_none_stops_the_start(world: World) -> None:
    config = world.sam.config.model_copy(update={"fault_kill_at": "somewhere"})

    with pytest.raises(StartError, match="one of before-signing"):
        restarted(world, config)


def test_a_device_that_fails_its_self_test_stops_the_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise DeviceRefusedError("a known answer was wrong")

    monkeypatch.setattr(world.device, "self_test", fail)

    with pytest.raises(DeviceRefusedError):
        restarted(world)


def test_a_second_sam_in_the_same_folder_does_not_start(tmp_path: Path) -> None:
    config = config_without_device(tmp_path)
    with pytest.raises(HsmError):  # past the lock: the device is the next step
        open_sam(config)

    with pytest.raises(StartError, match="another SAM is running here"):
        open_sam(config)


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    handle = os.open(tmp_path / "sam.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.close(handle)

    with pytest.raises(HsmError):
        open_sam(config_without_device(tmp_path))


def config_without_device(folder: Path) -> SamConfig:
    return SamConfig(sam_directory=folder, pkcs11_module=Path("/nowhere.so"))


def test_a_fault_point_kills_the_process_there_and_nowhere_else() -> None:
    code = (
        f"from {faults.__name__} import hook\n"
        "from sam.config import SamConfig\n"
        "fault = hook(SamConfig(fault_kill_at='after-key'))\n"
        "fault('before-intent'); print('alive', flush=True); fault('after-key')\n"
        "print('still alive', flush=True)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.stdout == "alive\n"
    assert done.returncode == -signal.SIGKILL
