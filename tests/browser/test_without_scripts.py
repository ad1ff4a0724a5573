"""The whole way across two devices where no script runs, in neither browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Screens
from tests.browser.files import document
from tests.browser.people import ON_REQUEST, Handset, Visitor, other
from tests.browser.service import Service


@pytest.fixture
def desk(screens: Screens, service: Service) -> Visitor:
    screen = {**DESKTOP, "java_script_enabled": False}
    return Visitor(screens.new(screen, hurry=False).new_page(), service)


@pytest.fixture
def handset(screens: Screens, service: Service) -> Handset:
    screen = {**PHONE, "java_script_enabled": False}
    handset = Handset(screens.new(screen, hurry=False), service)
    handset.hold("erika")
    return handset


def test_a_first_signer_reads_identifies_approves_and_takes_the_file(
    desk: Visitor, handset: Handset
) -> None:
    """Pages that wait reload themselves; a page with a field to fill never does."""
    desk.upload(document("two pages.pdf", pages=2))
    desk.page.get_by_role("link", name="Next page").click()
    desk.page.wait_for_url("**page=2**")
    expect(desk.page.get_by_role("img", name="Page 2 of 2.")).to_be_visible()
    link = desk.identify()
    expect(desk.page.get_by_role("img", name="QR code")).to_be_visible()
    handset.approve(link)
    handset.go_on()
    desk.type_code(handset.code())
    desk.page.wait_for_url(ON_REQUEST)
    handset.take_pass()
    handset.approve(desk.approve())

    desk.expect_state("signed")
    with desk.page.expect_download() as download:
        desk.press("download-signed")
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def test_a_wrong_code_is_told_and_the_right_one_still_works(
    desk: Visitor, handset: Handset
) -> None:
    handset.become_signer()
    desk.upload()
    handset.approve(desk.approve())
    handset.go_on()
    code = handset.code()
    desk.type_code(other(code))
    expect(desk.page.get_by_role("alert")).to_contain_text("2 tries left")
    desk.type_code(f"{code[:3]} {code[3:]}")

    desk.expect_state("signed")
