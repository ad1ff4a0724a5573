"""A machine without SoftHSM skips, and is counted; CI without SoftHSM fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ONE_TEST = [
    f"tests/hsm/test_port.py::test_a_mac_has_32_bytes[{adapter}]"
    for adapter in ("pkcs11", "memory")
]


@pytest.mark.parametrize(
    ("ci", "exit_code", "counted"),
    [("", 0, "1 passed, 1 skipped"), ("true", 1, "1 passed, 1 error")],
    ids=["here", "in-ci"],
)
def test_an_absent_softhsm_is_counted(ci: str, exit_code: int, counted: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ONE_TEST],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "CI": ci, "QES_PKCS11_MODULE": "/nonexistent.so"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (run.returncode, counted in run.stdout) == (exit_code, True)
