"""A local deployment of its own for tests that start the real processes."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.local.layout import Layout, LocalConfig
from app.local.setup import set_up


@contextmanager
def deployed(
    folder: Path,
    *,
    base_url: str | None = None,
    lists: bool = False,
    **settings: str,
) -> Iterator[Layout]:
    """A set-up deployment under ``folder``, on free ports; nothing runs yet.

    ``lists``: whether the PID provider publishes lists, and its PIDs have a status.
    ``settings`` are environment variables for its processes, while the block runs.
    """
    with pytest.MonkeyPatch.context() as environment:
        for name in [n for n in os.environ if n.startswith("QES_") and _ours(n)]:
            environment.delenv(name)
        for name, value in settings.items():
            environment.setenv(name, value)
        layout = Layout(
            LocalConfig(
                base_url=base_url or f"http://localhost:{free_port()}",
                est_url=f"https://localhost:{free_port()}",
                public_url=f"http://localhost:{free_port()}",
                pid_provider_url=f"http://localhost:{free_port()}" if lists else "",
                directory=folder / "var",
            )
        )
        set_up(layout, lambda _line: None)
        yield layout


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """More settings for processes that are started inside the block."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ours(name: str) -> bool:
    """A module may be set for all tests; everything else is each deployment's own."""
    return name != "QES_PKCS11_MODULE"
