"""SIGKILL of the SAM at each step of ``finish``: never two signatures, an honest end.

A real SAM process is killed by itself at the named point, its supervisor starts a new
one, and the caller asks again. What may happen is one of two: the result was stored and
is the same for ever, or nothing was released and nothing ever will be.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local.layout import Layout, program
from app.local.processes import Stack, start_sam, start_trust_services
from sam import errors
from sam import messages as m
from sam.faults import FINISH
from tests.deployment import deployed, environment
from tests.red_team.stage import Stage
from tests.sam.callers import BASE_URL

RELEASED = {"after-result"}
BEFORE_ANYTHING = {"before-signing"}


@pytest.fixture(scope="module")
def layout(softhsm_module: Path) -> Iterator[Layout]:
    """Trust services run throughout; each test starts its own SAM."""
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        deployed(
            Path(folder), base_url=BASE_URL, QES_PKCS11_MODULE=str(softhsm_module)
        ) as layout,
    ):
        stack = Stack(layout)
        try:
            start_trust_services(stack)
            yield layout
        finally:
            stack.stop()


@pytest.fixture
def stage(layout: Layout, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A SAM that kills itself at the point the test is parametrised with."""
    stack = Stack(layout)
    try:
        with environment({"QES_FAULT_KILL_AT": request.param}):
            start_sam(stack)
        folder = layout.root / f"wallets-{request.param}"
        folder.mkdir(exist_ok=True)
        socket = layout.socket
        yield Stage(layout=layout, socket=socket, folder=folder)
    finally:
        stack.stop()


def once_back(stage: Stage, tx: str) -> m.Status:
    """The state as the next SAM process tells it."""
    until = time.monotonic() + 20
    while True:
        try:
            return stage.client.status(tx)
        except errors.SamUnavailableError:
            assert time.monotonic() < until
            time.sleep(0.1)


def keys_on_the_token(layout: Layout) -> int:
    """Object files of the token; one-time keys must never be among them."""
    return sum(1 for _ in (layout.sam / "tokens").rglob("*.object"))


def audit_verdict(layout: Layout) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [program("sam"), "audit", "verify"],
        env=layout.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.processes
@pytest.mark.parametrize("stage", FINISH, indirect=True, ids=str)
def test_a_killed_sam_signs_at_most_once(
    stage: Stage, request: pytest.FixtureRequest
) -> None:
    point = request.node.callspec.id
    keys = keys_on_the_token(stage.layout)
    released = len(stage.releases)
    tx = stage.approved(stage.person("erika"))

    with pytest.raises(errors.SamUnavailableError):
        stage.finish(tx)
    state = once_back(stage, tx).state
    after = len(stage.releases) - released

    expected = {
        **dict.fromkeys(FINISH, (m.State.FAILED, 0)),
        **dict.fromkeys(BEFORE_ANYTHING, (m.State.VERIFIED, 0)),
        **dict.fromkeys(RELEASED, (m.State.SIGNED, 1)),
    }
    assert (state, after) == expected[point]
    assert keys_on_the_token(stage.layout) == keys
    assert audit_verdict(stage.layout).returncode == 0


@pytest.mark.processes
@pytest.mark.parametrize("stage", ["after-intent"], indirect=True)
def test_what_was_interrupted_is_never_taken_up_again(stage: Stage) -> None:
    tx = stage.approved(stage.person("erika"))
    with pytest.raises(errors.SamUnavailableError):
        stage.finish(tx)
    once_back(stage, tx)

    for _ in range(3):
        with pytest.raises(errors.SigningFailedError, match="interrupted"):
            stage.finish(tx)


@pytest.mark.processes
@pytest.mark.parametrize("stage", ["after-result"], indirect=True)
def test_what_was_released_is_the_same_for_ever(stage: Stage) -> None:
    tx = stage.approved(stage.person("erika"))
    with pytest.raises(errors.SamUnavailableError):
        stage.finish(tx)
    once_back(stage, tx)

    first = stage.finish(tx)

    assert stage.finish(tx) == first
