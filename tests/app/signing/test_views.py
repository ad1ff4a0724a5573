"""The pages of a signing request: whose they are, what they say, what they refuse."""

import pytest
from flask.testing import FlaskClient

from app.signing.findings import SENTENCES
from sam import errors
from tests.app.ades import pdfs
from tests.app.conftest import Web, identify, request_path, returning, upload
from tests.app.page import Page


@pytest.fixture
def ready(client: FlaskClient) -> Page:
    return upload(client)


def test_an_upload_can_be_read_identified_for_approved_and_stopped(ready: Page) -> None:
    assert ready.state == "ready"
    assert ready.ids() >= {"document-digest", "identify", "approve", "stop"}
    assert len(bytes.fromhex(ready.get("document-digest").text)) == 32
    assert "lease.pdf" in ready.response.text
    assert "1 page" in ready.response.text


def test_what_was_noticed_in_the_file_is_said(client: FlaskClient) -> None:
    layers = b"/OCProperties << /OCGs [4 0 R] /D << /OFF [4 0 R] >> >>"

    page = upload(client, pdfs.plain(catalog=layers))

    assert SENTENCES["hidden_layers"] in page.response.text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "empty_file", id="empty"),
        pytest.param(b"PK\x03\x04", "not_a_pdf", id="zip"),
        pytest.param(pdfs.plain()[:-30], "truncated_pdf", id="truncated"),
        pytest.param(pdfs.of_pages(2001), "too_many_pages", id="too-many-pages"),
        pytest.param(b"%PDF-1.7\n%%EOF\n", "malformed_pdf", id="malformed"),
    ],
)
def test_a_file_that_cannot_be_signed_is_refused_with_one_sentence(
    client: FlaskClient, content: bytes, code: str
) -> None:
    page = upload(client, content)

    assert page.response.status_code == 422
    assert page.get("problem-code").text == code
    assert "Nothing was signed." in page.response.text
    assert len([p for p in page.all("p") if p.attributes.get("class") == "lead"]) == 1


def test_a_form_without_a_file_is_refused(client: FlaskClient) -> None:
    page = Page(client.get("/")).submit(client, "upload-submit")

    assert page.response.status_code == 422
    assert page.get("problem-code").text == "no_file"


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(
    web: Web, client: FlaskClient
) -> None:
    web.app.config["MAX_CONTENT_LENGTH"] = 1000

    page = upload(client, pdfs.of_size(20_000))

    assert page.response.status_code == 413
    assert page.get("problem-code").text == "too_large"


def test_a_name_cannot_become_markup(client: FlaskClient) -> None:
    page = upload(client, name="<script>alert(1)</script>&.pdf")

    assert [s for s in page.all("script") if "src" not in s.attributes] == []
    assert "alert(1)" not in "".join(s.text for s in page.all("script"))


FILES = [
    "/documents/1/prepared.pdf",
    "/documents/1/read.pdf",
    "/documents/1/pages/1.png",
    "/documents/1/signed.pdf",
    "/signed.zip",
    "/evidence.zip",
]
ACTS = ["identify", "approve", "renew", "again", "stop", "confirm"]
PATHS = ["", "/watch", "/identification", "/identification/watch", "/phone", *FILES]


@pytest.fixture
def signed(web: Web, client: FlaskClient, ready: Page) -> str:
    waiting = ready.submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    client.get(returning(answer), follow_redirects=True)
    return request_path(ready)


@pytest.mark.parametrize("path", PATHS)
def test_another_browser_finds_nothing(web: Web, signed: str, path: str) -> None:
    other = web.browser()
    other.get("/")

    assert other.get(signed + path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_no_browser_finds_nothing(web: Web, signed: str, path: str) -> None:
    assert web.browser().get(signed + path).status_code == 404


def test_a_foreign_request_and_an_unknown_one_look_the_same(
    web: Web, signed: str
) -> None:
    other = web.browser()
    other.get("/")

    unknown = other.get("/requests/" + "0" * 32)

    assert other.get(signed).data == unknown.data


@pytest.mark.parametrize("path", ["", "/watch", *FILES])
def test_the_owner_finds_everything(
    client: FlaskClient, signed: str, path: str
) -> None:
    assert client.get(signed + path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/documents/1/signed.pdf", "/signed.zip", "/evidence.zip"]
)
def test_there_is_no_result_before_there_is_one(
    client: FlaskClient, ready: Page, path: str
) -> None:
    assert client.get(request_path(ready) + path).status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_another_browser_changes_nothing(
    web: Web, client: FlaskClient, ready: Page, act: str
) -> None:
    other = web.browser()
    token = Page(other.get("/")).all("input")[0].attributes["value"]

    answer = other.post(f"{request_path(ready)}/{act}", data={"csrf_token": token})

    assert answer.status_code == 404
    assert Page(client.get(request_path(ready))).state == "ready"


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_done_by_get(client: FlaskClient, ready: Page, act: str) -> None:
    answer = client.get(f"{request_path(ready)}/{act}")

    assert answer.status_code == 405
    assert Page(client.get(request_path(ready))).state == "ready"


def test_downloads_are_attachments_in_a_sandbox(
    client: FlaskClient, signed: str
) -> None:
    answer = client.get(f"{signed}/documents/1/signed.pdf")

    assert answer.mimetype == "application/pdf"
    disposition = answer.headers["Content-Disposition"]
    assert disposition == "attachment; filename=lease-signed.pdf"
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_identification_identify_is_the_first_thing_to_do(ready: Page) -> None:
    assert ready.get("identify").attributes["class"] == "primary"
    assert ready.get("approve").attributes["class"] == "secondary"


def test_once_identified_approve_is_the_first_thing_to_do(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    identify(web, client, ready)

    page = Page(client.get(request_path(ready)))
    assert page.get("approve").attributes["class"] == "primary"


def test_an_identification_is_over_after_thirty_minutes(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    identify(web, client, ready)
    web.clock.forward(minutes=30)

    page = Page(client.get(request_path(ready)))
    assert page.get("identify").attributes["class"] == "primary"


def test_the_wallet_card_shows_what_the_sam_put_into_the_transaction_data(
    client: FlaskClient, ready: Page
) -> None:
    page = ready.submit(client, "approve")

    assert page.state == "awaiting_wallet"
    assert page.ids() >= {"wallet-link", "document-digest", "try-again", "stop"}
    assert "TEST · lease.pdf · 4821 7730" in [d.text for d in page.all("dd")]


@pytest.mark.parametrize("act", ["approve", "identify"])
def test_without_the_sam_the_page_says_so_and_nothing_changes(
    web: Web, client: FlaskClient, ready: Page, act: str
) -> None:
    web.sam.failing["open_sign"] = errors.SamUnavailableError
    web.sam.failing["open_identify"] = errors.SamUnavailableError

    page = ready.submit(client, act)

    assert page.response.status_code == 503
    assert "Nothing was signed." in page.response.text
    assert Page(client.get(request_path(ready))).state == "ready"


def test_a_second_click_on_approve_is_told_that_the_document_has_moved_on(
    client: FlaskClient, ready: Page
) -> None:
    ready.submit(client, "approve")

    page = ready.submit(client, "approve")

    assert page.response.status_code == 409
    assert Page(client.get(request_path(ready))).state == "awaiting_wallet"


def test_trying_again_closes_the_old_link(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")

    page = waiting.submit(client, "try-again")

    assert page.state == "ready"
    assert web.wallet_posts(waiting, "response=approved").status_code == 400


def test_after_trying_again_a_new_approval_signs(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    again = ready.submit(client, "approve").submit(client, "try-again")
    answer = web.wallet_posts(again.submit(client, "approve"), "response=approved")

    page = Page(client.get(returning(answer), follow_redirects=True))
    assert page.state == "signed"


def test_stopping_works_while_the_sam_is_away(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")
    web.sam.failing["abort"] = errors.SamUnavailableError

    page = waiting.submit(client, "stop")

    assert page.state == "declined"
    assert "Nothing was signed." in page.response.text


def test_a_stopped_request_is_never_signed(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    Page(client.get(request_path(ready))).submit(client, "stop")

    page = Page(client.get(returning(answer), follow_redirects=True))

    assert page.state == "declined"
    assert "finish" not in web.sam.calls


def test_identifying_again_closes_the_older_link(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    first = ready.submit(client, "identify")
    first.submit(client, "identify")

    assert web.wallet_posts(first, "response=identified").status_code == 400


def test_an_expired_link_is_not_shown(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    for act in ("identify", "approve"):
        Page(client.get(request_path(ready))).submit(client, act)
    web.clock.forward(minutes=5)

    pages = [Page(client.get(request_path(ready) + p)) for p in ("", "/identification")]
    assert all("wallet-link" not in page.ids() for page in pages)
