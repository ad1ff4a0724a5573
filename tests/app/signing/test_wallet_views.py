"""The two addresses wallets call, and what they may and may not get there."""

import html

import httpx
import pytest
from flask.testing import FlaskClient

from app.signing import wallet_words
from openid4vp import response
from sam import errors
from tests.app.conftest import Web, response_code, returning, tx_of, upload
from tests.app.page import Page
from tests.app.sam_peer import CLIENT_ID

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def waiting(client: FlaskClient) -> Page:
    return upload(client).submit(client, "approve")


@pytest.fixture
def wallet(web: Web) -> FlaskClient:
    """No cookie, as a wallet has none."""
    return web.browser()


def test_the_link_holds_the_three_parameters_of_openid4vp(waiting: Page) -> None:
    link = httpx.URL(waiting.get("wallet-link").attributes["href"])

    assert link.scheme == "openid4vp"
    assert dict(link.params) == {
        "client_id": CLIENT_ID,
        "request_uri": f"http://localhost:8000/oid4vp/request/{tx_of(waiting)}",
        "request_uri_method": "post",
    }


def test_the_browsers_address_is_not_in_the_wallets(waiting: Page) -> None:
    browser_id = waiting.response.request.path.rsplit("/", 1)[-1]

    assert browser_id not in waiting.get("wallet-link").attributes["href"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_request_object_is_served_by_both_methods(
    waiting: Page, wallet: FlaskClient, method: str
) -> None:
    answer = wallet.open(f"/oid4vp/request/{tx_of(waiting)}", method=method)

    assert answer.status_code == 200
    assert answer.content_type == "application/oauth-authz-req+jwt"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_a_wallet_may_fetch_the_request_again(
    waiting: Page, wallet: FlaskClient, client: FlaskClient
) -> None:
    first = wallet.get(f"/oid4vp/request/{tx_of(waiting)}")
    second = wallet.get(f"/oid4vp/request/{tx_of(waiting)}")

    assert second.data == first.data
    assert Page(client.get(waiting.response.request.path)).state == "awaiting_wallet"


@pytest.mark.parametrize(
    ("body", "nonce"),
    [
        pytest.param("", None, id="empty-body"),
        pytest.param("wallet_nonce=abc", "abc", id="nonce"),
        pytest.param("wallet_metadata=%7B%7D&wallet_nonce=abc", "abc", id="metadata"),
        pytest.param("vp_formats_supported=x&foo=1", None, id="flat-unknown-members"),
    ],
)
def test_what_real_wallets_post_for_the_request_is_understood(
    web: Web, waiting: Page, wallet: FlaskClient, body: str, nonce: str | None
) -> None:
    wallet.post(f"/oid4vp/request/{tx_of(waiting)}", data=body, headers=FORM)

    assert web.sam.nonces == [nonce]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Accept": "text/html"}, id="accept-html"),
        pytest.param({"Accept": "application/jwt;q=0.9"}, id="accept-jwt"),
        pytest.param({"Content-Type": "application/json"}, id="json"),
        pytest.param({"Content-Type": "text/plain"}, id="text"),
        pytest.param({}, id="none"),
    ],
)
def test_no_header_of_a_wallet_is_refused(
    waiting: Page, wallet: FlaskClient, headers: dict[str, str]
) -> None:
    answer = wallet.post(f"/oid4vp/request/{tx_of(waiting)}", headers=headers)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("wallet_nonce=", id="empty"),
        pytest.param(f"wallet_nonce={'x' * 513}", id="too-long"),
        pytest.param("wallet_nonce=a&wallet_nonce=b", id="twice"),
    ],
)
def test_a_bad_wallet_nonce_is_refused(
    waiting: Page, wallet: FlaskClient, body: str
) -> None:
    path = f"/oid4vp/request/{tx_of(waiting)}"

    answer = wallet.post(path, data=body, headers=FORM)

    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_request"


def test_a_request_is_not_served_after_the_answer(
    web: Web, waiting: Page, wallet: FlaskClient
) -> None:
    web.wallet_posts(waiting, "response=approved")

    assert wallet.get(f"/oid4vp/request/{tx_of(waiting)}").status_code == 404


@pytest.mark.parametrize("path", ["/oid4vp/request/x", "/oid4vp/response/x"])
def test_an_unknown_exchange_is_not_found(wallet: FlaskClient, path: str) -> None:
    answer = wallet.post(path)

    assert answer.status_code == 404
    assert answer.json["error"] == "invalid_request"


def test_an_answer_is_confirmed_with_an_address_to_return_to(
    web: Web, waiting: Page
) -> None:
    answer = web.wallet_posts(waiting, "response=approved")

    assert answer.status_code == 200
    assert list(answer.json()) == ["redirect_uri"]
    redirect = answer.json()["redirect_uri"]
    assert redirect.startswith("http://localhost:8000/oid4vp/return?response_code=")
    assert len(response_code(answer)) == 22
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_same_body_gets_the_same_reply(web: Web, waiting: Page) -> None:
    first = web.wallet_posts(waiting, "response=approved")
    second = web.wallet_posts(waiting, "response=approved")

    assert second.json() == first.json()


def test_the_response_code_is_stored_nowhere(web: Web, waiting: Page) -> None:
    code = response_code(web.wallet_posts(waiting, "response=approved"))

    with web.database() as db:
        raw = db.connection().connection.driver_connection
        assert raw is not None
        assert code not in "\n".join(raw.iterdump())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("response=forged", id="refused-by-the-sam"),
        pytest.param("", id="empty"),
        pytest.param("response=\u00e9", id="not-ascii"),
    ],
)
def test_a_refused_answer_changes_nothing(
    web: Web, waiting: Page, client: FlaskClient, body: str
) -> None:
    answer = web.wallet_posts(waiting, body)

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert Page(client.get(waiting.response.request.path)).state == "awaiting_wallet"


def test_a_second_other_answer_is_refused(web: Web, waiting: Page) -> None:
    web.wallet_posts(waiting, "response=approved")

    assert web.wallet_posts(waiting, "response=approved-2").status_code == 400


def test_an_answer_that_is_too_large_never_reaches_the_sam(
    web: Web, waiting: Page
) -> None:
    answer = web.wallet_posts(waiting, "response=" + "x" * (256 * 1024))

    assert answer.status_code == 413
    assert "submit" not in web.sam.calls


def test_an_answer_after_stop_is_refused(
    web: Web, waiting: Page, client: FlaskClient
) -> None:
    waiting.submit(client, "stop")

    assert web.wallet_posts(waiting, "response=approved").status_code == 400
    assert Page(client.get(waiting.response.request.path)).state == "declined"


def test_without_the_sam_the_wallet_hears_that_it_may_try_later(
    web: Web, waiting: Page
) -> None:
    web.sam.failing["submit"] = errors.SamUnavailableError

    answer = web.wallet_posts(waiting, "response=approved")

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_wallets_error_moves_nothing(
    web: Web, waiting: Page, client: FlaskClient
) -> None:
    answer = web.wallet_posts(waiting, "error=access_denied")

    assert answer.status_code == 200
    page = Page(client.get(waiting.response.request.path))
    assert page.state == "awaiting_wallet"
    assert "Your wallet did not share anything" in page.response.text


def test_after_an_error_the_wallet_may_still_approve(
    web: Web, waiting: Page, client: FlaskClient
) -> None:
    web.wallet_posts(waiting, "error=access_denied")
    answer = web.wallet_posts(waiting, "response=approved")

    page = Page(client.get(returning(answer), follow_redirects=True))
    assert page.state == "signed"


def test_the_page_after_an_error_says_what_the_wallet_said(
    web: Web, waiting: Page, client: FlaskClient
) -> None:
    answer = web.wallet_posts(waiting, "error=access_denied")

    page = client.get(returning(answer))

    assert "did not share anything" in page.text
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("code", sorted(wallet_words.WALLET_ERRORS))
def test_every_error_of_a_wallet_has_its_page(
    web: Web, waiting: Page, client: FlaskClient, code: str
) -> None:
    answer = web.wallet_posts(waiting, f"error={code}")
    said = wallet_words.WALLET_ERRORS[code]

    for page in (returning(answer), waiting.response.request.path):
        shown = client.get(page).text
        assert said.happened in shown
        assert f"Nothing was signed. {said.to_do}" in shown


@pytest.mark.parametrize("code", sorted(wallet_words.REFUSALS))
def test_every_refusal_that_is_told_has_its_page_and_the_wallet_hears_nothing(
    web: Web, waiting: Page, client: FlaskClient, code: str
) -> None:
    answer = web.wallet_posts(waiting, f"response={code}")
    plain = web.wallet_posts(waiting, "response=answer_refused")

    assert answer.status_code == 400
    assert answer.content == plain.content
    web.wallet_posts(waiting, f"response={code}")
    shown = html.unescape(client.get(waiting.response.request.path).text)
    said = wallet_words.REFUSALS[code]
    assert said.happened in shown
    assert f"Nothing was signed. {said.to_do}" in shown


def test_every_error_that_the_verifier_passes_on_has_words() -> None:
    assert set(wallet_words.WALLET_ERRORS) == response.WALLET_ERRORS


def test_the_sam_and_the_page_know_the_same_reasons() -> None:
    told = {kind.code for kind in errors.AnswerRefusedError.__subclasses__()}

    assert told | {errors.AnswerRefusedError.code} == set(wallet_words.REFUSALS)


def test_the_text_of_a_wallets_error_is_never_shown(
    web: Web, waiting: Page, client: FlaskClient
) -> None:
    answer = web.wallet_posts(waiting, "error=%3Cscript%3Ecall+0900")

    assert "0900" not in client.get(returning(answer)).text


def test_posting_an_error_does_not_yield_the_code_that_confirms(
    web: Web, waiting: Page, client: FlaskClient
) -> None:
    """Anybody who saw the link can post an error: its reply must be worthless."""
    of_the_error = web.wallet_posts(waiting, "error=access_denied")
    web.wallet_posts(waiting, "response=approved")

    client.get(returning(of_the_error))

    page = Page(client.get(waiting.response.request.path))
    assert page.state == "awaiting_confirmation"


def test_an_error_page_opened_after_an_approval_leads_to_the_document(
    web: Web, waiting: Page, client: FlaskClient
) -> None:
    of_the_error = web.wallet_posts(waiting, "error=access_denied")
    web.wallet_posts(waiting, "response=approved")

    answer = client.get(returning(of_the_error))

    assert answer.status_code == 303
    assert answer.headers["Location"] == waiting.response.request.path


def test_an_answer_that_is_refused_is_told_and_moves_nothing(
    web: Web, waiting: Page, client: FlaskClient
) -> None:
    answer = web.wallet_posts(waiting, "response=forged")

    assert answer.status_code == 400
    page = Page(client.get(waiting.response.request.path))
    assert page.state == "awaiting_wallet"
    assert "can't be used here" in page.response.text.replace("&#39;", "'")


def test_a_refused_answer_does_not_undo_a_good_one(
    web: Web, waiting: Page, client: FlaskClient
) -> None:
    web.wallet_posts(waiting, "response=approved")
    web.wallet_posts(waiting, "response=forged")

    page = Page(client.get(waiting.response.request.path))
    assert page.state == "awaiting_confirmation"
