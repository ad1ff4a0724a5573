"""A newcomer tries a program before anything is set up: one line says what to do."""

import os
import subprocess
from pathlib import Path

import pytest

from app.local.layout import program

COMMANDS = [
    "sam serve",
    "sam self-test",
    "sam audit verify",
    "sam audit show",
    "qes web",
    "qes worker --once",
    "qes db check",
    "qes trust-services serve --directory nowhere --door est",
    "wallet-emulator present openid4vp://",
    "wallet-emulator pid-provider issue",
]


@pytest.mark.processes
@pytest.mark.parametrize("command", COMMANDS)
def test_an_unready_program_says_so_without_a_traceback(
    command: str, tmp_path: Path
) -> None:
    name, *arguments = command.split()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("QES_")}

    said = subprocess.run(
        [program(name), *arguments],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert said.returncode != 0
    assert said.stderr.lower().startswith("error")
    assert "Traceback" not in said.stdout + said.stderr
