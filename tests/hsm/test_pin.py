import os
import stat
from pathlib import Path

import pytest

from hsm.errors import HsmUnavailableError
from hsm.pin import Pin, new_pin, read_pin, write_pin

CANARY = "pin-canary-7431"


@pytest.fixture
def pin_file(tmp_path: Path) -> Path:
    write_pin(tmp_path / "pin", Pin(CANARY))
    return tmp_path / "pin"


def test_a_written_pin_is_read_again(pin_file: Path) -> None:
    assert read_pin(pin_file).reveal() == CANARY


def test_the_file_is_for_its_owner_only(pin_file: Path) -> None:
    assert stat.S_IMODE(pin_file.stat().st_mode) == 0o600


def test_the_file_is_for_its_owner_only_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    write_pin(tmp_path / "pin", Pin(CANARY))
    os.umask(before)

    assert stat.S_IMODE((tmp_path / "pin").stat().st_mode) == 0o600


def test_nothing_is_left_beside_the_file(pin_file: Path) -> None:
    assert list(pin_file.parent.iterdir()) == [pin_file]


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666])
def test_a_file_open_to_others_is_refused(pin_file: Path, mode: int) -> None:
    pin_file.chmod(mode)

    with pytest.raises(HsmUnavailableError, match="0600"):
        read_pin(pin_file)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_for_its_owner_is_accepted(pin_file: Path, mode: int) -> None:
    """Guards the table above."""
    pin_file.chmod(mode)

    assert read_pin(pin_file).reveal() == CANARY


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(pin_file: Path) -> None:
    os.chown(pin_file, 12345, -1)

    with pytest.raises(HsmUnavailableError, match="uid 12345"):
        read_pin(pin_file)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n", id="a-newline"),
        pytest.param(b"abc\n", id="too-short"),
        pytest.param(b"x" * 256, id="too-long"),
        pytest.param(b"x" * 100_000, id="much-too-long"),
        pytest.param(b"1234\n5678\n", id="two-lines"),
        pytest.param(b"12\x0034\n", id="nul"),
    ],
)
def test_a_file_that_holds_no_pin_is_refused(pin_file: Path, content: bytes) -> None:
    pin_file.write_bytes(content)

    with pytest.raises(HsmUnavailableError, match="holds no PIN"):
        read_pin(pin_file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HsmUnavailableError, match="No such file"):
        read_pin(tmp_path / "pin")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HsmUnavailableError):
        read_pin(tmp_path)


def test_a_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pin", 0o600)

    with pytest.raises(HsmUnavailableError, match="regular"):
        read_pin(tmp_path / "pin")


@pytest.mark.parametrize("write", [repr, str, "{}".format, "{!r}".format])
def test_a_pin_does_not_print(write: "type[str]") -> None:
    assert CANARY not in write(Pin(CANARY))


def test_new_pins_differ() -> None:
    assert new_pin() != new_pin()


def test_a_new_pin_is_long() -> None:
    assert len(new_pin().reveal()) == 32
