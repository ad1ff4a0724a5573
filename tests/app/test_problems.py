"""One table for every refusal."""

import logging

import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import Gone, ImATeapot

from app.ades.errors import EmbeddingError, Refusal, UnsignableDocumentError
from app.problems import TABLE, problem_of
from sam.errors import KINDS
from tests.app.conftest import Web
from tests.app.page import Page


@pytest.mark.parametrize("problem", TABLE.values(), ids=lambda p: p.code)
def test_a_problem_says_what_happened_and_what_next(problem: object) -> None:
    row = problem
    assert row.title  # type: ignore[attr-defined]
    assert row.next_step.endswith(".")  # type: ignore[attr-defined]
    assert 400 <= row.status <= 503  # type: ignore[attr-defined]


def test_codes_are_told_apart() -> None:
    codes = [row.code for row in TABLE.values()]

    assert len(codes) - len(set(codes)) == 0


@pytest.mark.parametrize("refusal", list(Refusal))
def test_a_refused_file_gets_its_own_sentence_and_code(refusal: Refusal) -> None:
    error = UnsignableDocumentError(refusal, max_bytes=1_000_000, max_pages=3)

    problem = problem_of(error)

    assert (problem.status, problem.code) == (422, refusal.value)
    assert problem.happened == str(error)
    assert problem.happened.count(".") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_sam_refuses_has_a_row(kind: type[Exception]) -> None:
    assert problem_of(kind("x")).code == "sam_unavailable"


def test_a_subclass_falls_back_to_its_family() -> None:
    assert problem_of(EmbeddingError("x")).code == "documents_unavailable"


def test_a_fault_of_ours_shows_no_detail(
    web: Web, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    @web.app.get("/fault")
    def fault() -> str:
        raise ZeroDivisionError("a detail of ours")

    with caplog.at_level(logging.CRITICAL):
        answer = client.get("/fault")

    assert answer.status_code == 500
    assert Page(answer).get("problem-code").text == "internal_error"
    assert "a detail of ours" not in answer.text


@pytest.mark.parametrize("error", [Gone, ImATeapot])
def test_an_http_error_without_a_row_is_a_plain_no(
    web: Web, client: FlaskClient, error: type[Exception]
) -> None:
    @web.app.get("/odd")
    def odd() -> str:
        raise error

    assert Page(client.get("/odd")).get("problem-code").text == "bad_request"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/", 405),
        ("GET", "/requests", 405),
        ("DELETE", "/requests/x", 405),
        ("GET", "/oid4vp/response/x", 405),
        ("GET", "/oid4vci/credential", 405),
    ],
)
def test_wrong_addresses_and_methods(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    answer = client.open(path, method=method)

    assert answer.status_code == status
    assert ("Allow" in answer.headers) == (status == 405)
