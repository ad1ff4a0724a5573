"""Links and services of any kind: the phone says what is wrong, in words."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.wallet_emulator.handset import Handset
from tests.wallet_emulator.issuer import Issuer
from tests.wallet_emulator.loopback import Loopback, Reply
from tests.wallet_emulator.relying_party import NOW, b64url
from tests.wallet_emulator.verifier import Service

NO_LINK = "This is not a link for a wallet"
NO_REQUEST = "The service did not say what it wants"
NOT_GENUINE = "This request is not genuine"
NOT_ISSUED = "The card was not issued"


def presentation(uri: str) -> str:
    return "openid4vp://?" + urlencode({"client_id": "c", "request_uri": uri})


def offer(**changes: object) -> str:
    members = {
        "credential_issuer": "https://a.test",
        "credential_configuration_ids": ["x"],
        "grants": {
            "urn:ietf:params:oauth:grant-type:pre-authorized_code": {
                "pre-authorized_code": "c"
            }
        },
        **changes,
    }
    query = urlencode({"credential_offer": json.dumps(members)})
    return f"openid-credential-offer://?{query}"


def test_the_unchanged_offer_is_shown() -> None:
    assert offer().startswith("openid-credential-offer://?credential_offer=%7B")


BAD_LINKS = [
    pytest.param("", NO_LINK, id="empty"),
    pytest.param("   \n", NO_LINK, id="blank"),
    pytest.param("hello", NO_LINK, id="text"),
    pytest.param("https://sign.example/", NO_LINK, id="web-page"),
    pytest.param("javascript:alert(1)", NO_LINK, id="script"),
    pytest.param("openid4vp://", NO_LINK, id="no-parameters"),
    pytest.param("openid4vp://[::1", NO_LINK, id="broken-url"),
    pytest.param("openid4vp://?client_id=a&client_id=b", NO_LINK, id="repeated"),
    pytest.param(presentation("http://evil.example/r"), NO_LINK, id="plain-http"),
    pytest.param(presentation("https://u:p@a.test/r"), NO_LINK, id="user-info"),
    pytest.param(presentation("http://localhost:99999/"), NO_LINK, id="port"),
    pytest.param(presentation("http://localhost:x/"), NO_LINK, id="no-port"),
    pytest.param(presentation("https://\u2100.test/r"), NO_LINK, id="odd-host"),
    pytest.param(presentation("http://127.0.0.1/\x00\r\nX: y"), NO_REQUEST, id="ctl"),
    pytest.param(presentation(f"http://{'a' * 80}.localhost/"), NO_REQUEST, id="label"),
    pytest.param(presentation("http://localhost:1/r"), NO_REQUEST, id="unreachable"),
    pytest.param("openid4vp://?" + "a" * 9000, NO_LINK, id="huge"),
    pytest.param("openid4vp://?\x00\ud800\u202e<script>", NO_LINK, id="hostile-text"),
    pytest.param("openid-credential-offer://", NOT_ISSUED, id="offer-empty"),
    pytest.param("openid-credential-offer://[", NOT_ISSUED, id="offer-broken"),
    pytest.param(
        "openid-credential-offer://?credential_offer=[[[", NOT_ISSUED, id="offer-json"
    ),
    pytest.param(
        "openid-credential-offer://?credential_offer=" + "[" * 15_000,
        NOT_ISSUED,
        id="offer-deep",
    ),
    pytest.param(
        "openid-credential-offer://?x=" + "a" * 21_000, NOT_ISSUED, id="offer-huge"
    ),
    pytest.param(offer(credential_issuer=1), NOT_ISSUED, id="offer-no-issuer"),
    pytest.param(
        offer(credential_issuer="http://evil.example"), NOT_ISSUED, id="offer-http"
    ),
    pytest.param(
        offer(credential_configuration_ids=[{}]), NOT_ISSUED, id="offer-no-card"
    ),
    pytest.param(offer(grants=[]), NOT_ISSUED, id="offer-no-grant"),
    pytest.param(
        "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Flocalhost%3A1",
        "No usable answer from the service",
        id="offer-unreachable",
    ),
]


@pytest.mark.parametrize(("link", "title"), BAD_LINKS)
def test_a_bad_link_is_explained(handset: Handset, link: str, title: str) -> None:
    sent = urlencode({"uri": link}, errors="surrogatepass")

    answer = handset.client.get(f"/scan?{sent}", follow_redirects=True)

    assert answer.status_code == 422
    assert title in answer.text
    assert "Traceback" not in answer.text


def test_a_pasted_link_opens_the_same_page(handset: Handset, service: Service) -> None:
    home = handset.get("/")

    screen = handset.press(home, "link-open", uri=f"  {service.link()}\n")

    assert screen.title == "Authorise a signature"


Change = Callable[[Service], object]


def claim(**changes: object) -> Change:
    def change(service: Service) -> None:
        service.claims |= changes

    return change


def says(body: bytes, status: int = 200) -> Change:
    def change(service: Service) -> None:
        reply = Reply(body=body, status=status)
        service.loopback.routes["/request"] = lambda asked: reply

    return change


def with_chain(*certificates: bytes) -> Change:
    def change(service: Service) -> None:
        x5c = [base64.b64encode(one).decode() for one in certificates]
        header = {"typ": "oauth-authz-req+jwt", "alg": "ES256", "x5c": x5c}
        text = ".".join(
            (b64url(json.dumps(header).encode()), b64url(b"{}"), b64url(bytes(64)))
        )
        says(text.encode())(service)

    return change


def of_unknown_version(service: Service) -> None:
    der = service.party.leaf.public_bytes(Encoding.DER)
    with_chain(der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x47"))(service)


BAD_REQUESTS: list[Any] = [
    pytest.param(says(b""), NOT_GENUINE, id="nothing"),
    pytest.param(says(b"\xff\xfe"), NO_REQUEST, id="no-text"),
    pytest.param(says(b"<html>"), NOT_GENUINE, id="html"),
    pytest.param(says(b"a.b.c"), NOT_GENUINE, id="no-jws"),
    pytest.param(says(b"gone", 404), NO_REQUEST, id="not-found"),
    pytest.param(says(b"x" * 1_000_001), NO_REQUEST, id="endless"),
    pytest.param(says(b"", 302), NO_REQUEST, id="redirect"),
    pytest.param(
        with_chain(b"0\x03\x02\x01\x00"),
        "This phone does not know who asks",
        id="no-certificate",
    ),
    pytest.param(
        of_unknown_version, "This phone does not know who asks", id="certificate-v72"
    ),
    pytest.param(
        claim(exp=int(NOW.timestamp())), "This request has expired", id="expired"
    ),
    pytest.param(claim(aud="x"), NOT_GENUINE, id="for-another"),
    pytest.param(
        claim(response_uri="http://evil.example/"), NOT_GENUINE, id="answer-elsewhere"
    ),
]


@pytest.mark.parametrize(("change", "title"), BAD_REQUESTS)
def test_a_bad_request_is_explained(
    handset: Handset, service: Service, change: Change, title: str
) -> None:
    change(service)

    screen = handset.open(service.link())

    assert screen.title == title
    assert "Nothing of yours was sent." in screen.text


CANNOT_ANSWER: list[Any] = [
    pytest.param(claim(nonce="short"), "not in order", id="weak-nonce"),
    pytest.param(
        claim(transaction_data=["e30"]), "does not fully understand", id="approval"
    ),
    pytest.param(claim(dcql_query={}), "not in order", id="no-query"),
    pytest.param(claim(client_metadata=[]), "not in order", id="no-key"),
]


@pytest.mark.parametrize(("change", "words"), CANNOT_ANSWER)
def test_an_authentic_request_out_of_order_is_explained_not_answered(
    handset: Handset,
    service: Service,
    loopback: Loopback,
    change: Change,
    words: str,
) -> None:
    change(service)

    screen = handset.open(service.link())

    assert screen.title == "This wallet cannot answer"
    assert words in screen.shown("said")
    assert loopback.to("/response") == []


def test_the_service_is_told_when_the_person_says_so(
    handset: Handset, service: Service
) -> None:
    service.claims["transaction_data"] = ["e30"]

    screen = handset.press(handset.open(service.link()), "refuse")

    assert screen.title == "The service was told"
    assert service.answered()["error"] == "invalid_transaction_data"


BAD_REPLIES = [
    pytest.param(Reply(status=500, body=b"\xff" * 600), "refused", id="500"),
    pytest.param(Reply(body=b"[]"), "refused", id="no-object"),
    pytest.param(Reply(body=b"[" * 100_000), "refused", id="deep"),
    pytest.param(Reply(body=b"x" * 1_000_001), "No usable answer", id="endless"),
    pytest.param(
        Reply(status=303, headers={"location": "http://evil.example/"}),
        "refused",
        id="redirect",
    ),
]


@pytest.mark.parametrize(("reply", "words"), BAD_REPLIES)
def test_a_bad_reply_leaves_the_person_a_second_try(
    handset: Handset, service: Service, reply: Reply, words: str
) -> None:
    service.reply = reply

    screen = handset.press(handset.open(service.link()), "approve")

    assert words in screen.shown("said")
    assert len(screen.all("approve")) == 1


def test_an_issuer_that_talks_nonsense_is_explained(
    handset: Handset, issuer: Issuer
) -> None:
    issuer.token = {"access_token": 5, "token_type": "Bearer"}

    screen = handset.press(handset.open(issuer.link()), "add-card")

    assert "The card was not issued" in screen.shown("said")
