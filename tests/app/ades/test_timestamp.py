import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from asn1crypto import cms, tsp

from app.ades import timestamp
from app.ades.errors import TimestampUnavailableError
from app.ades.timestamp import fetch_timestamp, probe
from tests.app.ades.pki import NOW, Pki

URL = "http://localhost:8003/tsa"
VALUE = b"a signature value"
Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def reply(content: bytes, **headers: str) -> httpx.Response:
    usual = {"content-type": "application/timestamp-reply"}
    return httpx.Response(200, content=content, headers={**usual, **headers})


@pytest.fixture
def authority(pki: Pki) -> Answer:
    """A real TSA behind HTTP: it signs what it is asked."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = tsp.TimeStampReq.load(request.content)
        return reply(pki.timestamper().request_tsa_response(asked).dump())

    return answer


def altered(authority: Answer, change: Callable[[tsp.TimeStampReq], None]) -> Answer:
    """The authority answers another request than the one it got."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = tsp.TimeStampReq.load(request.content)
        change(asked)
        forged = httpx.Request("POST", URL, content=asked.dump(force=True))
        return authority(forged)

    return answer


def test_the_token_is_over_the_signature_value(authority: Answer) -> None:
    token = fetch_timestamp(URL, VALUE, http=client(authority))

    info = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"]
    assert (
        info.parsed["message_imprint"]["hashed_message"].native
        == hashlib.sha256(VALUE).digest()
    )


def test_the_request_is_rfc_3161_with_nonce_and_certificate(authority: Answer) -> None:
    seen: list[httpx.Request] = []

    def record(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return authority(request)

    fetch_timestamp(URL, VALUE, http=client(record))
    fetch_timestamp(URL, VALUE, http=client(record))

    first, second = (tsp.TimeStampReq.load(request.content) for request in seen)
    assert seen[0].headers["content-type"] == "application/timestamp-query"
    assert first["cert_req"].native is True
    assert first["nonce"].native != second["nonce"].native
    assert first["nonce"].native.bit_length() == 63


def test_probe_returns_the_time_the_authority_names(authority: Answer) -> None:
    assert probe(URL, http=client(authority)) == NOW


def set_nonce(asked: tsp.TimeStampReq) -> None:
    asked["nonce"] = 4711


def drop_nonce(asked: tsp.TimeStampReq) -> None:
    asked["nonce"] = None


def set_imprint(asked: tsp.TimeStampReq) -> None:
    asked["message_imprint"]["hashed_message"] = bytes(32)


def set_label(asked: tsp.TimeStampReq) -> None:
    """The same 32 bytes under the name of another hash."""
    asked["message_imprint"]["hash_algorithm"] = {"algorithm": "sha3_256"}


def set_algorithm(asked: tsp.TimeStampReq) -> None:
    asked["message_imprint"] = {
        "hash_algorithm": {"algorithm": "sha512"},
        "hashed_message": hashlib.sha512(VALUE).digest(),
    }


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(set_nonce, "does not echo our nonce", id="another-nonce"),
        pytest.param(drop_nonce, "does not echo our nonce", id="no-nonce"),
        pytest.param(set_imprint, "over something else", id="another-imprint"),
        pytest.param(set_label, "over something else", id="another-label"),
        pytest.param(set_algorithm, "over something else", id="another-algorithm"),
    ],
)
def test_a_token_for_another_request_is_refused(
    authority: Answer, change: Callable[[tsp.TimeStampReq], None], complaint: str
) -> None:
    http = client(altered(authority, change))

    with pytest.raises(TimestampUnavailableError, match=complaint):
        fetch_timestamp(URL, VALUE, http=http)


REJECTION = bytes.fromhex("30093007020102030207 80".replace(" ", ""))
GRANTED_WITHOUT_TOKEN = bytes.fromhex("30053003020100")


def token_of_data() -> bytes:
    odd: bytes = tsp.TimeStampResp(
        {
            "status": {"status": "granted"},
            "time_stamp_token": {"content_type": "data", "content": b"x"},
        }
    ).dump()
    return odd


def unreachable(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def endless() -> Iterator[bytes]:
    while True:
        yield bytes(16 * 1024)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        pytest.param(lambda _: reply(b""), "cannot be read", id="empty"),
        pytest.param(lambda _: reply(b"\x30\x00"), "cannot be read", id="hollow"),
        pytest.param(lambda _: reply(b"<html>"), "cannot be read", id="a-page"),
        pytest.param(lambda _: reply(REJECTION), "refused: rejection", id="rejection"),
        pytest.param(
            lambda _: reply(GRANTED_WITHOUT_TOKEN), "not SignedData", id="no-token"
        ),
        pytest.param(lambda _: reply(token_of_data()), "not SignedData", id="data"),
        pytest.param(lambda _: httpx.Response(503), "answered 503", id="status-503"),
        pytest.param(
            lambda _: httpx.Response(
                500,
                content=GRANTED_WITHOUT_TOKEN,
                headers={"content-type": "application/timestamp-reply"},
            ),
            "answered 500",
            id="status-500-of-the-right-type",
        ),
        pytest.param(
            lambda _: httpx.Response(302, headers={"location": URL}),
            "answered 302",
            id="redirect",
        ),
        pytest.param(
            lambda _: reply(b"x", **{"content-type": "text/html"}),
            "answered 200 'text/html'",
            id="another-type",
        ),
        pytest.param(
            lambda _: httpx.Response(
                200,
                content=endless(),
                headers={"content-type": "application/timestamp-reply"},
            ),
            "too long",
            id="endless",
        ),
        pytest.param(unreachable, "no answer", id="unreachable"),
    ],
)
def test_an_answer_that_is_no_token_is_refused(answer: Answer, complaint: str) -> None:
    with pytest.raises(TimestampUnavailableError, match=complaint):
        fetch_timestamp(URL, VALUE, http=client(answer))


def test_an_answer_that_drips_is_given_up(
    authority: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamp, "TOTAL_SECONDS", -1.0)

    with pytest.raises(TimestampUnavailableError, match="slow"):
        fetch_timestamp(URL, VALUE, http=client(authority))


def test_an_address_that_is_none_is_unavailable() -> None:
    with pytest.raises(TimestampUnavailableError):
        fetch_timestamp("http://[", VALUE, http=httpx.Client())


def test_the_pki_gives_tokens_at_other_times(pki: Pki) -> None:
    """Guards the validation tests that rely on it."""
    assert pki.timestamp(VALUE, at=NOW - timedelta(1)) != pki.timestamp(VALUE)
