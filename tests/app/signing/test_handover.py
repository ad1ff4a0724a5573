"""“Continue on your phone”: the request moves, once, and is not shared."""

from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from tests.app.conftest import Web, request_path, returning, upload
from tests.app.page import Page


@pytest.fixture
def ready(client: FlaskClient) -> Page:
    return upload(client)


@pytest.fixture
def phone(web: Web) -> FlaskClient:
    return web.browser()


def address(page: Page) -> str:
    (copy,) = [e for e in page.all("button") if "data-copy" in e.attributes]
    return urlsplit(copy.attributes["data-copy"]).path


@pytest.fixture
def ticket(client: FlaskClient, ready: Page) -> str:
    return address(ready.submit(client, "continue-on-phone"))


def test_the_phone_takes_the_document_over_and_signs_there(
    web: Web, client: FlaskClient, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    taken = Page(phone.get(ticket)).submit(phone, "continue")
    waiting = taken.submit(phone, "approve")
    answer = web.wallet_posts(waiting, "response=approved")

    signed = Page(phone.get(returning(answer), follow_redirects=True))

    assert signed.state == "signed"


def test_opening_the_link_alone_moves_nothing(
    client: FlaskClient, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    phone.get(ticket)

    assert Page(client.get(request_path(ready))).state == "ready"


def test_the_first_browser_is_told_and_sees_no_more_of_it(
    client: FlaskClient, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    Page(phone.get(ticket)).submit(phone, "continue")
    path = request_path(ready)

    page = Page(client.get(path))

    assert "phone" in page.response.text
    assert "lease.pdf" not in page.response.text
    assert client.get(f"{path}/documents/1/prepared.pdf").status_code == 404
    assert client.get(f"{path}/watch").json == {"state": "moved"}
    assert "lease.pdf" not in client.get("/").text


def test_the_first_browser_never_gets_what_the_phone_signed(
    web: Web, client: FlaskClient, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    taken = Page(phone.get(ticket)).submit(phone, "continue")
    answer = web.wallet_posts(taken.submit(phone, "approve"), "response=approved")
    phone.get(returning(answer))

    for path in ("documents/1/signed.pdf", "evidence.zip", "signed.zip"):
        assert client.get(f"{request_path(ready)}/{path}").status_code == 404


def test_a_ticket_works_once(
    web: Web, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    Page(phone.get(ticket)).submit(phone, "continue")

    assert web.browser().get(ticket).status_code == 410


def test_of_two_that_opened_the_ticket_only_the_first_gets_the_document(
    web: Web, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    other = web.browser()
    late = Page(other.get(ticket))
    Page(phone.get(ticket)).submit(phone, "continue")

    page = late.submit(other, "continue")

    assert page.response.status_code == 410
    assert other.get(request_path(ready)).status_code == 404


def test_a_ticket_is_old_after_five_minutes(
    web: Web, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    web.clock.forward(minutes=5)

    assert phone.get(ticket).status_code == 410


def test_an_unknown_ticket_leads_nowhere(phone: FlaskClient) -> None:
    assert phone.get("/continue/AAAAAAAAAAAAAAAAAAAAAA").status_code == 410


def test_taking_over_closes_the_wallet_link_that_was_open(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")

    waiting.submit(client, "continue-on-phone")

    assert web.wallet_posts(waiting, "response=approved").status_code == 400


def test_what_was_asked_for_after_the_ticket_was_made_makes_it_void(
    web: Web, client: FlaskClient, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    Page(client.get(request_path(ready))).submit(client, "approve")

    assert phone.get(ticket).status_code == 410


def test_a_signed_document_cannot_be_handed_over(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    form = ready.get("continue-on-phone").form
    assert form is not None
    waiting = ready.submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    signed = Page(client.get(returning(answer), follow_redirects=True))
    token = {"csrf_token": _token(client)}

    page = client.post(form.attributes["action"], data=token)

    assert signed.state == "signed"
    assert page.status_code == 410


def _token(client: FlaskClient) -> str:
    return Page(client.get("/")).all("input")[0].attributes["value"]


def test_taking_over_needs_the_form_of_this_browser(
    web: Web, client: FlaskClient, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    phone.get(ticket)

    answer = phone.post(ticket, data={"csrf_token": "forged"})

    assert answer.status_code == 403
    assert Page(client.get(request_path(ready))).state == "ready"


def test_a_document_that_came_back_can_be_seen_again(
    client: FlaskClient, phone: FlaskClient, ready: Page, ticket: str
) -> None:
    taken = Page(phone.get(ticket)).submit(phone, "continue")
    back = address(taken.submit(phone, "continue-on-phone"))

    Page(client.get(back)).submit(client, "continue")

    assert Page(client.get(request_path(ready))).state == "ready"
    assert client.get(f"{request_path(ready)}/watch").json == {"state": "ready"}
