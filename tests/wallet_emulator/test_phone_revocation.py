"""On the phone: a PID is revoked by its provider, and renewed."""

from pathlib import Path

import httpx
import pytest

from tests.wallet_emulator.handset import Handset
from tests.wallet_emulator.phones import Clock, Roots, phone_app
from tests.wallet_emulator.relying_party import NOW
from wallet_emulator.phone.holders import Holders, wallet_of
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.wallet import PID, PID_MDOC

URL = "http://localhost:8007"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home"


def phone(
    folder: Path, http: httpx.Client, roots: Roots, lists_url: str | None = URL
) -> Handset:
    """A phone whose holder just got a PID from a provider with lists."""
    provider = PidProvider.setup(folder, NOW, lists_url=lists_url)
    Holders(folder, provider, Clock()).hand_to("erika")
    return Handset(phone_app(folder, provider, http, clock=Clock(), roots=roots))


def revoked(folder: Path) -> bool:
    lists = PidProvider.open(folder).lists
    pid = wallet_of(folder, "erika").credential(PID)
    assert lists is not None
    assert pid is not None
    return lists.is_revoked(pid.status)


def test_a_pid_is_revoked_and_the_card_says_so(
    folder: Path, http: httpx.Client, roots: Roots
) -> None:
    handset = phone(folder, http, roots)

    home = handset.press(handset.get("/"), "revoke-pid")

    assert revoked(folder)
    assert home.shown("pid-revoked") == "! withdrawn by its provider"
    assert home.all("revoke-pid") == []


def test_a_renewed_pid_is_good_again(
    folder: Path, http: httpx.Client, roots: Roots
) -> None:
    handset = phone(folder, http, roots)
    home = handset.press(handset.get("/"), "revoke-pid")

    renewed = handset.press(home, "renew-pid")

    assert not revoked(folder)
    assert renewed.all("pid-revoked") == []


def test_a_revoked_pid_stays_until_it_is_renewed(
    folder: Path, http: httpx.Client, roots: Roots
) -> None:
    """Handing the phone over, or starting it anew, is no remedy."""
    handset = phone(folder, http, roots)
    handset.press(handset.get("/"), "revoke-pid")

    phone(folder, http, roots)

    assert revoked(folder)


def test_a_pid_of_lists_that_moved_is_replaced(
    folder: Path, http: httpx.Client, roots: Roots
) -> None:
    phone(folder, http, roots)

    phone(folder, http, roots, lists_url="http://localhost:1")

    pid = wallet_of(folder, "erika").credential(PID)
    assert pid is not None
    assert "http://localhost:1/" in str(pid.status)


def test_without_lists_there_is_nothing_to_press(
    folder: Path, http: httpx.Client, roots: Roots
) -> None:
    home = phone(folder, http, roots, lists_url=None).get("/")

    assert home.all("revoke-pid") == []


def test_a_form_of_a_page_from_before_is_answered_in_words(
    folder: Path, http: httpx.Client, roots: Roots
) -> None:
    handset = phone(folder, http, roots)
    shown = handset.get("/")
    for kind in (PID, PID_MDOC):
        wallet_of(folder, "erika").drop(kind)

    answer = handset.press(shown, "revoke-pid")

    assert answer.response.status_code == 422
    assert answer.title == "This PID cannot be withdrawn"
