"""Paths and addresses of a local deployment."""

import json
import os
from pathlib import Path

import pytest

from app.config import WebConfig
from app.local.layout import (
    LONGEST_SOCKET_PATH,
    POLICY,
    AddressError,
    Layout,
    LocalConfig,
)
from app.plans.policy import load


def socket_of(directory: Path) -> Path:
    settings = Layout(LocalConfig(directory=directory)).environment()
    return Path(settings["QES_SAM_SOCKET"])


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("QES_")]:
        monkeypatch.delenv(name)


def test_the_socket_lies_beside_the_sams_state() -> None:
    assert socket_of(Path("/srv/qes")) == Path("/srv/qes/sam/sam.sock")


def test_a_deep_folder_gets_a_short_socket() -> None:
    deep = Path("/srv") / ("x" * 60) / ("y" * 60)

    socket = socket_of(deep)

    assert len(str(socket)) <= LONGEST_SOCKET_PATH
    assert socket == socket_of(deep)
    assert socket != socket_of(deep / "z")


def test_what_the_operator_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QES_SAM_SOCKET", "/run/qes/s")

    assert socket_of(Path("/srv/qes")) == Path("/run/qes/s")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost:8000", "127.0.0.1:8000"),
        ("http://localhost", "127.0.0.1:80"),
        ("https://localhost", "127.0.0.1:443"),
        ("https://localhost:8443", "127.0.0.1:8443"),
        ("https://192.168.1.7:8443", "192.168.1.7:8443"),
        ("https://[fd00::7]:8443", "[fd00::7]:8443"),
    ],
)
def test_processes_listen_where_their_address_says(url: str, address: str) -> None:
    assert Layout(LocalConfig()).bind(url) == address


def test_https_has_a_folder_of_its_own_for_each_host() -> None:
    plain, secure = LocalConfig.load(tls=False), LocalConfig.load(tls=True)

    assert plain.directory == Path("var")
    assert secure.directory == Path("var/tls-localhost")


def test_https_goes_to_the_host_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QES_BASE_URL", "https://192.168.1.7:9000")

    config = LocalConfig.load(tls=True)

    assert config.base_url == "https://192.168.1.7:9000"
    assert config.directory == Path("var/tls-192.168.1.7")
    assert config.phone_url == "https://localhost:8444"


BAD_ADDRESSES = [
    pytest.param("QES_BASE_URL", "https://localhost:8443", False, id="https-without"),
    pytest.param("QES_BASE_URL", "http://localhost:8000", True, id="http-with"),
    pytest.param("QES_PHONE_URL", "http://localhost:8005", True, id="phone-http-with"),
    pytest.param("QES_PHONE_URL", "https://192.168.1.7:1", True, id="phone-for-all"),
    pytest.param("QES_PHONE_URL", "http://192.168.1.7:1", False, id="phone-plain"),
    pytest.param(
        "QES_PID_PROVIDER_URL", "http://10.0.0.7:1", False, id="lists-for-all"
    ),
]


@pytest.mark.parametrize(("name", "url", "tls"), BAD_ADDRESSES)
def test_an_address_that_cannot_be_served_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str, tls: bool
) -> None:
    monkeypatch.setenv(name, url)

    with pytest.raises(AddressError, match=url):
        LocalConfig.load(tls=tls)


def test_only_where_the_phone_runs_pages_link_to_it() -> None:
    config = LocalConfig(phone_url="http://localhost:1")

    without = Layout(config).environment()
    assert "QES_DEMO_WALLET_URL" not in without
    linked = Layout(config, phone=True).environment()
    assert linked["QES_DEMO_WALLET_URL"] == "http://localhost:1"


def test_without_https_the_web_tier_gets_no_certificate() -> None:
    assert "QES_TLS_CERTIFICATE" not in Layout(LocalConfig()).environment()


@pytest.mark.parametrize("tls", [False, True])
def test_the_web_tier_takes_what_it_is_told(
    monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    layout = Layout(LocalConfig.load(tls=tls), phone=True)
    for name, value in layout.environment().items():
        monkeypatch.setenv(name, value)

    config = WebConfig.load()

    assert config.base_url == layout.config.base_url
    assert config.tls_certificate == (layout.tls.server if layout.tls else None)


def told(name: str, layout: Layout) -> object:
    return json.loads(layout.environment().get(name, "null"))


LISTS = ("QES_STATUS_LIST_URIS", "QES_EGRESS_PRIVATE_HOSTS")


def test_the_demos_list_is_wanted_and_reachable() -> None:
    layout = Layout(LocalConfig(pid_provider_url="http://localhost:8107"))

    assert told(LISTS[0], layout) == ["http://localhost:8107/status-lists/1"]
    assert told(LISTS[1], layout) == ["localhost:8107"]


@pytest.mark.parametrize("name", LISTS)
def test_the_demos_list_stands_beside_the_operators(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ours = told(name, Layout(LocalConfig()))
    monkeypatch.setenv(name, '["theirs"]')

    assert isinstance(ours, list)
    assert told(name, Layout(LocalConfig())) == ["theirs", *ours]


@pytest.mark.parametrize("given", ["{", '"theirs"', "7"])
def test_a_setting_that_is_no_list_is_left_for_its_process_to_refuse(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv(LISTS[1], given)

    assert Layout(LocalConfig()).environment()[LISTS[1]] == given


@pytest.mark.parametrize(
    ("base_url", "pid_provider_url"),
    [
        pytest.param("http://localhost:8000", "", id="switched-off"),
        pytest.param(
            "https://192.168.1.7:8443", "http://localhost:8007", id="reachable"
        ),
    ],
)
def test_there_may_be_no_lists_at_all(base_url: str, pid_provider_url: str) -> None:
    config = LocalConfig(base_url=base_url, pid_provider_url=pid_provider_url)

    layout = Layout(config)

    assert layout.lists_url is None
    assert not set(LISTS) & layout.environment().keys()


def test_sam_and_web_tier_get_a_policy_file_each() -> None:
    layout = Layout(LocalConfig(directory=Path("/srv/qes")))

    settings = layout.environment()

    assert settings["QES_SAM_FREE_TIER_POLICY"] == "/srv/qes/sam/free-tier.json"
    assert settings["QES_FREE_TIER_POLICY"] == "/srv/qes/web/free-tier.json"


def test_the_policy_of_a_local_deployment_sets_no_limit() -> None:
    assert load(POLICY).cap is None
