"""The click in a real browser: ``form-action`` holds for redirects after a form too."""

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext
from werkzeug.serving import make_server

from app.oauth.redirect_uris import form_target
from tests.app.conftest import World, request_path, upload
from tests.app.oauth.conftest import Stage, identified_again
from tests.app.oauth.wallets import CLIENT
from tests.app.web.screenshots import CHROMIUM, chromium

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Later:
    """The port is needed before the application is."""

    app: "WSGIApplication"

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        return self.app(environ, start)


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
def served(world: World, tmp_path: Path) -> Iterator[tuple[Stage, str]]:
    later = Later()
    server = make_server("127.0.0.1", 0, later, threaded=True)
    base_url = f"http://localhost:{server.server_port}"
    config = world.config(tmp_path).model_copy(update={"base_url": base_url})
    thread = threading.Thread(target=server.serve_forever)
    with world.web(config) as web:
        later.app = web.app
        thread.start()
        client = web.browser()
        request_id = request_path(upload(client)).rsplit("/", 1)[-1]
        yield identified_again(web, client, request_id), base_url
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def context(browser: Browser, served: tuple[Stage, str]) -> Iterator[BrowserContext]:
    """A browser window that holds the identified person's cookie."""
    stage, base_url = served
    cookie = stage.browser.get_cookie("qes")
    assert cookie is not None
    context = browser.new_context()
    context.add_cookies([{"name": "qes", "value": cookie.value, "url": base_url}])
    yield context
    context.close()


@pytest.mark.parametrize("decision", ["allow", "refuse"])
def test_the_click_leads_to_the_wallet(
    context: BrowserContext, served: tuple[Stage, str], decision: str
) -> None:
    stage, base_url = served
    callback = base_url.replace("localhost", "127.0.0.1") + "/cb"
    uri = stage.push(redirect_uri=callback)
    page = context.new_page()
    page.goto(f"{base_url}/oauth2/authorize?client_id={CLIENT}&request_uri={uri}")

    page.get_by_test_id(f"authorize-{decision}").click()
    page.wait_for_url(f"{callback}?*")

    assert ("code=" in page.url) is (decision == "allow")
    assert ("error=access_denied" in page.url) is (decision == "refuse")


def test_an_apps_own_scheme_is_not_stopped_by_our_policy(
    context: BrowserContext, served: tuple[Stage, str]
) -> None:
    stage, base_url = served
    uri = stage.push()
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{base_url}/oauth2/authorize?client_id={CLIENT}&request_uri={uri}")

    with page.expect_response("**/oauth2/authorize") as answered:
        page.get_by_test_id("authorize-allow").click()

    assert answered.value.status == 303
    location = answered.value.header_value("Location") or ""
    assert form_target(location) == "eu.europa.ec.euidi:"
    page.wait_for_timeout(200)
    assert [text for text in complaints if "form-action" in text] == []
