"""Coming back from the wallet: cookie and response_code together, or nothing."""

import pytest
from flask.testing import FlaskClient

from app.signers.store import BrowserSession
from tests.app.conftest import (
    Web,
    identify,
    request_path,
    response_code,
    returning,
    upload,
)
from tests.app.page import Page
from tests.app.sam_peer import NAME

RETURN = "/oid4vp/return"


@pytest.fixture
def ready(client: FlaskClient) -> Page:
    return upload(client)


@pytest.fixture
def approved(web: Web, client: FlaskClient, ready: Page) -> str:
    """An approval that nobody has come back for yet: where the wallet points."""
    waiting = ready.submit(client, "approve")
    return returning(web.wallet_posts(waiting, "response=approved"))


def state(client: FlaskClient, ready: Page) -> str:
    return Page(client.get(request_path(ready))).state


def test_an_identified_person_is_greeted_by_name(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    welcome = identify(web, client, ready)

    assert welcome.response.status_code == 200
    assert NAME in welcome.all("h1")[0].text
    assert "offer-link" in welcome.ids()
    assert welcome.get("continue").attributes["href"] == request_path(ready)


def test_without_the_starting_cookie_nothing_is_released(
    web: Web, client: FlaskClient, ready: Page, approved: str
) -> None:
    answer = web.browser().get(approved)

    assert "confirmation-code" in Page(answer).ids()
    assert "Set-Cookie" not in answer.headers
    assert state(client, ready) == "awaiting_confirmation"


def test_another_browsers_cookie_does_not_confirm(
    web: Web, client: FlaskClient, ready: Page, approved: str
) -> None:
    other = web.browser()
    other.get("/")

    answer = other.get(approved)

    assert "confirmation-code" in Page(answer).ids()
    assert state(client, ready) == "awaiting_confirmation"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("", id="missing"),
        pytest.param("?response_code=", id="empty"),
        pytest.param("?response_code=AAAAAAAAAAAAAAAAAAAAAA", id="wrong"),
        pytest.param("?response_code=%E2%82%AC", id="not-ascii"),
    ],
)
def test_the_cookie_alone_does_not_confirm(
    client: FlaskClient, ready: Page, approved: str, query: str
) -> None:
    answer = client.get(f"{RETURN}{query}")

    assert answer.status_code == 403
    assert state(client, ready) == "awaiting_confirmation"


def test_another_exchanges_code_does_not_confirm(
    web: Web, client: FlaskClient, ready: Page, approved: str
) -> None:
    other = web.browser()
    elsewhere = upload(other).submit(other, "approve")
    foreign = returning(web.wallet_posts(elsewhere, "response=approved"))

    assert "confirmation-code" in Page(client.get(foreign)).ids()
    assert state(client, ready) == "awaiting_confirmation"
    assert state(other, elsewhere) == "awaiting_confirmation"


def test_polling_never_confirms(
    client: FlaskClient, ready: Page, approved: str
) -> None:
    assert {state(client, ready) for _ in range(3)} == {"awaiting_confirmation"}


def test_after_five_wrong_codes_the_right_one_is_refused(
    client: FlaskClient, ready: Page, approved: str
) -> None:
    for _ in range(5):
        client.get(f"{RETURN}?response_code=wrong")

    assert client.get(approved).status_code == 403
    assert state(client, ready) == "awaiting_confirmation"


def test_after_four_wrong_codes_the_right_one_still_confirms(
    client: FlaskClient, ready: Page, approved: str
) -> None:
    for _ in range(4):
        client.get(f"{RETURN}?response_code=wrong")

    client.get(approved)

    assert state(client, ready) == "signed"


def test_an_answer_older_than_ten_minutes_identifies_nobody(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    asked = ready.submit(client, "identify")
    path = returning(web.wallet_posts(asked, "response=identified"))
    web.clock.forward(minutes=10)

    answer = client.get(path)

    assert answer.status_code == 410
    assert NAME not in client.get(request_path(ready)).text


def test_confirming_rotates_the_cookie(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    before = client.get_cookie("qes")
    identify(web, client, ready)
    after = client.get_cookie("qes")

    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_the_old_cookie_opens_nothing_after_confirmation(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    cookie = client.get_cookie("qes")
    assert cookie is not None
    identify(web, client, ready)
    thief = web.browser()
    thief.set_cookie("qes", cookie.value)

    assert thief.get(request_path(ready)).status_code == 404


def test_documents_move_along_with_the_rotated_session(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    identify(web, client, ready)

    assert state(client, ready) == "ready"


def test_confirming_changes_the_csrf_token(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    old_form = ready.get("stop").form
    assert old_form is not None
    identify(web, client, ready)

    answer = client.post(old_form.attributes["action"], data=old_form.fields)

    assert answer.status_code == 403
    assert state(client, ready) == "ready"


def test_a_reload_shows_the_page_again_and_offers_the_same_pass(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    first = identify(web, client, ready)
    again = Page(client.get(first.response.request.full_path))

    assert again.response.status_code == 200
    assert "Set-Cookie" not in again.response.headers
    link = first.get("offer-link").attributes["href"]
    assert again.get("offer-link").attributes["href"] == link


def test_a_reload_after_signing_signs_nothing_more(
    web: Web, client: FlaskClient, ready: Page, approved: str
) -> None:
    client.get(approved, follow_redirects=True)
    before = web.sam.calls.count("finish")

    page = Page(client.get(approved, follow_redirects=True))

    assert page.state == "signed"
    assert web.sam.calls.count("finish") == before


def test_the_pass_is_offered_on_no_other_page(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    identify(web, client, ready)

    assert "offer-link" not in Page(client.get(request_path(ready))).ids()
    assert "offer-link" not in Page(client.get("/")).ids()


def test_the_session_is_marked_as_confirmed_on_the_same_device(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    identify(web, client, ready)

    with web.database() as db:
        assert [b.confirmed_by for b in db.query(BrowserSession)] == ["same_device"]


def test_nobody_is_identified_before_the_browser_returns(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    asked = ready.submit(client, "identify")
    web.wallet_posts(asked, "response=identified")

    assert NAME not in client.get(request_path(ready)).text
    assert NAME not in client.get(f"{request_path(ready)}/identification").text


def test_the_code_of_one_exchange_is_not_the_code_of_another(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    first = ready.submit(client, "identify")
    code = response_code(web.wallet_posts(first, "response=identified"))
    second = Page(client.get(request_path(ready))).submit(client, "identify")

    assert response_code(web.wallet_posts(second, "response=identified")) != code
