"""Every page of the running service: ``python -m tests.browser.screenshots DIRECTORY``.

Narrow and wide, light and dark, as the tours reach them.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser.complaints import Complaints
from tests.browser.conftest import CHROMIUM, DESKTOP, PATIENCE_MS, PHONE, Screens
from tests.browser.inspection import looks
from tests.browser.people import Handset, Visitor
from tests.browser.service import Service, started
from tests.browser.tours import TOURS, Party
from tests.conftest import SOFTHSM


def shoot(screens: Screens, service: Service, directory: Path) -> None:
    for tour in TOURS:
        desk = Visitor(screens.new(DESKTOP).new_page(), service)
        handset = Handset(screens.new(PHONE), service)
        handset.hold("erika")
        for name, page in tour(Party(desk, handset)):
            for width, scheme in looks(page):
                file = directory / f"{name}-{width}-{scheme}.png"
                page.screenshot(path=file, full_page=True)
        screens.close()


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        started(Path(folder), Path(SOFTHSM)) as service,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        shoot(Screens(browser, Complaints()), service, directory)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
