"""The door itself: whatever arrives, a status below 500 and a bounded read."""

import io
from typing import Any

import pytest
from werkzeug.test import Client

from app.trust_services.door import Answer, Door, Media, Route
from app.trust_services.errors import AlreadyCertifiedError, LedgerUnavailableError

LIMIT = 10


def declared(length: str) -> dict[str, dict[str, str]]:
    """The change that lies about the length of the body."""
    return {"environ_overrides": {"CONTENT_LENGTH": length}}


def _refuse(_: bytes) -> Answer:
    raise AlreadyCertifiedError("this\nkey\x00 has " + "x" * 1000)


def _broken(_: bytes) -> Answer:
    raise LedgerUnavailableError("the ledger is gone")


@pytest.fixture
def door() -> Door:
    media = Media(type="application/x-test", parameter=("kind", "Good"))
    return Door(
        {
            "/read": Route(answer=lambda _: Answer(body=b"read")),
            "/write": Route(
                answer=lambda body: Answer(body=body), media=media, max_body=LIMIT
            ),
            "/refuse": Route(answer=_refuse),
            "/broken": Route(answer=_broken),
        }
    )


@pytest.fixture
def client(door: Door) -> Client:
    return Client(door)


GOOD: dict[str, Any] = {
    "path": "/write",
    "method": "POST",
    "content_type": "application/x-test; kind=good",
    "data": b"0123456789",
}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"path": "/"}, 404, id="root"),
        pytest.param({"path": "/write/"}, 404, id="trailing-slash"),
        pytest.param({"path": "/../write"}, 404, id="dots"),
        pytest.param({"path": "/%ff"}, 404, id="not-utf8"),
        pytest.param({"method": "GET"}, 405, id="get"),
        pytest.param({"method": "HEAD"}, 405, id="head"),
        pytest.param({"method": "DELETE"}, 405, id="delete"),
        pytest.param({"content_type": ""}, 415, id="no-type"),
        pytest.param({"content_type": "application/x-test"}, 415, id="no-parameter"),
        pytest.param(
            {"content_type": "application/x-test; kind=bad"}, 415, id="other-parameter"
        ),
        pytest.param({"content_type": "text/plain; kind=good"}, 415, id="other-type"),
        pytest.param({"content_type": ";;;=" * 50}, 415, id="type-of-garbage"),
        pytest.param({"data": b"0123456789x"}, 413, id="too-long"),
        pytest.param(declared("9" * 5000), 413, id="huge-length"),
        pytest.param(
            {"environ_overrides": {"CONTENT_LENGTH": "-1"}}, 400, id="negative-length"
        ),
        pytest.param(
            {"environ_overrides": {"CONTENT_LENGTH": "+5"}}, 400, id="signed-length"
        ),
        pytest.param(
            {"environ_overrides": {"CONTENT_LENGTH": "٣"}}, 400, id="arabic-length"
        ),
        pytest.param({"data": None}, 411, id="no-length"),
    ],
)
def test_a_request_with_one_fault_gets_its_status(
    client: Client, change: dict[str, Any], status: int
) -> None:
    answer = client.open(**{**GOOD, **change})

    assert answer.status_code == status


def test_the_unchanged_request_is_answered(client: Client) -> None:
    """Guards the table above."""
    assert client.open(**GOOD).data == b"0123456789"


def test_a_body_that_is_cut_off_is_refused(client: Client) -> None:
    answer = client.open(**{**GOOD, **declared("9"), "data": b"01"})

    assert answer.status_code == 400


def test_no_more_is_read_than_was_declared(door: Door) -> None:
    stream = io.BytesIO(b"0123456789" * 100)

    Client(door).open(
        path="/write",
        method="POST",
        content_type="application/x-test; kind=good",
        environ_overrides={"CONTENT_LENGTH": "10", "wsgi.input": stream},
    )

    assert stream.tell() == LIMIT


def test_head_is_get_without_a_body(client: Client) -> None:
    answer = client.head("/read")

    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", 4)


def test_405_names_what_is_allowed(client: Client) -> None:
    assert client.post("/read").headers["Allow"] == "GET, HEAD"


def test_a_refusal_is_one_short_line(client: Client) -> None:
    answer = client.get("/refuse")

    assert answer.status_code == 403
    assert answer.data.startswith(b"already_certified: this key")
    assert (answer.data.count(b"\n"), len(answer.data)) == (1, 301)


def test_what_an_operator_must_mend_is_503(client: Client) -> None:
    assert client.get("/broken").status_code == 503
