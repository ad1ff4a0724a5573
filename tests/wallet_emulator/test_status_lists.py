"""The register of the test PID provider: who has which place, and who is revoked."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.wallet_emulator.relying_party import NOW
from wallet_emulator import status_lists
from wallet_emulator.cli import cli
from wallet_emulator.errors import NotSetUpError, UnknownStatusError
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.status_lists import PLACES, StatusLists
from wallet_emulator.wallet import PID, Wallet, receive_pid, revoke_pid

URL = "http://localhost:8007"
STATUS_URI, IDENTIFIER_URI = f"{URL}/status-lists/1", f"{URL}/identifier-lists/1"


@pytest.fixture
def publisher(tmp_path: Path) -> PidProvider:
    return PidProvider.setup(tmp_path / "home", NOW, lists_url=URL)


@pytest.fixture
def lists(publisher: PidProvider) -> StatusLists:
    assert publisher.lists is not None
    return publisher.lists


def idx_of(status: Any) -> int:
    return int(status["status_list"]["idx"])


def test_a_place_names_the_list_and_an_index_in_it(lists: StatusLists) -> None:
    place: Any = lists.new_place()["status_list"]

    assert place["uri"] == STATUS_URI
    assert 0 <= place["idx"] < PLACES


def test_no_place_is_given_twice_even_at_once(lists: StatusLists) -> None:
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: idx_of(lists.new_place()), range(80)))

    assert len(set(given)) == 80
    assert lists.register().places == set(given)


def test_a_list_is_filled_to_its_last_place(
    monkeypatch: pytest.MonkeyPatch, lists: StatusLists
) -> None:
    monkeypatch.setattr(status_lists, "PLACES", 16)

    given = [idx_of(lists.new_place()) for _ in range(16)]

    assert sorted(given) == list(range(16))


def test_places_do_not_tell_the_order_of_issuing(lists: StatusLists) -> None:
    given = [idx_of(lists.new_place()) for _ in range(12)]

    assert given != sorted(given)


@pytest.mark.parametrize(
    "status",
    [
        None,
        {},
        {"status_list": {"idx": 1, "uri": "http://localhost:1/status-lists/1"}},
        {"status_list": {"idx": "1", "uri": STATUS_URI}},
        {"status_list": 1},
        {"identifier_list": {"id": "text", "uri": IDENTIFIER_URI}},
        {"identifier_list": {"id": b"1", "uri": STATUS_URI}},
    ],
)
def test_what_is_in_no_list_of_ours_is_not_revoked(
    lists: StatusLists, status: object
) -> None:
    with pytest.raises(UnknownStatusError):
        lists.revoke(status)

    assert not lists.is_revoked(status)


def test_the_register_outlives_another_address(
    tmp_path: Path, lists: StatusLists
) -> None:
    lists.revoke(lists.new_place())

    moved = PidProvider.setup(tmp_path / "home", NOW, lists_url="http://localhost:1")

    assert moved.lists is not None
    assert moved.lists.register() == lists.register()


def test_a_register_that_cannot_be_read_publishes_nothing(lists: StatusLists) -> None:
    (lists.folder / "register.json").write_text('{"places": []}')

    with pytest.raises(NotSetUpError):
        lists.register()


@pytest.mark.parametrize("lists_url", [None, ""])
def test_without_an_address_pids_have_no_status(
    tmp_path: Path, lists_url: str | None
) -> None:
    quiet = PidProvider.setup(tmp_path / "quiet", NOW, lists_url=lists_url)
    wallet = Wallet(tmp_path / "wallet")

    receive_pid(wallet, quiet, PERSONS["asa"], NOW)

    assert [held.status for held in wallet.credentials()] == [None, None]


@pytest.mark.parametrize("by_name", [False, True])
def test_a_revoked_pid_is_revoked_in_both_encodings(
    tmp_path: Path, publisher: PidProvider, lists: StatusLists, by_name: bool
) -> None:
    wallet = Wallet(tmp_path / "wallet")
    receive_pid(wallet, publisher, PERSONS["asa"], NOW, mdoc_by_name=by_name)
    before = [lists.is_revoked(held.status) for held in wallet.credentials()]

    revoke_pid(wallet, publisher)

    after = [lists.is_revoked(held.status) for held in wallet.credentials()]
    assert (before, after) == ([False, False], [True, True])


def test_the_provider_revokes_at_a_terminal(tmp_path: Path) -> None:
    home = ["--directory", str(tmp_path / "home")]
    run = CliRunner().invoke
    run(cli, ["pid-provider", "setup", "--lists-url", URL, *home])
    run(cli, ["pid-provider", "issue", *home])

    revoked = run(cli, ["pid-provider", "revoke", *home])

    provider = PidProvider.open(tmp_path / "home")
    pid = Wallet(tmp_path / "home" / "wallet").credential(PID)
    assert revoked.exit_code == 0
    assert provider.lists is not None
    assert pid is not None
    assert provider.lists.is_revoked(pid.status)


def test_a_pid_without_a_status_cannot_be_revoked(tmp_path: Path) -> None:
    home = ["--directory", str(tmp_path / "home")]
    run = CliRunner().invoke
    run(cli, ["pid-provider", "setup", *home])
    run(cli, ["pid-provider", "issue", *home])

    refused = run(cli, ["pid-provider", "revoke", *home])

    assert isinstance(refused.exception, UnknownStatusError)


def test_lists_are_served_on_loopback_only(tmp_path: Path) -> None:
    serve = ["pid-provider", "serve", "--bind", "0.0.0.0:8007"]

    refused = CliRunner().invoke(cli, [*serve, "--directory", str(tmp_path)])

    assert refused.exit_code == 2
