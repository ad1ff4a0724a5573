"""The SAM's settings: what is unsafe is refused, all of it at once."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from sam.cli import main
from sam.config import SamConfig


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOFTHSM2_CONF", raising=False)


@pytest.mark.parametrize("name", ["base_url", "est_url"])
@pytest.mark.parametrize(
    "url",
    [
        "http://sign.example.org",
        "http://localhost.example.org",
        "http://user@example.org",
        "http://localhost@example.org",
        "http://192.0.2.1:8000",
        "ftp://sign.example.org",
        "sign.example.org",
        "",
    ],
)
def test_plain_http_on_a_public_host_is_refused(name: str, url: str) -> None:
    with pytest.raises(ValidationError, match="loopback only"):
        SamConfig(**{name: url})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["base_url", "est_url"])
@pytest.mark.parametrize(
    "url",
    [
        "https://sign.example.org",
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://[::1]:8000",
    ],
)
def test_https_anywhere_and_http_on_loopback_are_taken(name: str, url: str) -> None:
    assert getattr(SamConfig(**{name: url}), name) == url  # type: ignore[arg-type]


def test_a_trailing_slash_is_cut() -> None:
    config = SamConfig(base_url="https://sign.example.org/")

    assert config.pass_type == "https://sign.example.org/oid4vci/types/signing-pass"


def test_a_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QES_BASE_URL", "https://sign.example.org")
    monkeypatch.setenv("QES_SAM_SOCKET", "/run/sam.sock")
    monkeypatch.setenv("QES_SAM_DATABASE_URL", "postgresql+psycopg:///sam")

    config = SamConfig()

    assert config.base_url == "https://sign.example.org"
    assert config.socket == Path("/run/sam.sock")
    assert config.database_url == "postgresql+psycopg:///sam"


def test_a_setting_comes_from_the_file_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "sam.toml"
    file.write_text(
        'base_url = "https://file.example.org"\nest_url = "https://ca.example.org"\n'
    )
    monkeypatch.setenv("QES_SAM_CONFIG_FILE", str(file))
    monkeypatch.setenv("QES_BASE_URL", "https://environment.example.org")

    config = SamConfig()

    assert config.base_url == "https://environment.example.org"
    assert config.est_url == "https://ca.example.org"


def test_everything_of_the_sam_lies_in_its_folder() -> None:
    config = SamConfig(sam_directory=Path("state"))

    assert config.database_url == "sqlite:///state/sam.db"
    assert config.socket == Path("state/sam.sock")
    assert config.hsm.pin_file == Path.cwd() / "state/pin"
    assert config.hsm.softhsm_conf == Path.cwd() / "state/softhsm2.conf"
    assert config.pid_anchor_folders == (Path("state/anchors/pid"),)
    assert config.free_tier_policy == Path("state/free-tier.json")


def test_the_operators_anchors_come_beside_the_sams_own() -> None:
    config = SamConfig(sam_directory=Path("state"), pid_trust_anchors=Path("pem"))

    assert config.pid_anchor_folders == (Path("state/anchors/pid"), Path("pem"))


def test_the_operator_may_name_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QES_SAM_FREE_TIER_POLICY", "/etc/free-tier.json")

    assert SamConfig().free_tier_policy == Path("/etc/free-tier.json")


def test_another_module_has_no_softhsm_file() -> None:
    config = SamConfig(pkcs11_module=Path("/usr/lib/libother.so"))

    assert config.hsm.softhsm_conf is None


def test_an_unknown_client_id_prefix_is_refused() -> None:
    with pytest.raises(ValidationError):
        SamConfig(client_id_prefix="redirect_uri")  # type: ignore[arg-type]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        SamConfig().base_url = "https://elsewhere.example.org"


def test_the_operator_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QES_BASE_URL", "http://sign.example.org")

    result = CliRunner().invoke(main, ["config"])

    assert result.exit_code == 1
    assert "base_url: plain http" in result.output


def test_the_operator_sees_the_settings_in_force() -> None:
    result = CliRunner().invoke(main, ["config"])

    assert result.exit_code == 0
    assert '"base_url": "http://localhost:8000"' in result.output


def test_sqlite_is_for_one_process() -> None:
    with pytest.raises(ValidationError, match="SQLite is for one process"):
        SamConfig(sam_processes=2)


@pytest.mark.parametrize("url", ["http://ocsp.example.org/q", "https://ca.example.org"])
def test_the_responder_may_be_anywhere_on_the_web(url: str) -> None:
    """Its answers are signed, and made for our question."""
    assert SamConfig(ocsp_url=url).ocsp_responder == url


@pytest.mark.parametrize("url", ["", "ftp://ca.example.org", "/ocsp", "ca.example.org"])
def test_a_responder_without_an_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="ocsp_url"):
        SamConfig(ocsp_url=url)


def test_unless_named_the_responder_is_behind_the_est_door() -> None:
    config = SamConfig(est_url="https://ca.example.org/")

    assert config.ocsp_responder == "https://ca.example.org/ocsp"
