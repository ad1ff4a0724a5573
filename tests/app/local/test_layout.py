"""Paths and addresses of a local deployment."""

from pathlib import Path

import pytest

from app.local.layout import LONGEST_SOCKET_PATH, Layout, LocalConfig


def socket_of(directory: Path) -> Path:
    settings = Layout(LocalConfig(directory=directory)).environment()
    return Path(settings["QES_SAM_SOCKET"])


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QES_SAM_SOCKET", raising=False)


def test_the_socket_lies_beside_the_sams_state() -> None:
    assert socket_of(Path("/srv/qes")) == Path("/srv/qes/sam/sam.sock")


def test_a_deep_folder_gets_a_short_socket() -> None:
    deep = Path("/srv") / ("x" * 60) / ("y" * 60)

    socket = socket_of(deep)

    assert len(str(socket)) <= LONGEST_SOCKET_PATH
    assert socket == socket_of(deep)
    assert socket != socket_of(deep / "z")


def test_what_the_operator_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QES_SAM_SOCKET", "/run/qes/s")

    assert socket_of(Path("/srv/qes")) == Path("/run/qes/s")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost:8000", "127.0.0.1:8000"),
        ("http://localhost", "127.0.0.1:80"),
        ("https://localhost", "127.0.0.1:443"),
    ],
)
def test_processes_listen_on_loopback(url: str, address: str) -> None:
    assert Layout(LocalConfig()).bind(url) == address
