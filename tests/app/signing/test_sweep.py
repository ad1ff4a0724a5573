"""Whatever waits for nobody ends: the worker's round."""

import pytest
from flask.testing import FlaskClient

from app.signers.store import BrowserSession
from app.signing.tables import SigningRequest
from sam import errors
from sam import messages as m
from tests.app.conftest import Web, request_path, returning, tx_of, upload
from tests.app.page import Page


@pytest.fixture
def ready(client: FlaskClient) -> Page:
    return upload(client)


def state(client: FlaskClient, page: Page) -> str:
    return Page(client.get(request_path(page))).state


@pytest.mark.parametrize("step", ["ready", "awaiting_wallet", "awaiting_confirmation"])
def test_a_request_past_its_deadline_expires(
    web: Web, client: FlaskClient, ready: Page, step: str
) -> None:
    if step != "ready":
        waiting = ready.submit(client, "approve")
        if step == "awaiting_confirmation":
            web.wallet_posts(waiting, "response=approved")
    assert state(client, ready) == step
    web.clock.forward(hours=24)

    web.parts.sweeper.round()

    assert state(client, ready) == "expired"


def test_a_request_before_its_deadline_stays(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    web.clock.forward(hours=23)

    web.parts.sweeper.round()

    assert state(client, ready) == "ready"


def test_an_expired_link_brings_the_request_back(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")
    web.clock.forward(minutes=5, seconds=30)

    web.parts.sweeper.round()

    page = Page(client.get(request_path(ready)))
    assert page.state == "ready"
    assert "link expired" in page.response.text
    assert web.sam.transactions[tx_of(waiting)].state is m.State.CLOSED


def test_a_link_that_still_works_is_left_alone(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    ready.submit(client, "approve")
    web.clock.forward(minutes=5)

    web.parts.sweeper.round()

    assert state(client, ready) == "awaiting_wallet"


def test_an_expired_link_waits_while_the_sam_is_away(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    ready.submit(client, "approve")
    web.sam.failing["abort"] = errors.SamUnavailableError
    web.clock.forward(minutes=6)

    web.parts.sweeper.round()

    assert state(client, ready) == "awaiting_wallet"


def test_an_approval_nobody_comes_back_for_is_given_up_after_ten_minutes(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")
    web.wallet_posts(waiting, "response=approved")
    web.clock.forward(minutes=10)

    web.parts.sweeper.round()

    page = Page(client.get(request_path(ready)))
    assert page.state == "ready"
    assert "nobody came back" in page.response.text
    assert web.sam.transactions[tx_of(waiting)].state is m.State.CLOSED


def test_files_are_deleted_after_the_retention(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    client.get(returning(answer), follow_redirects=True)
    web.clock.forward(hours=24)

    web.parts.sweeper.round()

    page = Page(client.get(request_path(ready)))
    assert page.state == "signed"
    assert "deleted the files" in page.response.text
    assert list(web.parts.files._folder.iterdir()) == []
    assert client.get(f"{request_path(ready)}/signed.pdf").status_code == 404


def test_a_purged_request_keeps_no_name(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    ready.submit(client, "stop")
    web.clock.forward(hours=24)

    web.parts.sweeper.round()

    with web.database() as db:
        (row,) = db.query(SigningRequest)
        (document,) = row.documents
        kept = (document.name, document.label, document.earlier_signatures)
        assert (*kept, row.signer_name) == ("", None, [], None)


def test_files_are_kept_during_the_retention(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    ready.submit(client, "stop")
    web.clock.forward(hours=23)

    web.parts.sweeper.round()

    assert (
        client.get(f"{request_path(ready)}/documents/1/prepared.pdf").status_code == 200
    )


def test_a_browser_session_is_forgotten_once_it_owns_no_file(
    web: Web, ready: Page
) -> None:
    web.clock.forward(hours=73)
    web.parts.sweeper.round()
    web.clock.forward(hours=24)

    web.parts.sweeper.round()

    with web.database() as db:
        assert db.query(BrowserSession).count() == 0


def test_a_browser_session_that_owns_a_file_is_kept(web: Web, ready: Page) -> None:
    web.clock.forward(hours=73)

    web.parts.sweeper.round()

    with web.database() as db:
        assert db.query(BrowserSession).count() == 1
