"""``qes doctor`` against the running service."""

import subprocess

import pytest

from app.local.layout import program
from tests.end_to_end.conftest import Service


@pytest.mark.processes
def test_the_doctor_says_that_a_demo_does_not_isolate_the_sam(service: Service) -> None:
    said = subprocess.run(
        [program("qes"), "doctor"],
        env=service.layout.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    lines = {line[4:].split(":")[0]: line for line in said.stdout.splitlines()}
    assert lines["SAM isolation"].startswith("!!  SAM isolation: OFF"), said.stderr
    assert lines["SAM"].startswith("ok")
    assert lines["time stamps"].startswith("ok")
    assert lines["database"].startswith("ok")
    assert said.returncode == 1
