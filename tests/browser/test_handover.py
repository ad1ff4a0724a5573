"""“Continue on my phone”: a document moves to the phone, and all is done there."""

import re

from playwright.sync_api import expect

from tests.browser.complaints import CLOSED_LINK, Complaints
from tests.browser.people import ON_REQUEST, Handset, Visitor


def moved(desk: Visitor, handset: Handset) -> Visitor:
    """The phone's browser, after it took the document over."""
    desk.press("continue-on-phone")
    expect(desk.page.get_by_role("img", name="QR code")).to_be_visible()
    copy = desk.page.get_by_role("button", name=re.compile("Copy the address"))
    address = copy.get_attribute("data-copy")
    assert address is not None
    phone = Visitor(handset.context.new_page(), desk.service)
    phone.page.goto(address)
    expect(phone.page.get_by_text("Chrome on Linux")).to_be_visible()
    phone.press("continue")
    phone.page.wait_for_url(ON_REQUEST)
    return phone


def test_all_on_the_phone_nothing_is_scanned_or_typed(
    desk: Visitor, handset: Handset
) -> None:
    handset.become_signer()
    desk.upload()
    phone = moved(desk, handset)
    link = phone.approve()
    handset.leave(phone)
    handset.approve(link)
    phone = handset.go_on()

    phone.expect_state("signed")


def test_the_desk_is_told_by_itself_and_keeps_nothing(
    desk: Visitor, handset: Handset
) -> None:
    desk.upload()
    here = desk.page.url
    moved(desk, handset)

    expect(
        desk.page.get_by_text("Your document has moved to your phone")
    ).to_be_visible()
    desk.page.goto(here)
    expect(
        desk.page.get_by_text("Your document has moved to your phone")
    ).to_be_visible()


def test_a_question_that_waits_for_a_wallet_is_taken_back(
    desk: Visitor, handset: Handset, complaints: Complaints
) -> None:
    complaints.expect(CLOSED_LINK)
    desk.upload()
    link = desk.approve()
    phone = moved(desk, handset)
    handset.scan(link)

    expect(handset.wallet.get_by_test_id("problem")).to_be_visible()
    phone.expect_state("ready")
