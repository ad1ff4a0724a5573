from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.web_secret import create_secret


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    create_secret(tmp_path / "secret")
    return {
        "QES_DATABASE_URL": f"sqlite:///{tmp_path / 'app.db'}",
        "QES_SECRET_FILE": str(tmp_path / "secret"),
        "QES_DOCUMENTS_DIR": str(tmp_path / "documents"),
        "QES_SAM_SOCKET": str(tmp_path / "sam.sock"),
    }


def test_the_settings_in_force_are_printed(environment: dict[str, str]) -> None:
    result = CliRunner().invoke(main, ["config"], env=environment)

    assert result.exit_code == 0
    assert f"QES_SAM_SOCKET={environment['QES_SAM_SOCKET']}" in result.output


def test_wrong_settings_are_all_named(environment: dict[str, str]) -> None:
    wrong = {**environment, "QES_BASE_URL": "x", "QES_WEB_WORKERS": "0"}

    result = CliRunner().invoke(main, ["config"], env=wrong)

    assert result.exit_code == 1
    assert "QES_BASE_URL" in result.output
    assert "QES_WEB_WORKERS" in result.output


def test_the_database_is_made_and_checked(environment: dict[str, str]) -> None:
    upgraded = CliRunner().invoke(main, ["db", "upgrade"], env=environment)
    checked = CliRunner().invoke(main, ["db", "check"], env=environment)

    assert (upgraded.exit_code, checked.exit_code) == (0, 0)


# The HTTP library leaves a socket that found no SAM to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_worker_does_one_round(environment: dict[str, str]) -> None:
    CliRunner().invoke(main, ["db", "upgrade"], env=environment)

    result = CliRunner().invoke(main, ["worker", "--once"], env=environment)

    assert result.exit_code == 0
