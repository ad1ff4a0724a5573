"""The whole way with Tab, Enter and typing; where one is, is always visible."""

from typing import Final

from playwright.sync_api import Page, expect

from tests.browser.people import ON_IDENTIFICATION, ON_REQUEST, Handset, Visitor
from wallet_emulator.sample.lease import LEASE_FILE

MOST_TABS: Final = 60
FOCUS: Final = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    where: element.outerHTML.slice(0, 120),
    name: element.dataset?.testid ?? null,
    none: element === document.body,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0,
    covered: at !== null && !element.contains(at) && !at.contains(element),
  };
}"""


def tab_to(page: Page, name: str) -> None:
    """Until that element has the focus; each on the way shows that it has it."""
    hidden = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        seen = focus["ring"] and focus["inside"] and not focus["covered"]
        if not (seen or focus["none"]):
            hidden.append(focus["where"])
        if focus["name"] == name:
            assert hidden == []
            return
    raise AssertionError(f"{name} cannot be reached by Tab")


def press(page: Page, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


def test_a_first_signer_needs_no_mouse(desk: Visitor, handset: Handset) -> None:
    page = desk.page
    # Before the page is there: asked for just before the key, it may come too late.
    page.on("filechooser", lambda chooser: chooser.set_files(LEASE_FILE))
    page.goto(desk.service.url)
    press(page, "upload-input")
    expect(page.get_by_role("list", name="Chosen files")).to_contain_text("lease.pdf")
    press(page, "upload-submit")
    page.wait_for_url(ON_REQUEST)
    press(page, "identify")
    page.wait_for_url(ON_IDENTIFICATION)
    tab_to(page, "wallet-link")
    handset.approve(desk.link())
    handset.go_on()
    expect(desk.find("confirmation-code-input")).to_be_visible()
    tab_to(page, "confirmation-code-input")
    page.keyboard.type(handset.code())
    page.keyboard.press("Enter")
    page.wait_for_url(ON_REQUEST)
    handset.take_pass()
    press(page, "approve")
    desk.expect_state("awaiting_wallet")
    handset.approve(desk.link())
    desk.expect_state("signed")
    tab_to(page, "download-signed")
    with page.expect_download() as download:
        page.keyboard.press("Enter")

    assert download.value.path().read_bytes().startswith(b"%PDF-")


def test_the_first_tab_skips_to_the_content(desk: Visitor) -> None:
    desk.page.goto(desk.service.url)
    desk.page.keyboard.press("Tab")
    skip = desk.page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    desk.page.keyboard.press("Enter")

    expect(desk.page.locator("#main")).to_be_focused()


def test_the_reader_is_no_trap(desk: Visitor) -> None:
    desk.upload()
    desk.page.get_by_role("button", name="All pages, with zoom").press("Enter")
    expect(desk.page.locator("[data-pages]")).to_be_focused()

    tab_to(desk.page, "stop")
