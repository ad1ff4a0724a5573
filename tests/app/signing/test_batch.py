"""Several documents, one approval: all of them, or none."""

import io
import zipfile

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from tests.app.ades import pdfs
from tests.app.conftest import Web, request_path, returning
from tests.app.page import Page

THREE = [
    ("lease.pdf", pdfs.plain()),
    ("annex.pdf", pdfs.of_pages(3)),
    ("lease.pdf", pdfs.of_size(30_000)),
]


def upload_all(client: FlaskClient, files: list[tuple[str, bytes]]) -> Page:
    start = Page(client.get("/"))
    form = start.get("upload-submit").form
    assert form is not None
    data = MultiDict(form.fields)
    for name, content in files:
        data.add("document", (io.BytesIO(content), name))
    answer = client.post(form.attributes["action"], data=data, follow_redirects=True)
    return Page(answer)


@pytest.fixture
def ready(client: FlaskClient) -> Page:
    return upload_all(client, THREE)


@pytest.fixture
def signed(web: Web, client: FlaskClient, ready: Page) -> Page:
    waiting = ready.submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    return Page(client.get(returning(answer), follow_redirects=True))


def test_each_document_can_be_read_before_approving(
    client: FlaskClient, ready: Page
) -> None:
    path = request_path(ready)
    shown = [client.get(f"{path}?document={n}").status_code for n in (1, 2, 3)]
    images = [
        client.get(f"{path}/documents/{n}/pages/1.png").mimetype for n in (1, 2, 3)
    ]

    assert shown == [200] * 3
    assert images == ["image/png"] * 3
    assert "annex.pdf" in ready.response.text


@pytest.mark.parametrize(
    "query", ["document=4", "document=0", "document=2&page=4", "page=0"]
)
def test_a_page_that_is_not_there_is_not_found(
    client: FlaskClient, ready: Page, query: str
) -> None:
    assert client.get(f"{request_path(ready)}?{query}").status_code == 404


@pytest.mark.parametrize("query", ["document=x", "page=-1", "page=1e9", "page=٣"])
def test_a_page_number_that_is_none_is_page_one(
    client: FlaskClient, ready: Page, query: str
) -> None:
    assert client.get(f"{request_path(ready)}?{query}").status_code == 200


def test_one_approval_names_every_document(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")

    (tx,) = web.sam.transactions.values()
    labels = [document.label for document in tx.documents]
    assert len(labels) == 3
    assert all(label in waiting.response.text for label in labels)


def test_every_document_comes_back_signed(client: FlaskClient, signed: Page) -> None:
    path = request_path(signed)
    contents = [client.get(f"{path}/documents/{n}/signed.pdf").data for n in (1, 2, 3)]

    assert signed.state == "signed"
    assert [
        content.startswith(original)
        for content, (_, original) in zip(contents, THREE, strict=True)
    ] == [True] * 3
    assert len({content[-5000:] for content in contents}) == 3


def test_all_of_them_in_one_archive_under_names_of_their_own(
    client: FlaskClient, signed: Page
) -> None:
    answer = client.get(f"{request_path(signed)}/signed.zip")

    names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert names == ["lease-signed.pdf", "annex-signed.pdf", "lease-signed-2.pdf"]


def test_one_file_that_cannot_be_signed_is_named_and_none_is_taken(
    web: Web, client: FlaskClient
) -> None:
    page = upload_all(client, [THREE[0], ("broken.pdf", b"no")])

    assert page.response.status_code == 422
    assert "broken.pdf" in page.response.text
    assert "Your documents in this browser" not in client.get("/").text


def test_more_documents_than_one_approval_takes_are_refused(
    client: FlaskClient,
) -> None:
    page = upload_all(client, [("lease.pdf", pdfs.plain())] * 11)

    assert page.response.status_code == 422
    assert page.get("problem-code").text == "too_many_files"


def test_a_signature_missing_for_one_document_delivers_none(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    web.sam.signs_all_but_the_last = True

    page = Page(client.get(returning(answer), follow_redirects=True))

    assert page.state == "signing"
    path = f"{request_path(page)}/documents/1/signed.pdf"
    assert client.get(path).status_code == 404
