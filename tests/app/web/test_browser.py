"""Cookies and forms at the edge."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.config import WebConfig
from app.wiring import Peers
from tests.app.conftest import Web, request_path, upload
from tests.app.page import Page


def test_the_first_page_sets_an_opaque_cookie(client: FlaskClient) -> None:
    header = client.get("/").headers["Set-Cookie"]

    assert header.startswith("qes=")
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/" in header


def test_the_cookie_is_set_once(client: FlaskClient) -> None:
    client.get("/")

    assert "Set-Cookie" not in client.get("/").headers


@pytest.fixture
def served_at(web: Web, config: WebConfig) -> Iterator[Callable[[str], TestResponse]]:
    """The first page's answer of a service at another address."""
    apps = []

    def first_page(base_url: str) -> TestResponse:
        peers = Peers(
            sam=web.sam.client(),
            documents=web.parts.intake._documents,
            http=web.parts.time_stamps._http,
            clock=web.clock,
        )
        there = config.model_copy(update={"base_url": base_url})
        apps.append(create_app(there, peers))
        return apps[-1].test_client().get("/")

    yield first_page
    for app in apps:
        app.extensions["parts"].database.close()


def test_over_https_the_cookie_is_bound_to_the_host(
    served_at: Callable[[str], TestResponse],
) -> None:
    answer = served_at("https://sign.example")

    header = answer.headers["Set-Cookie"]
    assert header.startswith("__Host-qes=")
    assert "Secure" in header
    assert "Domain" not in header
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("host", ["localhost:8443", "127.0.0.1", "[::1]:8443"])
def test_on_loopback_other_services_of_the_machine_may_stay_with_http(
    served_at: Callable[[str], TestResponse], host: str
) -> None:
    answer = served_at(f"https://{host}")

    assert answer.headers["Set-Cookie"].startswith("__Host-qes=")
    assert "Strict-Transport-Security" not in answer.headers


def test_a_chosen_cookie_is_not_adopted(client: FlaskClient) -> None:
    client.set_cookie("qes", "chosen-by-somebody-else")

    client.get("/")

    cookie = client.get_cookie("qes")
    assert cookie is not None
    assert cookie.value != "chosen-by-somebody-else"


FORMS = ["upload", "identify", "approve", "again", "stop"]


def target(ready: Page, form: str) -> str:
    return "/requests" if form == "upload" else f"{request_path(ready)}/{form}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "fields",
    [{}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": "é"}],
    ids=["missing", "empty", "wrong", "not-ascii"],
)
def test_a_form_without_the_browsers_token_is_refused(
    client: FlaskClient, form: str, fields: dict[str, str]
) -> None:
    ready = upload(client)

    answer = client.post(target(ready, form), data=fields)

    assert answer.status_code == 403
    assert Page(answer).get("problem-code").text == "forged_form"
    assert Page(client.get(request_path(ready))).state == "ready"


def test_another_browsers_token_is_refused(web: Web, client: FlaskClient) -> None:
    ready = upload(client)
    other = Page(web.browser().get("/")).all("input")[0].attributes["value"]

    answer = client.post(f"{request_path(ready)}/stop", data={"csrf_token": other})

    assert answer.status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_form_that_comes_from_elsewhere_is_refused(
    client: FlaskClient, site: str
) -> None:
    ready = upload(client)
    form = ready.get("stop").form
    assert form is not None

    answer = client.post(
        form.attributes["action"], data=form.fields, headers={"Sec-Fetch-Site": site}
    )

    assert answer.status_code == 403


def test_our_own_form_is_accepted(client: FlaskClient) -> None:
    """Guards the tables above."""
    ready = upload(client)
    form = ready.get("stop").form
    assert form is not None

    answer = client.post(
        form.attributes["action"],
        data=form.fields,
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert answer.status_code == 303


FOR_WALLETS = {"wallet", "oauth", "issuance"}


def test_every_form_is_refused_without_its_token(web: Web, client: FlaskClient) -> None:
    """``not_me`` is guarded by the wallet's link, which a guess is not."""
    client.get("/")
    urls = web.app.url_map.bind("localhost:8000")
    posts = [
        rule
        for rule in web.app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
        and rule.endpoint.split(".")[0] not in FOR_WALLETS
    ]

    answers = {
        rule.endpoint: client.post(
            urls.build(rule.endpoint, dict.fromkeys(rule.arguments, "x"), method="POST")
        ).status_code
        for rule in posts
    }

    assert len(answers) >= 12
    assert set(answers.values()) == {403}


@pytest.mark.parametrize("host", ["evil.example", "localhost:9", "a@b", "x y", ""])
def test_a_host_header_has_no_say_in_our_addresses(
    web: Web, client: FlaskClient, host: str
) -> None:
    ready = upload(client)
    ready.submit(client, "identify")
    cookie = client.get_cookie("qes")
    assert cookie is not None
    headers = {"Host": host, "X-Forwarded-Host": host, "Cookie": f"qes={cookie.value}"}

    page = web.app.test_client(use_cookies=False).get(
        f"{request_path(ready)}/identification", headers=headers
    )

    assert "request_uri=http%3A%2F%2Flocalhost%3A8000%2Foid4vp" in page.text


def test_no_template_holds_script_or_inline_style() -> None:
    folder = Path(__file__).parents[3] / "app" / "web" / "templates"
    texts = [file.read_text() for file in folder.glob("*.html")]

    assert texts
    assert not [t for t in texts if "<script>" in t or "style=" in t]
    assert not [t for t in texts if re.search(r"\son[a-z]+=", t)]
    assert not [t for t in texts if "|safe" in t or "autoescape" in t]
