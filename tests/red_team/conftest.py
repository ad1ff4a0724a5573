import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local.layout import Layout
from app.local.processes import Stack, start_sam, start_trust_services
from tests.deployment import deployed
from tests.red_team.stage import NOBODY, Stage
from tests.sam.callers import BASE_URL


@pytest.fixture(scope="package")
def folder() -> Iterator[Path]:
    """Not one of pytest's: those are closed to other OS users, again and again."""
    with tempfile.TemporaryDirectory(prefix="red-team-") as name:
        yield Path(name)


@pytest.fixture(scope="package")
def layout(folder: Path, softhsm_module: Path) -> Iterator[Layout]:
    """The socket lies where the web tier's group may reach it; no web tier listens."""
    run = folder / "run"
    run.mkdir()
    settings = {
        "QES_SAM_SOCKET": str(run / "sam.sock"),
        "QES_PKCS11_MODULE": str(softhsm_module),
    }
    with deployed(folder, base_url=BASE_URL, **settings) as layout:
        yield layout


@pytest.fixture(scope="package")
def stage(layout: Layout, folder: Path) -> Iterator[Stage]:
    """SAM and trust services running; the attacker's own folder; no web tier."""
    stack = Stack(layout)
    try:
        start_trust_services(stack)
        start_sam(stack)
        stage = Stage(
            layout=layout,
            socket=layout.socket,
            folder=folder / "attacker",
        )
        stage.folder.mkdir()
        _hand_over(stage)
        yield stage
    finally:
        stack.stop()


def _hand_over(stage: Stage) -> None:
    """What the web tier's OS user owns or may reach, and nothing else."""
    if os.getuid() != 0:
        return
    os.chown(stage.folder, NOBODY, NOBODY)
    os.chown(stage.socket, 0, NOBODY)
    os.chown(stage.socket.parent, 0, NOBODY)
    stage.socket.parent.chmod(0o750)
    stage.folder.parent.chmod(0o711)
