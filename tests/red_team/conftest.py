import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local.layout import Layout, LocalConfig
from app.local.processes import Stack, start_sam, start_trust_services
from app.local.setup import set_up
from tests.red_team.stage import NOBODY, Stage, free_port
from tests.sam.world import BASE_URL


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not one of pytest's: those are closed to other OS users, again and again."""
    with tempfile.TemporaryDirectory(prefix="red-team-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def layout(folder: Path, softhsm_module: Path) -> Iterator[Layout]:
    """A set-up deployment whose socket lies where the web tier's group may reach it."""
    run = folder / "run"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("QES_SAM_SOCKET", str(run / "sam.sock"))
        environment.setenv("QES_PKCS11_MODULE", str(softhsm_module))
        layout = Layout(
            LocalConfig(
                base_url=BASE_URL,  # nobody listens there: the attacker is the web tier
                est_url=f"https://localhost:{free_port()}",
                public_url=f"http://localhost:{free_port()}",
                directory=folder / "var",
            )
        )
        run.mkdir()
        set_up(layout, lambda _line: None)
        yield layout


@pytest.fixture(scope="module")
def stage(layout: Layout, folder: Path) -> Iterator[Stage]:
    """SAM and trust services running; the attacker's own folder; no web tier."""
    stack = Stack(layout)
    try:
        start_trust_services(stack)
        start_sam(stack)
        stage = Stage(
            layout=layout,
            socket=Path(layout.environment()["QES_SAM_SOCKET"]),
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
