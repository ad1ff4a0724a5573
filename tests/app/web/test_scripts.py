"""Our scripts in a real browser: what they do for people, and what they leave alone."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Page,
    Route,
    expect,
)

from tests.app.ades import pdfs
from tests.app.web.scenes import scenes
from tests.app.web.screenshots import CHROMIUM, chromium, served

# A character map that a reader must bring along, and ours does not.
FONT_BY_NAME = (
    b"/Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type0"
    b" /BaseFont /Min /Encoding /UniJIS-UCS2-H /DescendantFonts [<< /Type /Font"
    b" /Subtype /CIDFontType0 /BaseFont /Min /CIDSystemInfo << /Registry (Adobe)"
    b" /Ordering (Japan1) /Supplement 2 >> /FontDescriptor << /Type /FontDescriptor"
    b" /FontName /Min /Flags 4 >> >>] >> >> >>"
)
TEXT_IN_IT = (
    b"<< /Length 46 >>\nstream\nBT /F 40 Tf 50 700 Td <65E5672C8A9E> Tj ET      "
    b"\nendstream"
)
WATCH = re.compile(r"/watch$")
SLOW = "window.setTimeout = ((f) => (g, ms) => f(g, ms / 20))(window.setTimeout);"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Its absence is a skip here and a failure in CI."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI") == "true":
            pytest.fail("no browser")
        pytest.skip("no browser")
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context: BrowserContext = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def pdf(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def hurried(page: Page) -> Page:
    """A page whose timers run twenty times as fast."""
    page.add_init_script(SLOW)
    return page


def soon(page: Page, done: Callable[[], bool]) -> None:
    for _ in range(100):
        if done():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen within five seconds")


def test_the_page_is_shown_anew_when_its_word_changes(page: Page, address: str) -> None:
    words = iter(["awaiting_wallet", "awaiting_wallet", "signing"])
    page.route(
        WATCH, lambda route: route.fulfill(json={"state": next(words, "signing")})
    )
    hurried(page).goto(f"{address}/scenes/awaiting-wallet")

    with page.expect_navigation(timeout=5_000):
        pass


def test_an_unchanged_word_is_asked_for_by_its_etag(page: Page, address: str) -> None:
    asked: list[str | None] = []

    def answer(route: Route) -> None:
        asked.append(route.request.headers.get("if-none-match"))
        if asked[-1]:
            route.fulfill(status=304)
        else:
            word = {"state": "awaiting_wallet"}
            route.fulfill(json=word, headers={"ETag": '"1"'})

    page.route(WATCH, answer)
    hurried(page).goto(f"{address}/scenes/awaiting-wallet")
    soon(page, lambda: len(asked) >= 3)

    assert asked[:3] == [None, '"1"', '"1"']


def test_it_says_when_we_are_offline_and_never_stops_asking(
    page: Page, address: str
) -> None:
    left = ["down", "down", "down"]

    def answer(route: Route) -> None:
        if left:
            left.pop()
            route.abort()
        else:
            route.fulfill(json={"state": "awaiting_wallet"})

    page.route(WATCH, answer)
    hurried(page).goto(f"{address}/scenes/awaiting-wallet")
    banner = page.get_by_text("You are offline.")

    expect(banner).to_be_visible()
    expect(banner).to_be_hidden(timeout=20_000)
    assert left == []


def test_it_does_not_ask_while_nobody_looks(page: Page, address: str) -> None:
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(json={"state": "awaiting_wallet"})

    page.route(WATCH, answer)
    hurried(page).goto(f"{address}/scenes/awaiting-wallet")
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => window.away ?? true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(300)
    before = len(asked)
    page.wait_for_timeout(400)

    assert len(asked) == before
    page.evaluate(
        "window.away = false; document.dispatchEvent(new Event('visibilitychange'))"
    )
    soon(page, lambda: len(asked) > before)


def test_a_code_that_ran_out_is_renewed_by_itself(page: Page, address: str) -> None:
    page.route(WATCH, lambda route: route.fulfill(json={"state": "awaiting_wallet"}))
    page.clock.install()
    page.goto(f"{address}/scenes/awaiting-wallet")

    expect(page.get_by_text("New code in 1:4")).to_be_visible()
    with page.expect_request(re.compile("/renew"), timeout=10_000) as sent:
        page.clock.fast_forward(103_000)

    assert sent.value.method == "POST"


def test_time_left_is_spoken_at_a_minute(page: Page, address: str) -> None:
    page.route(WATCH, lambda route: route.fulfill(json={"state": "awaiting_wallet"}))
    page.clock.install()
    page.goto(f"{address}/scenes/awaiting-wallet")
    status = page.get_by_role("status")

    expect(status).to_have_text("Waiting for your wallet — nothing is signed yet")
    page.clock.fast_forward(45_000)

    expect(status).to_contain_text(re.compile(r"5\d seconds left"))


def test_chosen_files_are_listed_and_too_large_ones_named(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/scenes/start")
    page.eval_on_selector("[data-upload]", "form => form.dataset.maxBytes = 1e5")
    small, large = pdf("a.pdf", b"%PDF-"), pdf("b.pdf", bytes(100_001))
    page.get_by_test_id("upload-input").set_input_files([small, large])

    rows = page.get_by_role("list", name="Chosen files").get_by_role("listitem")
    expect(rows).to_have_text(["a.pdf1 kB", "b.pdf100 kB — too large"])


def test_a_form_is_sent_once(page: Page, address: str) -> None:
    sent: list[str] = []

    def answer(route: Route) -> None:
        sent.append(route.request.url)
        route.fulfill(status=204)

    page.route(re.compile("/requests$"), answer)
    page.goto(f"{address}/scenes/start")
    page.get_by_test_id("upload-input").set_input_files(pdf("a.pdf", b"%PDF-"))
    button = page.get_by_test_id("upload-submit")
    button.click()
    button.click(force=True)

    expect(button).to_have_text("Uploading and checking…")
    expect(button).to_have_attribute("aria-disabled", "true")
    assert len(sent) == 1


def test_the_whole_document_opens_with_its_text(page: Page, address: str) -> None:
    page.goto(f"{address}/scenes/ready")
    page.get_by_role("button", name="All pages, with zoom").click()

    expect(page.locator(".text-layer")).to_contain_text("Musterstadt")
    page.get_by_role("button", name="Larger").click()
    expect(page.get_by_text("125 %")).to_be_visible()


def test_where_the_document_does_not_open_the_images_stay(
    page: Page, address: str
) -> None:
    page.route(re.compile("pdf.worker"), lambda route: route.abort())
    page.goto(f"{address}/scenes/ready")
    button = page.locator("[data-open-reader]")
    button.click()

    expect(button).to_be_hidden()
    expect(page.get_by_role("img", name="Page 2 of 4.")).to_be_visible()
    expect(page.get_by_role("link", name="Next page")).to_be_visible()


def test_a_document_that_would_look_otherwise_is_left_to_the_images(
    page: Page, address: str
) -> None:
    file = pdfs.plain(page=FONT_BY_NAME, o4=TEXT_IN_IT)
    page.route(re.compile("read.pdf$"), lambda route: route.fulfill(body=file))
    page.goto(f"{address}/scenes/ready")
    page.locator("[data-open-reader]").click()

    expect(page.locator("[data-open-reader]")).to_be_hidden()
    expect(page.get_by_role("img", name="Page 2 of 4.")).to_be_visible()


def test_without_scripts_nothing_is_offered_that_needs_them(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/scenes/ready")

    expect(page.get_by_role("link", name="Next page")).to_be_visible()
    expect(page.get_by_role("button", name="All pages, with zoom")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy the fingerprint")).to_be_hidden()
    context.close()


def test_no_page_scrolls_sideways_at_320_pixels(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.route(re.compile("/static/(js|vendor)/"), lambda route: route.abort())
    wide = []
    for scene in scenes():
        page.goto(f"{address}/scenes/{scene.name}", wait_until="domcontentloaded")
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(scene.name)
    page.close()

    assert wide == []
