"""A wallet is asked through the browser: everything but the browser's own part is real.

No Chromium on a build machine has a wallet behind ``navigator.credentials.get``. An
init script puts the emulator there: it is told the page's origin, as a browser tells a
wallet, and what it returns is what the page gets. So what Chromium itself would do (ask
the person, choose a wallet, state the origin) is replaced here and not tested.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from playwright.sync_api import Page, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import DESKTOP, Screens
from tests.browser.people import ON_REQUEST, Visitor
from tests.browser.service import Service, started
from wallet_emulator import dc_api
from wallet_emulator.errors import RequestNotAuthenticError
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.wallet import Wallet, receive_pid

BROWSERS_PART: Final = """
window.DigitalCredential = class { static userAgentAllowsProtocol() { return true; } };
if (navigator.credentials) navigator.credentials.get = async (options) => {
  const [{ protocol, data }] = options.digital.requests;
  const answer = await window.walletAnswers(location.origin, data.request);
  if (answer === null) throw new DOMException("declined", "NotAllowedError");
  return { protocol, data: JSON.parse(answer) };
};
"""
WITHOUT: Final = "delete window.DigitalCredential;"
ON_RETURN: Final = "**/oid4vp/return?**"
Answers = Callable[[str, str], str | None]


@pytest.fixture(scope="module")
def asking(
    tmp_path_factory: pytest.TempPathFactory, softhsm_module: Path
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("asking")
    on = {"QES_DC_API": "true", "QES_IDENTIFICATION_ALONE": "true"}
    with started(folder, softhsm_module, **on) as service:
        yield service


@pytest.fixture
def wallet(asking: Service, tmp_path: Path) -> Wallet:
    held = Wallet(tmp_path / "wallet")
    provider = PidProvider.open(asking.layout.wallet)
    receive_pid(held, provider, PERSONS["erika"], datetime.now(UTC))
    return held


@pytest.fixture
def answers(asking: Service, wallet: Wallet) -> Answers:
    """The emulator behind the browser: JSON, or None if it does not answer."""
    pem = (asking.layout.wallet / "access-root.pem").read_bytes()
    roots = [x509.load_pem_x509_certificate(pem)]

    def present(origin: str, request: str) -> str | None:
        try:
            data = dc_api.present(
                request,
                origin=origin,
                wallet=wallet,
                access_roots=roots,
                now=datetime.now(UTC),
            )
        except RequestNotAuthenticError:
            return None
        return json.dumps(data)

    return present


def visit(screens: Screens, asking: Service, answers: Answers | None) -> Visitor:
    context = screens.new(DESKTOP)
    context.add_init_script(WITHOUT if answers is None else BROWSERS_PART)
    page: Page = context.new_page()
    if answers is not None:
        page.expose_function("walletAnswers", answers)
    return Visitor(page, asking)


def test_a_click_identifies_in_this_very_browser(
    screens: Screens, asking: Service, answers: Answers
) -> None:
    desk = visit(screens, asking, answers)
    desk.upload()
    desk.identify()
    desk.press("ask-in-browser")
    desk.page.wait_for_url(ON_RETURN)

    expect(desk.page.get_by_role("heading", name="Welcome")).to_contain_text("Erika")
    expect(desk.find("offer-link")).to_be_visible()
    desk.press("continue")
    desk.page.wait_for_url(ON_REQUEST)
    desk.page.goto(f"{asking.url}/session")
    expect(desk.page.get_by_text("brought you back to this very")).to_be_visible()


def test_a_click_shows_who_somebody_is(
    screens: Screens, asking: Service, answers: Answers
) -> None:
    desk = visit(screens, asking, answers)
    desk.page.goto(f"{asking.url}/identify")
    desk.press("ask-in-browser")

    shown = desk.find("identified-alone")
    expect(shown).to_have_text(
        "Verified: Erika Mustermann, issued by demo-pid-provider"
    )


def test_where_a_browser_cannot_there_is_the_link_alone(
    screens: Screens, asking: Service
) -> None:
    desk = visit(screens, asking, None)
    desk.upload()
    desk.identify()

    expect(desk.find("wallet-link")).to_be_visible()
    expect(desk.find("ask-in-browser")).to_be_hidden()


def test_who_declines_gets_back_to_the_link(screens: Screens, asking: Service) -> None:
    desk = visit(screens, asking, lambda _origin, _request: None)
    desk.upload()
    desk.identify()
    desk.press("ask-in-browser")
    expect(desk.page.get_by_text("no answer of a wallet yet")).to_be_visible()
    desk.press("identify")

    expect(desk.find("wallet-link")).to_be_visible()


def test_a_wallet_of_another_origin_does_not_answer(
    screens: Screens, asking: Service, answers: Answers
) -> None:
    """The page's script has no say in the origin; were it another, nothing comes."""
    desk = visit(
        screens, asking, lambda _, asked: answers("https://evil.example", asked)
    )
    desk.page.goto(f"{asking.url}/identify")
    desk.press("ask-in-browser")

    expect(desk.find("identify-alone")).to_be_visible()
    expect(desk.find("identified-alone")).to_have_count(0)


def test_a_changed_answer_is_a_hint(
    screens: Screens, asking: Service, answers: Answers, complaints: Complaints
) -> None:
    complaints.expect(r"status of 400 .*/oid4vp/browser/")

    def changed(origin: str, asked: str) -> str:
        data = json.loads(answers(origin, asked) or "{}")
        return json.dumps({"response": data["response"][:-2] + "AA"})

    desk = visit(screens, asking, changed)
    desk.page.goto(f"{asking.url}/identify")
    desk.press("ask-in-browser")

    expect(desk.page.get_by_role("alert").first).to_contain_text("answer")
    expect(desk.find("identified-alone")).to_have_count(0)
