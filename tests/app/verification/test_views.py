"""``/verify`` as a person meets it: a form, a verdict in words, and never a 500."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import TestResponse

import app
from app.ades.documents import Documents, Limits
from app.ades.errors import AdesError
from app.signers.sessions import ForgedFormError
from app.verification.signed_file import SignedFiles
from app.verification.views import VerificationPages, verification_blueprint
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki
from tests.app.page import Page
from tests.app.verification.test_signed_file import GivenTrust

TOKEN = "t" * 43
MAX_UPLOAD = 21_000_000


@dataclass
class OpenDoor:
    """A door that knows every browser, and its one token."""

    asked: list[str] = field(default_factory=list)

    def current_or_new(self) -> None:
        self.asked.append("browser")

    def check_form(self) -> None:
        from flask import request  # noqa: PLC0415

        if request.form.get("csrf_token") != TOKEN:
            raise ForgedFormError("not our form")


@pytest.fixture
def client(documents: Documents, pki: Pki) -> FlaskClient:
    web = Path(app.__file__).parent / "web"
    flask = Flask("app", template_folder=str(web / "templates"), static_folder=None)
    flask.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD
    flask.jinja_env.globals["csrf_token"] = lambda: TOKEN
    # the layout links to pages that are not under test here
    flask.url_build_error_handlers.append(lambda _error, name, _values: f"/{name}")
    flask.register_error_handler(ForgedFormError, lambda _: ("forged", 403))
    flask.register_error_handler(AdesError, lambda _: ("busy", 503))
    flask.register_error_handler(RequestEntityTooLarge, lambda _: ("too large", 413))
    trust = GivenTrust(pki.anchors, (pki.issuing.crl(),))
    files = SignedFiles(documents=documents, trust=trust, clock=lambda: NOW)
    pages = VerificationPages(
        door=OpenDoor(),  # type: ignore[arg-type]
        files=files,
        max_upload_bytes=MAX_UPLOAD,
    )
    flask.register_blueprint(verification_blueprint(pages))
    return flask.test_client()


def uploaded(
    client: FlaskClient, content: bytes, *, name: str = "lease.pdf", **fields: str
) -> Page:
    """Pressing the button of the form; the body is made here because the test
    client leaves its temporary files of large ones open."""
    form = Page(client.get("/verify")).get("verify-submit").form
    assert form is not None
    return Page(posted(client, content, name=name, **{**form.fields, **fields}))


def posted(
    client: FlaskClient, content: bytes, *, name: str = "lease.pdf", **fields: str
) -> TestResponse:
    disposition = "--x\r\nContent-Disposition: form-data; name="
    parts = [f'{disposition}"{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    parts.append(f'{disposition}"document"; filename="{name}"\r\n\r\n')
    body = "".join(parts).encode() + content + b"\r\n--x--\r\n"
    return client.post(
        "/verify", data=body, content_type="multipart/form-data; boundary=x"
    )


def verdict(page: Page) -> str:
    return page.get("verdict").attributes["data-verdict"]


def test_the_form_says_what_happens_to_the_file(client: FlaskClient) -> None:
    page = Page(client.get("/verify"))

    assert page.response.status_code == 200
    assert "We don't keep the file" in page.response.text
    assert page.get("verify-submit").form is not None


def test_a_good_file_is_answered_in_plain_words(
    client: FlaskClient, signed: bytes
) -> None:
    page = uploaded(client, signed)

    text = " ".join(page.all("main")[0].text.split())
    assert page.response.status_code == 200
    assert (verdict(page), page.get("verdict").text) == ("valid", "Valid signature")
    assert "TEST Erika" in page.get("signer-1").text
    assert "20 November 2026, 09:30 UTC, proven by a time stamp" in text
    assert "not changed since it was signed" in text
    assert "qualified" not in text
    assert hashlib.sha256(signed).hexdigest() in text


def test_what_a_verdict_does_not_prove_is_always_there(
    client: FlaskClient, signed: bytes
) -> None:
    page = uploaded(client, signed)

    assert "may act for a company" in page.get("does-not-prove").text


@pytest.mark.parametrize(
    ("change", "status", "wanted"),
    [
        pytest.param(lambda pdf: pdf, 200, "valid", id="unchanged"),
        pytest.param(
            lambda pdf: pdf.replace(b"[0 0 595 842]", b"[0 0 595 843]"),
            200,
            "changed",
            id="changed",
        ),
        pytest.param(lambda _: pdfs.plain(), 200, "no_signature", id="unsigned"),
        pytest.param(lambda _: b"", 422, "unreadable", id="empty"),
        pytest.param(lambda _: b"hello", 422, "unreadable", id="not-a-pdf"),
        pytest.param(
            lambda _: b"%PDF-1.7\n" + b"\xff\x00<" * 6_600_000,
            422,
            "unreadable",
            id="20-mb-garbage",
        ),
        pytest.param(lambda pdf: pdf[:-200], 422, "unreadable", id="truncated"),
        pytest.param(
            lambda _: pdfs.deep_array(100_000), 422, "unreadable", id="deep-array"
        ),
        pytest.param(
            lambda _: pdfs.cross_reference_loop(), 422, "unreadable", id="table-loop"
        ),
    ],
)
def test_every_file_gets_a_clear_page(
    client: FlaskClient,
    signed: bytes,
    change: Callable[[bytes], bytes],
    status: int,
    wanted: str,
) -> None:
    page = uploaded(client, change(signed))

    assert (page.response.status_code, verdict(page)) == (status, wanted)
    assert len(page.all("h1")) == 1


def test_no_file_is_said_on_the_form(client: FlaskClient) -> None:
    page = Page(client.post("/verify", data={"csrf_token": TOKEN}))

    assert page.response.status_code == 422
    assert "No file arrived" in page.response.text


def test_a_file_beyond_the_limit_is_refused(client: FlaskClient) -> None:
    assert posted(client, bytes(22_000_000), csrf_token=TOKEN).status_code == 413


def test_a_file_the_reader_refuses_for_its_size_gets_a_page(
    pki: Pki,
) -> None:
    small = Documents(Limits(max_bytes=1))
    trust = GivenTrust(pki.anchors)
    files = SignedFiles(documents=small, trust=trust, clock=lambda: NOW)

    judgement = files.judge(b"%PDF-startxref" + bytes(5 << 20))

    assert judgement.headline == "We can't read this file"


def test_a_form_of_another_site_is_refused(client: FlaskClient, signed: bytes) -> None:
    assert posted(client, signed, csrf_token="x").status_code == 403


def test_a_name_from_outside_cannot_become_markup(
    client: FlaskClient, signed: bytes
) -> None:
    page = uploaded(client, signed, name="<script>alert(1)</script>.pdf")

    assert "<script>alert" not in page.response.text
    assert "alert(1)" in page.response.text


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        pytest.param("{sha}", "It is the fingerprint you entered", id="same"),
        pytest.param("0" * 64, "It is not the fingerprint you entered", id="other"),
        pytest.param("<b>" * 5000, "It is not the fingerprint", id="nonsense"),
    ],
)
def test_a_fingerprint_is_compared(
    client: FlaskClient, signed: bytes, pasted: str, words: str
) -> None:
    value = pasted.format(sha=hashlib.sha256(signed).hexdigest())

    page = uploaded(client, signed, fingerprint=value)

    assert words in page.get("compared").text


def test_nothing_is_compared_unasked(client: FlaskClient, signed: bytes) -> None:
    assert "compared" not in uploaded(client, signed).ids()


def test_every_field_has_a_label_and_every_id_is_used_once(client: FlaskClient) -> None:
    page = Page(client.get("/verify"))

    labels = {label.attributes["for"] for label in page.all("label")}
    fields = [i for i in page.all("input") if i.attributes["type"] != "hidden"]
    assert {f.attributes["id"] for f in fields} == labels
