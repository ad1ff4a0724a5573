"""The soak in its short form, and that it would notice what it looks for."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.soak import BLOCKS, Reading, complaints_about

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
GOOD = Reading(
    signatures=1000, errors=0, memory=180 << 20, files=16, objects=11, open_keys=0
)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        pytest.param({"errors": 1}, "errors", id="a-failed-signature"),
        pytest.param({"memory": 200 << 20}, "memory", id="memory"),
        pytest.param({"files": 21}, "files", id="sessions-left-open"),
        pytest.param({"objects": 12}, "objects", id="a-key-left-on-the-token"),
        pytest.param({"open_keys": 1}, "open_keys", id="a-key-that-did-not-end"),
    ],
)
def test_what_fails_or_grows_is_named(changed: dict[str, int], named: str) -> None:
    last = replace(GOOD, **changed)

    (complaint,) = complaints_about([*[GOOD] * (BLOCKS - 1), last])

    assert complaint.startswith(named)


def test_what_stays_as_it_was_is_fine() -> None:
    """Guards the table above; and warming up is no growth."""
    cold = replace(GOOD, memory=90 << 20, files=3)

    assert complaints_about([cold, *[GOOD] * (BLOCKS - 1)]) == []


@pytest.mark.processes
def test_forty_signatures_by_two_people_leave_nothing(softhsm_module: Path) -> None:
    short = ["--signatures", "40", "--documents", "2", "--clients", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", *short],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 signatures, 0 errors" in done.stdout
