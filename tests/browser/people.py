"""Somebody at a desk, and their phone: what they press, and what they then read."""

import re
from typing import Final
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect

from tests.browser.service import Service
from wallet_emulator.sample.lease import LEASE_FILE

ON_REQUEST: Final = re.compile(r"/requests/[0-9a-f]{32}(\?.*)?(#.*)?$")
ON_IDENTIFICATION: Final = re.compile(r"/requests/[0-9a-f]{32}/identification$")


class Visitor:
    """One browser window on the service's pages."""

    def __init__(self, page: Page, service: Service) -> None:
        self.page = page
        self.service = service

    def find(self, name: str) -> Locator:
        """By its public test id; the first, where a page has several."""
        return self.page.get_by_test_id(name).first

    def press(self, name: str) -> None:
        self.find(name).click()

    def upload(self, *files: FilePayload) -> None:
        """From the start page to the page for reading; without files, the lease."""
        self.page.goto(self.service.url)
        field = self.page.get_by_test_id("upload-input")
        field.set_input_files(files or LEASE_FILE)
        self.press("upload-submit")
        self.page.wait_for_url(ON_REQUEST)

    def link(self) -> str:
        """What the QR code encodes, taken from the page."""
        href = self.find("wallet-link").get_attribute("href")
        assert href is not None
        return href

    def identify(self) -> str:
        """The link for the wallet."""
        self.press("identify")
        self.page.wait_for_url(ON_IDENTIFICATION)
        return self.link()

    def approve(self) -> str:
        """The link for the wallet."""
        self.press("approve")
        self.expect_state("awaiting_wallet")
        return self.link()

    def expect_state(self, state: str) -> None:
        shown = self.page.get_by_test_id("request-state")
        expect(shown).to_have_attribute("data-state", state)

    def type_code(self, code: str) -> None:
        self.find("confirmation-code-input").fill(code)
        self.press("confirmation-submit")

    def to_the_document(self) -> None:
        self.page.get_by_role("link", name="Back to the document").click()
        self.page.wait_for_url(ON_REQUEST)


class Handset:
    """A phone: its wallet in one tab, the page the wallet opened in another."""

    def __init__(self, context: BrowserContext, service: Service) -> None:
        self.context = context
        self.service = service
        self.wallet = context.new_page()
        self.visitor = Visitor(self.wallet, service)

    def hold(self, person: str) -> None:
        """This person takes the phone, without a signing pass."""
        self.home()
        self.wallet.locator(f"input[value={person}]").check()
        self.wallet.get_by_test_id("change-person").click()
        remove = self.wallet.get_by_test_id("remove-pass")
        if remove.count():
            remove.click()

    def home(self) -> None:
        self.wallet.goto(self.service.phone_url)

    def scan(self, link: str) -> None:
        """What the camera does with a QR code, or the system with a link."""
        query = urlencode({"uri": link})
        self.wallet.goto(f"{self.service.phone_url}/scan?{query}")

    def approve(self, link: str, deviation: str = "") -> None:
        self.scan(link)
        if deviation:
            self.wallet.get_by_text("For testers: misbehave").click()
            self.wallet.get_by_test_id("deviation").select_option(deviation)
        self.wallet.get_by_test_id("approve").click()

    def decline(self, link: str) -> None:
        self.scan(link)
        self.wallet.get_by_test_id("decline").click()

    def leave(self, visitor: Visitor) -> None:
        """Its tab becomes the wallet, as where a phone shows one thing at a time."""
        self.wallet.goto("about:blank")
        self.wallet = visitor.page

    def go_on(self) -> Visitor:
        """Open the page that the service named to the wallet."""
        self.wallet.get_by_test_id("continue").click()
        self.wallet.wait_for_url(f"{self.service.url}/**")
        self.visitor = Visitor(self.wallet, self.service)
        self.wallet = self.context.new_page()
        return self.visitor

    def code(self) -> str:
        """The six digits on the phone page."""
        return re.sub(r"\D", "", self.visitor.find("confirmation-code").inner_text())

    def take_pass(self) -> None:
        """Accept what the page on the phone offers."""
        link = self.visitor.find("offer-link").get_attribute("href")
        assert link is not None
        self.scan(link)
        self.wallet.get_by_test_id("add-card").click()
        expect(self.wallet.get_by_test_id("ended")).to_be_visible()

    def become_signer(self) -> Visitor:
        """Identify and take the pass, all on the phone; then its document's page."""
        visitor = Visitor(self.wallet, self.service)
        visitor.upload()
        self.approve(visitor.identify())
        done = self.go_on()
        self.take_pass()
        done.press("continue")
        done.page.wait_for_url(ON_REQUEST)
        return done


def confirm_identity(desk: Visitor, handset: Handset) -> None:
    """The desk's session knows its signer, by a code typed there."""
    handset.approve(desk.identify())
    handset.go_on()
    desk.type_code(handset.code())
    desk.page.wait_for_url(ON_REQUEST)


def other(code: str) -> str:
    """Six digits that are not ``code``."""
    return f"{(int(code) + 1) % 1_000_000:06}"
