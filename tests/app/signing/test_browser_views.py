"""Asked through the browser: one session asks, the same one answers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.config import WebConfig
from app.signers.store import BrowserSession, Exchange, PassOffer
from sam import errors
from sam import messages as m
from tests.app.conftest import Web, World, request_path, upload
from tests.app.page import Page

ANSWER = "response=identified"  # what the SAM's stand-in takes for a right answer


@pytest.fixture
def config(tmp_path: Path, world: World) -> WebConfig:
    on = {"identification_alone": True, "dc_api": True}
    return world.config(tmp_path).model_copy(update=on)


@pytest.fixture
def page(client: FlaskClient) -> Page:
    return upload(client).submit(client, "identify")


def token(page: Page, testid: str = "ask-in-browser") -> str:
    form = page.get(testid).form
    assert form is not None
    return form.fields["csrf_token"]


def told(answer: TestResponse) -> dict[str, str]:
    found: dict[str, str] = json.loads(answer.text)
    return found


def ask(client: FlaskClient, page: Page) -> dict[str, str]:
    """What the script of the page does first."""
    form = page.get("ask-in-browser").form
    assert form is not None
    answer = client.post(form.attributes["action"], data=form.fields)
    assert answer.status_code == 200, answer.text
    return told(answer)


def answered(
    client: FlaskClient, page: Page, asked: dict[str, str], data: str = ANSWER
) -> TestResponse:
    """And what it does with the browser's answer."""
    form = {"csrf_token": token(page), "data": data}
    return client.post(asked["answer_to"], data=form)


def go_on(client: FlaskClient, answer: TestResponse) -> Page:
    return Page(client.get(told(answer)["next"]))


def test_the_request_is_handed_to_the_page(
    web: Web, client: FlaskClient, page: Page
) -> None:
    asked = ask(client, page)

    assert asked["protocol"] == "openid4vp-v1-signed"
    assert asked["request"].startswith("request.")
    assert asked["answer_to"].startswith("/oid4vp/browser/")


def test_the_answer_identifies_in_this_very_browser(
    web: Web, client: FlaskClient, page: Page
) -> None:
    welcome = go_on(client, answered(client, page, ask(client, page)))

    assert "Welcome, Erika Mustermann" in welcome.response.text.replace(
        "<bdi>", ""
    ).replace("</bdi>", "")
    with web.database() as db:
        (browser,) = db.query(BrowserSession)
        assert db.query(PassOffer).count() == 1
    assert browser.confirmed_by == "same_device"
    assert browser.handle is not None


def test_nobody_is_identified_by_the_answer_before_the_page_went_on(
    web: Web, client: FlaskClient, page: Page
) -> None:
    answered(client, page, ask(client, page))

    with web.database() as db:
        (browser,) = db.query(BrowserSession)
    assert browser.handle is None


def test_identification_alone_shows_the_name(client: FlaskClient) -> None:
    page = Page(client.get("/identify"))

    answer = answered(client, page, ask(client, page))
    shown = Page(client.get(told(answer)["next"], follow_redirects=True))

    assert shown.get("identified-alone").text.startswith("Verified: Erika")


def test_the_same_answer_gets_the_same_reply(client: FlaskClient, page: Page) -> None:
    asked = ask(client, page)

    first, second = (told(answered(client, page, asked)) for _ in range(2))

    assert first == second


def test_a_wallets_error_is_a_hint(client: FlaskClient, page: Page) -> None:
    asked = ask(client, page)
    said = go_on(client, answered(client, page, asked, "error=access_denied"))

    assert "did not share anything" in said.response.text


def in_another_session(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    """XD9: a page of the attacker's own session, the victim's answer in it."""
    asked, stranger = ask(client, page), web.browser()
    own = upload(stranger).submit(stranger, "identify")
    return answered(stranger, own, asked)


def without_a_session(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    asked = ask(client, page)
    return answered(web.browser(), page, asked)


def without_the_token(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    return client.post(ask(client, page)["answer_to"], data={"data": ANSWER})


def from_another_site(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    form = {"csrf_token": token(page), "data": ANSWER}
    headers = {"Sec-Fetch-Site": "cross-site"}
    return client.post(ask(client, page)["answer_to"], data=form, headers=headers)


def as_wallets_do(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    tx = ask(client, page)["answer_to"].rpartition("/")[2]
    return web.browser().post(f"/oid4vp/response/{tx}", data={"response": "identified"})


def to_a_links_exchange(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    """Of one that a wallet was to post to: the page has no part in it."""
    asked = ask(client, page)
    linked = Page(client.get(request_path(page))).submit(client, "identify")
    with web.database() as db:
        waiting = db.query(Exchange).filter_by(dc_api=False, closed_at=None).one()
    return answered(
        client, linked, asked | {"answer_to": f"/oid4vp/browser/{waiting.tx}"}
    )


def to_nothing(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    asked = ask(client, page) | {"answer_to": "/oid4vp/browser/" + "x" * 32}
    return answered(client, page, asked)


def refused_by_the_sam(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    return answered(client, page, ask(client, page), "response=of another request")


def nothing_in_it(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    return answered(client, page, ask(client, page), "")


def second_and_other(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    asked = ask(client, page)
    answered(client, page, asked)
    with web.database() as db:
        db.query(Exchange).update({"answered_at": None, "handle": None})
        db.commit()
    return answered(client, page, asked, "response=identified&another=1")


def after_a_newer_link(web: Web, client: FlaskClient, page: Page) -> TestResponse:
    asked = ask(client, page)
    Page(client.get(request_path(page))).submit(client, "identify")
    return answered(client, page, asked)


Attempt = Callable[[Web, FlaskClient, Page], TestResponse]
HOSTILE: list[tuple[Attempt, int]] = [
    (in_another_session, 404),
    (without_a_session, 403),
    (without_the_token, 403),
    (from_another_site, 403),
    (as_wallets_do, 404),
    (to_a_links_exchange, 404),
    (to_nothing, 404),
    (refused_by_the_sam, 400),
    (nothing_in_it, 400),
    (second_and_other, 400),
    (after_a_newer_link, 400),
]


@pytest.mark.parametrize(
    ("attempt", "status"),
    [pytest.param(a, s, id=a.__name__.replace("_", "-")) for a, s in HOSTILE],
)
def test_an_answer_out_of_place_identifies_nobody(
    web: Web, client: FlaskClient, page: Page, attempt: Attempt, status: int
) -> None:
    assert attempt(web, client, page).status_code == status

    with web.database() as db:
        assert [e for e in db.query(Exchange) if e.handle] == []
        assert [b for b in db.query(BrowserSession) if b.handle] == []


def test_the_same_request_is_not_served_to_wallets(
    web: Web, client: FlaskClient, page: Page
) -> None:
    tx = ask(client, page)["answer_to"].rpartition("/")[2]

    for method in (client.get, client.post):
        assert method(f"/oid4vp/request/{tx}").status_code == 404


def test_where_it_goes_on_is_of_no_use_elsewhere(
    web: Web, client: FlaskClient, page: Page
) -> None:
    """No phone page, and so no code that somebody could be talked into reading."""
    following = told(answered(client, page, ask(client, page)))["next"]

    elsewhere = web.browser().get(following)

    assert elsewhere.status_code >= 400
    assert "confirmation-code" not in elsewhere.text
    assert "Erika" not in elsewhere.text


def test_no_code_is_asked_for_and_none_confirms(
    web: Web, client: FlaskClient, page: Page
) -> None:
    answered(client, page, ask(client, page))
    waiting = Page(client.get(request_path(page)))
    with web.database() as db:
        exchange = db.query(Exchange).filter_by(dc_api=True).one()
    code = web.parts.confirmation.code_of(exchange)

    client.post(
        request_path(page).replace("/identification", "/confirm"),
        data={"csrf_token": token(waiting, "identify"), "code": code},
    )

    assert "confirmation-code-input" not in waiting.ids()
    with web.database() as db:
        (browser,) = db.query(BrowserSession)
    assert browser.handle is None


def test_the_older_link_is_closed(web: Web, client: FlaskClient, page: Page) -> None:
    ask(client, page)

    states = [tx.state for tx in web.sam.transactions.values()]
    assert states == [m.State.CLOSED, m.State.OPEN]


def test_what_failed_leads_back_to_a_link(client: FlaskClient, page: Page) -> None:
    ask(client, page)

    again = Page(client.get(request_path(page)))

    assert "wallet-link" not in again.ids()
    assert "wallet-link" in again.submit(client, "identify").ids()


def test_a_sam_that_does_not_offer_it_is_no_fault(
    web: Web, client: FlaskClient, page: Page
) -> None:
    web.sam.failing["open_identify"] = errors.NotOfferedError
    form = page.get("ask-in-browser").form
    assert form is not None

    answer = client.post(form.attributes["action"], data=form.fields)

    assert answer.status_code == 503


def test_pages_may_ask_only_where_it_is_on(
    client: FlaskClient, tmp_path: Path, world: World
) -> None:
    (tmp_path / "off").mkdir()
    with world.web(world.config(tmp_path / "off")) as off:
        shown = upload(off.browser())
        policy = shown.response.headers["Permissions-Policy"]

    assert "digital-credentials-get" not in policy
    on = client.get("/").headers["Permissions-Policy"]
    assert on.endswith(", digital-credentials-get=(self)")


def test_it_is_off_unless_the_settings_say_otherwise(
    tmp_path: Path, world: World
) -> None:
    (tmp_path / "off").mkdir()
    with world.web(world.config(tmp_path / "off")) as off:
        client = off.browser()
        page = upload(client).submit(client, "identify")
        request_url = request_path(page).replace("identification", "identify/browser")
        fields = {"csrf_token": token(page, "identify")}

        assert "ask-in-browser" not in page.ids()
        for path in (request_url, "/identify/browser", "/oid4vp/browser/" + "x" * 32):
            assert client.post(path, data=fields).status_code == 404


def test_identification_alone_has_its_own_switch(tmp_path: Path, world: World) -> None:
    (tmp_path / "one").mkdir()
    config = world.config(tmp_path / "one").model_copy(update={"dc_api": True})
    with world.web(config) as web:
        client = web.browser()
        fields = {"csrf_token": token(upload(client), "stop")}

        assert client.post("/identify/browser", data=fields).status_code == 404
