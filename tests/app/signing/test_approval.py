"""What the SAM says it hashed must be what was prepared and shown."""

import pytest
from flask.testing import FlaskClient

from sam import messages as m
from tests.app.conftest import Web, identify, request_path, upload
from tests.app.page import Page


@pytest.fixture
def ready(client: FlaskClient) -> Page:
    return upload(client)


def test_another_digest_than_the_prepared_one_stops_everything(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    web.sam.wrong_sdr = True

    page = ready.submit(client, "approve")

    assert page.get("problem-code").text == "document_mismatch"
    assert Page(client.get(request_path(ready))).state == "ready"
    assert {tx.state for tx in web.sam.transactions.values()} == {m.State.CLOSED}


def test_a_stored_file_exchanged_behind_our_back_is_never_sent(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    request_id = request_path(ready).rsplit("/", 1)[-1]
    folder = web.parts.files._folder / request_id
    (stored,) = folder.iterdir()
    stored.write_bytes(stored.read_bytes().replace(b"595", b"596"))

    page = ready.submit(client, "approve")

    assert page.get("problem-code").text == "document_changed"
    assert "open_sign" not in web.sam.calls


def test_the_handle_goes_along_once_the_person_is_identified(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    identify(web, client, ready)

    Page(client.get(request_path(ready))).submit(client, "approve")

    (handle,) = web.sam.handles
    assert [t.handle for t in web.sam.transactions.values()] == [None, handle]


def test_without_identification_no_handle_goes_along(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    ready.submit(client, "approve")

    assert [t.handle for t in web.sam.transactions.values()] == [None]


def test_a_handle_the_sam_forgot_asks_for_a_new_identification(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    identify(web, client, ready)
    web.sam.handles.clear()

    page = Page(client.get(request_path(ready))).submit(client, "approve")

    assert page.get("problem-code").text == "identification_over"
    again = Page(client.get(request_path(ready)))
    assert again.state == "ready"
    assert again.get("identify").attributes["class"] == "primary"
