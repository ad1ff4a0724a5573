import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.complaints import Complaints
from tests.browser.people import Handset, Visitor
from tests.browser.service import Service, started

CHROMIUM: Final = "/usr/bin/chromium"
PATIENCE_MS: Final = 20_000
DESKTOP: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 900}}
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "user_agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36"
    " (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
HURRY: Final = "window.setTimeout = ((f) => (g, ms) => f(g, ms / 8))(window.setTimeout)"
"""Pages that wait ask eight times as often; what they ask and do stays the same."""


@pytest.fixture(scope="package")
def service(
    tmp_path_factory: pytest.TempPathFactory, softhsm_module: Path
) -> Iterator[Service]:
    with started(tmp_path_factory.mktemp("service"), softhsm_module) as service:
        yield service


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One per worker. Its absence is a skip here and a failure in CI."""
    if not Path(CHROMIUM).exists():
        reason = f"chromium is not installed: no {CHROMIUM}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=PATIENCE_MS)
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=root)
        yield browser
        browser.close()


class Screens:
    """New browsers for one test, all with open ears."""

    def __init__(self, chromium: Browser, complaints: Complaints) -> None:
        self._chromium = chromium
        self._complaints = complaints
        self._contexts: list[BrowserContext] = []

    def new(self, screen: dict[str, Any], *, hurry: bool = True) -> BrowserContext:
        context = self._chromium.new_context(**screen)
        context.set_default_timeout(PATIENCE_MS)
        if hurry:
            context.add_init_script(HURRY)
        self._complaints.listen(context)
        self._contexts.append(context)
        return context

    def close(self) -> None:
        while self._contexts:
            self._contexts.pop().close()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the test's browsers complained about; it must be what was expected."""
    complaints = Complaints()
    yield complaints
    assert "\n".join(complaints.unexpected) == ""


@pytest.fixture
def screens(chromium: Browser, complaints: Complaints) -> Iterator[Screens]:
    screens = Screens(chromium, complaints)
    yield screens
    screens.close()


@pytest.fixture
def desk(screens: Screens, service: Service) -> Visitor:
    """The browser on a large screen."""
    return Visitor(screens.new(DESKTOP).new_page(), service)


@pytest.fixture
def handset(screens: Screens, service: Service) -> Handset:
    """A phone in Erika's hand, with a PID and without a signing pass."""
    handset = Handset(screens.new(PHONE), service)
    handset.hold("erika")
    return handset
