"""Walks A and B on one device, from the first page to the evidence."""

import hashlib
import io
import logging
import zipfile

import pytest
from flask.testing import FlaskClient

from sam.errors import SamUnavailableError
from tests.app.ades import pdfs
from tests.app.conftest import (
    Web,
    identify,
    request_path,
    response_code,
    returning,
    upload,
)
from tests.app.page import Page
from tests.app.sam_peer import EVIDENCE, NAME


def test_a_first_time_signer_identifies_approves_and_gets_a_valid_document(
    web: Web, client: FlaskClient
) -> None:
    ready = upload(client)
    welcome = identify(web, client, ready)
    path = welcome.get("continue").attributes["href"]
    waiting = Page(client.get(path)).submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")

    signed = Page(client.get(returning(answer), follow_redirects=True))

    assert signed.state == "signed"
    assert signed.get("document-digest").text == ready.get("document-digest").text
    document = client.get(signed.get("download-signed").attributes["href"]).data
    assert document.startswith(pdfs.plain())


def test_someone_with_a_pass_signs_with_one_approval(
    web: Web, client: FlaskClient
) -> None:
    waiting = upload(client).submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    assert Page(client.get(request_path(waiting))).state == "awaiting_confirmation"

    signed = Page(client.get(returning(answer), follow_redirects=True))

    assert signed.state == "signed"
    assert NAME in signed.response.text


def test_the_evidence_is_exactly_the_sams(web: Web, client: FlaskClient) -> None:
    waiting = upload(client).submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    signed = Page(client.get(returning(answer), follow_redirects=True))

    data = client.get(signed.get("download-evidence").attributes["href"]).data

    archive = zipfile.ZipFile(io.BytesIO(data))
    assert {
        name: archive.read(name).decode() for name in archive.namelist()
    } == EVIDENCE


def test_the_prepared_file_can_be_downloaded_and_gives_the_digest_shown(
    client: FlaskClient,
) -> None:
    ready = upload(client)

    prepared = client.get(f"{request_path(ready)}/documents/1/prepared.pdf").data

    hole = prepared.index(b"/Contents <") + len(b"/Contents ")
    end = prepared.index(b">", hole) + 1
    covered = prepared[:hole] + prepared[end:]
    digest = ready.get("document-digest").text
    assert hashlib.sha256(covered).hexdigest() == digest


def test_nothing_secret_or_personal_reaches_a_log(
    web: Web, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ready = upload(client)
    welcome = identify(web, client, ready)
    waiting = Page(client.get(request_path(ready))).submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    web.browser().get(returning(answer))
    web.sam.failing["finish"] = SamUnavailableError
    client.get(returning(answer), follow_redirects=True)
    cookie = client.get_cookie("qes")
    assert cookie is not None

    secrets = {
        NAME,
        "lease.pdf",
        cookie.value,
        response_code(answer),
        welcome.get("offer-link").attributes["href"][-60:],
        *web.sam.handles,
    }

    assert "sam_unavailable" in caplog.text
    assert {secret for secret in secrets if secret in caplog.text} == set()
