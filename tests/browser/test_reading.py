"""The document is read in the browser: page by page, or whole with zoom and keys."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.files import document
from tests.browser.people import Visitor

PAGES = 4


@pytest.fixture
def reading(desk: Visitor) -> Page:
    desk.upload(document("four pages.pdf", pages=PAGES))
    return desk.page


@pytest.fixture
def opened(reading: Page) -> Page:
    """All pages of the document are open."""
    reading.get_by_role("button", name="All pages, with zoom").click()
    expect(reading.locator(".pdf-page")).to_have_count(PAGES)
    return reading


def test_page_by_page_each_has_its_image_and_its_words(reading: Page) -> None:
    reading.get_by_role("link", name="Next page").click()
    expect(reading.get_by_text("Page 2 of 4", exact=True)).to_be_visible()
    image = reading.get_by_role("img", name="Page 2 of 4.")
    expect(image).to_be_visible()
    reading.get_by_text("Text of this page").click()

    expect(reading.locator("[data-text]")).to_contain_text("This is page 2 of 4.")
    # decode() waits until the image is there
    drawn = image.evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert drawn > 500


def test_the_reader_shows_every_page_with_its_words(opened: Page) -> None:
    for number in range(1, PAGES + 1):
        page = opened.get_by_role("group", name=f"Page {number} of {PAGES}")
        page.scroll_into_view_if_needed()
        expect(page.locator("canvas")).to_be_visible()
        expect(page.locator(".text-layer")).to_contain_text(f"This is page {number}")


def test_zoom_makes_pages_larger_and_smaller(opened: Page) -> None:
    page = opened.locator(".pdf-page").first
    before = page.evaluate("page => page.offsetWidth")
    opened.get_by_role("button", name="Larger").click()
    expect(opened.get_by_text("125 %")).to_be_visible()
    larger = page.evaluate("page => page.offsetWidth")
    opened.get_by_role("button", name="Smaller").click()
    expect(opened.get_by_text("100 %")).to_be_visible()

    assert before < larger
    assert page.evaluate("page => page.offsetWidth") == before


def test_the_reader_obeys_keys_and_lets_go(opened: Page) -> None:
    pages = opened.locator("[data-pages]")
    expect(pages).to_be_focused()
    opened.keyboard.press("+")
    expect(opened.get_by_text("125 %")).to_be_visible()
    opened.keyboard.press("-")
    expect(opened.get_by_text("100 %")).to_be_visible()
    opened.keyboard.press("End")
    expect(opened.get_by_text("Page 4 of 4", exact=True)).to_be_visible()
    opened.keyboard.press("Tab")

    expect(pages).not_to_be_focused()
    opened.keyboard.press("Shift+Tab")
    expect(pages).to_be_focused()


def test_the_reader_opens_at_the_page_that_was_read(reading: Page) -> None:
    reading.get_by_role("link", name="Next page").click()
    reading.wait_for_url(re.compile("page=2"))
    reading.get_by_role("link", name="Next page").click()
    reading.wait_for_url(re.compile("page=3"))
    reading.get_by_role("button", name="All pages, with zoom").click()

    expect(reading.get_by_text("Page 3 of 4", exact=True)).to_be_visible()
