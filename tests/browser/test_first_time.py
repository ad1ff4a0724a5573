"""Somebody signs for the first time, at a desk and with a phone."""

import hashlib

from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Screens
from tests.browser.people import ON_REQUEST, Handset, Visitor, confirm_identity, other
from tests.browser.service import Service

NOT_SHARED = "Your wallet did not share anything."


def test_a_first_signer_needs_two_scans_and_one_code(
    screens: Screens, service: Service
) -> None:
    """At the pace that people meet; other tests hurry."""
    desk = Visitor(screens.new(DESKTOP, hurry=False).new_page(), service)
    handset = Handset(screens.new(PHONE, hurry=False), service)
    handset.hold("erika")

    desk.upload()
    desk.expect_state("ready")
    link = desk.identify()
    expect(desk.page.get_by_role("img", name="QR code")).to_be_visible()
    handset.approve(link)
    phone = handset.go_on()
    expect(phone.page.get_by_text("Chrome on Linux")).to_be_visible()
    desk.type_code(handset.code())
    desk.page.wait_for_url(ON_REQUEST)
    expect(phone.find("offer-link")).to_be_visible()
    handset.take_pass()
    phone.page.reload()
    expect(phone.page.get_by_text("has fetched the signing pass")).to_be_visible()
    handset.approve(desk.approve())
    desk.expect_state("signed")


def test_the_signed_file_and_the_evidence_are_handed_over(
    desk: Visitor, handset: Handset
) -> None:
    handset.become_signer()
    desk.upload()
    confirm_identity(desk, handset)
    handset.approve(desk.approve())
    desk.expect_state("signed")
    with desk.page.expect_download() as pdf:
        desk.press("download-signed")
    with desk.page.expect_download() as evidence:
        desk.press("download-evidence")

    content = pdf.value.path().read_bytes()
    assert content.startswith(b"%PDF-")
    expect(desk.page.get_by_text(hashlib.sha256(content).hexdigest())).to_be_visible()
    assert evidence.value.path().read_bytes().startswith(b"PK")


def test_a_signer_with_a_pass_and_no_session_scans_once_and_types_the_code(
    desk: Visitor, handset: Handset
) -> None:
    handset.become_signer()
    desk.upload()
    handset.approve(desk.approve())
    phone = handset.go_on()
    desk.expect_state("awaiting_confirmation")
    desk.type_code(handset.code())

    desk.expect_state("signed")
    expect(phone.page.get_by_role("heading", name="Confirmed")).to_be_visible()


def test_who_declines_to_identify_reads_that_nothing_was_shared(
    desk: Visitor, handset: Handset
) -> None:
    desk.upload()
    handset.decline(desk.identify())

    expect(desk.page.get_by_role("alert")).to_contain_text(NOT_SHARED)
    expect(desk.find("wallet-link")).to_be_visible()


def test_who_declines_to_approve_reads_that_nothing_was_signed(
    desk: Visitor, handset: Handset
) -> None:
    handset.become_signer()
    desk.upload()
    handset.decline(desk.approve())

    said = desk.page.get_by_role("alert")
    expect(said).to_contain_text(f"{NOT_SHARED}")
    expect(said).to_contain_text("Nothing was signed.")
    desk.expect_state("awaiting_wallet")


def test_not_me_closes_everything_on_both_screens(
    desk: Visitor, handset: Handset
) -> None:
    desk.upload()
    handset.approve(desk.identify())
    phone = handset.go_on()
    phone.press("not-me")

    expect(phone.page.get_by_role("heading", name="Everything is clo")).to_be_visible()
    expect(desk.page.get_by_role("alert")).to_contain_text("This attempt is closed")
    desk.to_the_document()
    desk.expect_state("declined")
    expect(desk.page.get_by_text("this was not me")).to_be_visible()


def test_three_wrong_codes_void_the_approval(
    desk: Visitor, handset: Handset, service: Service
) -> None:
    before = service.signatures()
    handset.become_signer()
    desk.upload()
    handset.approve(desk.approve())
    phone = handset.go_on()
    code = handset.code()
    for left in ("2 tries", "1 try"):
        desk.type_code(other(code))
        expect(desk.page.get_by_role("alert")).to_contain_text(f"{left} left")
    desk.type_code(other(code))

    desk.expect_state("ready")
    expect(desk.page.get_by_text("The code was wrong three times")).to_be_visible()
    expect(phone.page.get_by_text("Nothing was signed").first).to_be_visible()
    assert service.signatures() == before
