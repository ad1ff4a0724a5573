"""Every page the service can show, reached the way people reach it.

A tour walks and stops at each page: the name of the page, and the page. Whoever takes
the tour may look at it in any size and colour before asking for the next one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from playwright.sync_api import Page, expect

from tests.browser.files import document
from tests.browser.people import ON_REQUEST, Handset, Visitor, other
from tests.browser.service import Service

Stop: TypeAlias = tuple[str, Page]


@dataclass(frozen=True)
class Party:
    """Who goes on a tour."""

    desk: Visitor
    handset: Handset

    @property
    def service(self) -> Service:
        return self.desk.service


def places(party: Party) -> Iterator[Stop]:
    """Pages without a story, and refusals."""
    page, url = party.desk.page, party.service.url
    for name, path in {
        "start": "/",
        "help": "/help",
        "terms": "/terms",
        "free": "/free",
        "verify": "/verify",
        "session": "/session",
        "problem-unknown-page": "/nowhere",
    }.items():
        page.goto(f"{url}{path}")
        yield name, page
    page.goto(url)
    broken = document("broken.pdf", pages=1) | {"buffer": b"%PDF-1.7 no more"}
    page.get_by_test_id("upload-input").set_input_files(broken)
    yield "start-chosen", page
    party.desk.press("upload-submit")
    expect(page.get_by_test_id("problem-code")).to_be_visible()
    yield "problem-unsignable", page
    page.goto(f"{url}/verify")
    page.get_by_test_id("verify-input").set_input_files(document("plain.pdf", pages=1))
    party.desk.press("verify-submit")
    yield "verify-no-signature", page


def reading(party: Party) -> Iterator[Stop]:
    """A document arrives, is read, and is left alone or moved to the phone."""
    desk, page = party.desk, party.desk.page
    desk.upload(document("Rental contract.pdf", pages=4))
    yield "ready", page
    page.locator("details summary").last.click()
    page.get_by_role("button", name="All pages, with zoom").click()
    expect(page.locator(".pdf-page canvas").first).to_be_visible()
    yield "reader", page
    page.goto(party.service.url)
    yield "start-with-documents", page
    desk.upload(document("part 1.pdf", pages=1), document("part 2.pdf", pages=2))
    yield "ready-batch", page
    desk.press("continue-on-phone")
    copy = page.get_by_role("button", name="Copy the address")
    address = copy.get_attribute("data-copy")
    assert address is not None
    yield "continue-on-phone", page
    phone = Visitor(party.handset.wallet, party.service)
    phone.page.goto(address)
    yield "continue-here", phone.page
    phone.press("continue")
    phone.page.wait_for_url(ON_REQUEST)
    expect(page.get_by_text("Your document has moved")).to_be_visible()
    yield "moved", page
    phone.press("stop")
    phone.expect_state("declined")
    yield "stopped", phone.page


def identifying(party: Party) -> Iterator[Stop]:
    """Two screens until the service knows who signs."""
    desk, handset, page = party.desk, party.handset, party.desk.page
    desk.upload()
    link = desk.identify()
    yield "identification", page
    handset.scan(link)
    yield "wallet-identify", handset.wallet
    handset.wallet.get_by_test_id("decline").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "identification-wallet-said", page
    handset.approve(link)
    phone = handset.go_on()
    yield "phone-code-to-identify", phone.page
    expect(desk.find("confirmation-code-input")).to_be_visible()
    yield "identification-code", page
    desk.type_code(other(handset.code()))
    yield "identification-wrong-code", page
    desk.type_code(handset.code())
    page.wait_for_url(ON_REQUEST)
    yield "ready-identified", page
    page.goto(f"{party.service.url}/session")
    yield "session-identified", page
    expect(phone.find("offer-link")).to_be_visible()
    yield "phone-offer", phone.page
    handset.take_pass()
    phone.page.reload()
    yield "phone-pass-fetched", phone.page
    desk.upload()
    handset.approve(desk.identify())
    refused = handset.go_on()
    refused.press("not-me")
    yield "phone-not-me", refused.page
    expect(page.get_by_role("alert")).to_be_visible()
    yield "identification-closed", page


def signing(party: Party) -> Iterator[Stop]:
    """An approval, until there is a signed file to check."""
    desk, handset, page = party.desk, party.handset, party.desk.page
    handset.become_signer()
    desk.upload(document("Rental contract.pdf", pages=4))
    link = desk.approve()
    yield "awaiting-wallet", page
    handset.scan(link)
    yield "wallet-approve", handset.wallet
    handset.wallet.get_by_test_id("decline").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "awaiting-wallet-said", page
    handset.approve(link)
    yield "wallet-sent", handset.wallet
    phone = handset.go_on()
    yield "phone-code-to-sign", phone.page
    desk.expect_state("awaiting_confirmation")
    yield "awaiting-confirmation", page
    desk.type_code(other(handset.code()))
    yield "awaiting-confirmation-wrong-code", page
    desk.type_code(handset.code())
    desk.expect_state("signed")
    yield "signed", page
    expect(phone.page.get_by_role("heading", name="Confirmed")).to_be_visible()
    yield "phone-confirmed", phone.page
    with page.expect_download() as download:
        desk.press("download-signed")
    signed = download.value.path().read_bytes()
    page.goto(f"{party.service.url}/verify")
    chosen = document("signed.pdf", pages=1) | {"buffer": signed}
    page.get_by_test_id("verify-input").set_input_files(chosen)
    desk.press("verify-submit")
    yield "verify-valid", page


def other_endings(party: Party) -> Iterator[Stop]:
    """One device alone, several documents, codes that ran out, nothing left free."""
    handset, service = party.handset, party.service
    handset.home()
    yield "wallet-home", handset.wallet
    visitor = handset.become_signer()
    page = visitor.page
    page.go_back()
    yield "identified", page
    visitor.upload(document("part 1.pdf", pages=1), document("part 2.pdf", pages=2))
    link = visitor.approve()
    handset.leave(visitor)
    handset.approve(link)
    visitor = handset.go_on()
    visitor.expect_state("signed")
    yield "signed-batch", visitor.page
    visitor.upload()
    visitor.approve()
    for _ in range(5):
        visitor.press("renew")
        visitor.expect_state("awaiting_wallet")
    service.age_links()
    expect(visitor.page.get_by_text("The code ran out")).to_be_visible()
    yield "awaiting-wallet-expired", visitor.page
    visitor.upload()
    with service.used_up():
        visitor.press("approve")
        yield "quota-used-up", visitor.page


Tour: TypeAlias = Callable[[Party], Iterator[Stop]]
TOURS: Final[tuple[Tour, ...]] = (places, reading, identifying, signing, other_endings)
PROVOKED: Final = (
    r"status of 404 .*/nowhere",
    r"status of 422 .*/requests",
    r"status of 403 .*/approve",
)
"""What the tours' refusals make a browser say."""
