"""Every page beside the way, and every end of it; and that a fault would be found."""

import hashlib
import json

import pytest
from playwright.sync_api import expect

from tests.browser.complaints import Complaints
from tests.browser.inspection import VENDOR, faults, inspected, weight
from tests.browser.people import Handset, Visitor
from tests.browser.tours import Party, Tour, other_endings, places, reading


@pytest.mark.parametrize("tour", [places, reading, other_endings])
def test_nothing_is_wrong_with_any_page(
    desk: Visitor, handset: Handset, complaints: Complaints, tour: Tour
) -> None:
    assert inspected(tour, Party(desk, handset), complaints) == {}


def test_a_picture_without_words_would_be_found(desk: Visitor) -> None:
    desk.page.goto(desk.service.url)
    desk.page.evaluate("document.querySelector('main').append(new Image(8, 8))")

    found = faults(desk.page, "start")
    assert len(found) == 4
    assert all("image-alt" in fault for fault in found)


def test_a_page_that_is_too_wide_would_be_found(desk: Visitor) -> None:
    desk.page.goto(desk.service.url)
    desk.page.evaluate("document.querySelector('h1').style.width = '900px'")

    wide = [fault for fault in faults(desk.page, "start") if "pixels wide" in fault]
    assert len(wide) == 2


def test_the_weight_of_a_page_counts_all_it_loads(desk: Visitor) -> None:
    desk.page.goto(desk.service.url)
    kinds = {url.rsplit(".", 1)[-1] for url in weight(desk.page)}

    assert {"css", "js", "woff2"} <= kinds
    assert all(weight(desk.page).values())


def test_a_script_against_our_policy_would_be_a_complaint(
    desk: Visitor, complaints: Complaints
) -> None:
    desk.page.goto(desk.service.url)
    desk.page.evaluate(
        "document.head.append(Object.assign(document.createElement('script'),"
        " {textContent: 'window.ran = 1'}))"
    )
    expect(desk.page.locator("h1")).to_be_visible()

    assert "Content Security Policy" in "".join(complaints.unexpected)
    complaints.found.clear()


def test_axe_is_the_one_of_the_manifest() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    (package,) = manifest["packages"]
    named = {name: file["sha256"] for name, file in package["files"].items()}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "manifest.json"
    }

    assert found == named
