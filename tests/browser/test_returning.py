"""Somebody known signs again, or signs all on one device, or several files at once."""

import io
import zipfile

from playwright.sync_api import FilePayload, expect

from tests.browser.files import document
from tests.browser.people import Handset, Visitor, confirm_identity
from tests.browser.service import Service


def test_a_confirmed_session_signs_with_one_scan_and_no_code(
    desk: Visitor, handset: Handset
) -> None:
    handset.become_signer()
    desk.upload()
    confirm_identity(desk, handset)
    handset.approve(desk.approve())
    desk.expect_state("signed")
    desk.upload(document("second.pdf", pages=1))
    expect(desk.page.get_by_text("You are Erika Mustermann")).to_be_visible()
    handset.approve(desk.approve())

    desk.expect_state("signed")


def test_on_one_device_nothing_is_scanned_and_nothing_is_typed(
    handset: Handset,
) -> None:
    visitor = handset.become_signer()
    link = visitor.approve()
    handset.leave(visitor)
    handset.approve(link)
    returned = handset.go_on()

    returned.expect_state("signed")


def test_three_documents_are_approved_at_once(desk: Visitor, handset: Handset) -> None:
    files: list[FilePayload] = [
        document(f"part {number}.pdf", pages=number) for number in (1, 2, 3)
    ]
    handset.become_signer()
    desk.upload(*files)
    handset.scan(desk.approve())
    labels = handset.wallet.get_by_test_id("label")
    shown = desk.page.locator(".wallet dd bdi")
    assert labels.all_inner_texts() == shown.all_inner_texts()
    handset.wallet.get_by_test_id("approve").click()
    handset.go_on()
    desk.type_code(handset.code())
    desk.expect_state("signed")
    with desk.page.expect_download() as download:
        desk.press("download-all")

    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert len(archive.namelist()) == 3
    expect(desk.page.get_by_test_id("download-signed")).to_have_count(3)


def test_a_wallet_that_misbehaves_signs_nothing(
    desk: Visitor, handset: Handset, service: Service
) -> None:
    before = service.signatures()
    handset.become_signer()
    desk.upload()
    link = desk.approve()
    handset.approve(link, deviation="qes-approval-wrong")

    expect(handset.wallet.get_by_test_id("misbehaved")).to_be_visible()
    expect(handset.wallet.get_by_test_id("said")).to_contain_text("refused")
    desk.expect_state("awaiting_wallet")
    assert service.signatures() == before


def test_an_honest_answer_is_taken_after_a_wrong_one(
    desk: Visitor, handset: Handset
) -> None:
    handset.become_signer()
    desk.upload()
    link = desk.approve()
    handset.approve(link, deviation="qes-approval-wrong")
    handset.approve(link)
    handset.go_on()
    desk.type_code(handset.code())

    desk.expect_state("signed")
