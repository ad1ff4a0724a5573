from pathlib import Path

import pytest
from pydantic import ValidationError

from app.config import WebConfig


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WebConfig.model_fields:
        monkeypatch.delenv(f"QES_{name.upper()}", raising=False)
    monkeypatch.delenv("QES_CONFIG_FILE", raising=False)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://sign.example", id="https"),
        pytest.param("https://sign.example:8443", id="port"),
        pytest.param("http://localhost:8000", id="localhost"),
        pytest.param("http://127.0.0.1:8000", id="loopback"),
        pytest.param("http://[::1]:8000", id="loopback-v6"),
    ],
)
def test_an_origin_is_accepted(url: str) -> None:
    assert WebConfig(base_url=url).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://sign.example", id="plain-http"),
        pytest.param("https://sign.example/", id="trailing-slash"),
        pytest.param("https://sign.example/app", id="path"),
        pytest.param("https://sign.example?x=1", id="query"),
        pytest.param("https://u:p@sign.example", id="credentials"),
        pytest.param("ftp://sign.example", id="scheme"),
        pytest.param("sign.example", id="no-scheme"),
        pytest.param("https://", id="no-host"),
    ],
)
def test_anything_but_an_origin_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        WebConfig(base_url=url)


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "web.toml"
    file.write_text('tsa_url = "http://file"\nweb_workers = 5\n')
    monkeypatch.setenv("QES_CONFIG_FILE", str(file))
    monkeypatch.setenv("QES_TSA_URL", "http://environment")

    config = WebConfig.load()

    assert (config.tsa_url, config.web_workers) == ("http://environment", 5)


def test_a_misspelt_setting_in_the_file_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "web.toml"
    file.write_text("web_wokers = 5\n")
    monkeypatch.setenv("QES_CONFIG_FILE", str(file))

    with pytest.raises(ValidationError):
        WebConfig.load()


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        WebConfig(base_url="x", web_workers=0)

    assert caught.value.error_count() == 2


def test_a_database_password_is_not_shown() -> None:
    config = WebConfig(database_url="postgresql://qes:geheim@db/qes")

    assert "geheim" not in str(config.shown())


NODES: dict[str, object] = {
    "sam_urls": ("https://sam1.internal:8449", "https://sam2.internal:8449"),
    "sam_client_certificate": Path("c.pem"),
    "sam_client_key": Path("k.pem"),
    "sam_authority": Path("a.pem"),
}


def test_nodes_of_the_sam_are_accepted_with_all_that_tls_needs() -> None:
    """Guards the table below."""
    assert WebConfig.model_validate(NODES).sam_urls


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"sam_urls": ("http://localhost:8449",)}, id="plain-http"),
        pytest.param({"sam_client_certificate": None}, id="no-certificate"),
        pytest.param({"sam_client_key": None}, id="no-key"),
        pytest.param({"sam_authority": None}, id="no-authority"),
    ],
)
def test_a_link_to_the_sam_that_is_less_than_mutual_tls_is_refused(
    change: dict[str, object],
) -> None:
    with pytest.raises(ValidationError, match="sam_urls"):
        WebConfig.model_validate(NODES | change)
