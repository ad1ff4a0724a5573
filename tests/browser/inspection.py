"""What is wrong with a page, for people who see, point or read differently.

axe-core's rules (WCAG 2.0 to 2.2, A and AA, and its best practices) on a narrow and a
wide window, by day and by night; and no scrolling sideways in the narrow one, which is
also the wide one enlarged to 400 %.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Page

from tests.browser.complaints import Complaints
from tests.browser.tours import PROVOKED, Party, Tour

VENDOR: Final = Path(__file__).parent / "vendor"
NARROW, WIDE = 320, 1280
HEIGHT: Final = 800
MOST_BYTES: Final = 100_000
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
RULES: Final = (
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
)
LEFT_OUT: Final = {"wallet-": "region"}
"""By the start of a page's name. The emulated phone is no page of the service; its TEST
stripe stands outside of all landmarks."""
_AXE: Final = (VENDOR / "axe.min.js").read_text()
NO_WEIGHT: Final = re.compile(r"/vendor/pdfjs-|/pages/|/read\.pdf|/watch")
_RUN: Final = """async ([tags, left]) => {
  const rules = Object.fromEntries(left.map((rule) => [rule, { enabled: false }]));
  const found = await axe.run({ runOnly: tags, rules, resultTypes: ["violations"] });
  return found.violations.map(({ id, nodes }) => [
    id, nodes.map(({ html }) => html.slice(0, 160)),
  ]);
}"""


def looks(page: Page) -> Iterator[tuple[int, Literal["light", "dark"]]]:
    """The page in each width and colour, and then as it was."""
    before = page.viewport_size
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            yield width, scheme
    if before is not None:
        page.set_viewport_size(before)


def faults(page: Page, name: str) -> list[str]:
    found = []
    left_out = [rule for start, rule in LEFT_OUT.items() if name.startswith(start)]
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    for width, scheme in looks(page):
        violations: list[Any] = page.evaluate(_RUN, [RULES, left_out])
        found += [f"{width} {scheme} {rule}: {nodes}" for rule, nodes in violations]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{width} {scheme}: {wide} pixels wide")
    return found


def weight(page: Page) -> dict[str, int]:
    """Bytes as sent by URL, of the page and all it loaded, but for the engine that
    shows a whole document on demand and for the document itself."""
    sizes: dict[str, int] = page.evaluate(
        """() => Object.fromEntries(
          [...performance.getEntriesByType("navigation"),
           ...performance.getEntriesByType("resource")]
            .map(({ name, encodedBodySize }) => [name, encodedBodySize]))"""
    )
    return {url: n for url, n in sizes.items() if not NO_WEIGHT.search(url)}


def inspected(tour: Tour, party: Party, complaints: Complaints) -> dict[str, object]:
    """What is wrong on the way, by page; nothing, where all is well."""
    for pattern in PROVOKED:
        complaints.expect(pattern)
    found: dict[str, object] = {}
    for name, page in tour(party):
        if wrong := faults(page, name):
            found[name] = wrong
        sizes = weight(page)
        if sum(sizes.values()) > MOST_BYTES:
            found[f"{name} is too heavy"] = sizes
    return found
