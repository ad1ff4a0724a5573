"""The command line: what it prints, and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from wallet_emulator.cli import cli
from wallet_emulator.deviations import DEVIATIONS


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wallet_emulator", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def home(tmp_path: Path) -> str:
    return str(tmp_path / "wallet")


def test_a_pid_is_issued_and_shown(home: str) -> None:
    run("pid-provider", "setup", "--directory", home)
    issued = run("pid-provider", "issue", "--person", "jean", "--directory", home)

    shown = run("wallet", "show", "--directory", home)

    assert "Jean Exemple" in issued.stdout
    assert "family_name: Exemple" in shown.stdout
    assert "urn:eudi:pid:1" in shown.stdout


def test_the_deviations_are_listed() -> None:
    listed = run("deviations").stdout.splitlines()

    assert {line for line in listed if line and line[0] != " "} == set(DEVIATIONS)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["pid-provider", "issue"], "not_set_up", id="no-provider"),
        pytest.param(["present", "x://y"], "not_set_up", id="no-access-root"),
        pytest.param(["accept-offer", "x://y"], "issuance_failed", id="bad-offer"),
    ],
)
def test_an_error_is_one_line_with_its_code(
    home: str, arguments: list[str], code: str
) -> None:
    ended = run(*arguments, "--directory", home)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error[{code}]: ")
    assert len(ended.stderr.splitlines()) == 1


def test_an_unknown_deviation_is_wrong_usage(home: str) -> None:
    ended = run("present", "x://y", "--deviation", "no-such-thing")

    assert ended.returncode == 2


BAD_SERVERS = [
    pytest.param(["--bind", "0.0.0.0:8005"], "loopback only", id="all"),
    pytest.param(["--bind", "192.168.1.7:8005"], "loopback only", id="lan"),
    pytest.param(["--bind", "[::]:8005"], "loopback only", id="all-v6"),
    pytest.param(["--bind", ":8005"], "loopback only", id="no-host"),
    pytest.param(["--bind", "8005"], "loopback only", id="no-colon"),
    pytest.param(["--tls-key", __file__], "belong together", id="half-tls"),
]


@pytest.mark.parametrize(("options", "complaint"), BAD_SERVERS)
def test_a_phone_for_others_is_wrong_usage(
    home: str, options: list[str], complaint: str
) -> None:
    ended = CliRunner().invoke(cli, ["serve", "--directory", home, *options])

    assert ended.exit_code == 2
    assert complaint in ended.output
