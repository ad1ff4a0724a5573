"""Anybody checks a signed file on the verify page."""

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.files import document
from tests.browser.people import Handset, Visitor
from tests.browser.service import Service


@pytest.fixture(scope="module")
def signed(chromium: Browser, service: Service) -> FilePayload:
    """A file that was signed here just now, on a phone alone."""
    context = chromium.new_context(**PHONE)
    handset = Handset(context, service)
    handset.hold("erika")
    visitor = handset.become_signer()
    link = visitor.approve()
    handset.leave(visitor)
    handset.approve(link)
    done = handset.go_on()
    done.expect_state("signed")
    with done.page.expect_download() as download:
        done.press("download-signed")
    content = download.value.path().read_bytes()
    context.close()
    return {"name": "a.pdf", "mimeType": "application/pdf", "buffer": content}


def check(desk: Visitor, file: FilePayload) -> Page:
    desk.page.goto(f"{desk.service.url}/verify")
    desk.page.get_by_test_id("verify-input").set_input_files(file)
    desk.press("verify-submit")
    return desk.page


def test_a_signed_file_is_called_valid_and_its_signer_is_named(
    desk: Visitor, signed: FilePayload
) -> None:
    page = check(desk, signed)

    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_have_attribute("data-verdict", "valid")
    expect(page.get_by_role("heading", name="Erika Mustermann")).to_be_visible()


def test_a_file_that_was_changed_is_called_changed(
    desk: Visitor, signed: FilePayload
) -> None:
    changed = signed["buffer"].replace(b"/Title (Lease)", b"/Title (Gift!)")
    assert changed != signed["buffer"]
    page = check(desk, {**signed, "buffer": changed})

    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_have_attribute("data-verdict", "changed")


def test_a_file_nobody_signed_is_called_so(desk: Visitor) -> None:
    page = check(desk, document("plain.pdf", pages=1))

    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_have_attribute("data-verdict", "no_signature")
