"""Whom the phone listens to, and what its pages may do."""

import pytest
from werkzeug.test import TestResponse

from tests.wallet_emulator.handset import Handset
from tests.wallet_emulator.loopback import Loopback
from tests.wallet_emulator.verifier import Service

HOSTS = [
    pytest.param("localhost:8005", 200, id="localhost"),
    pytest.param("127.0.0.1:8005", 200, id="address"),
    pytest.param("[::1]:8005", 200, id="address-v6"),
    pytest.param("localhost", 200, id="no-port"),
    pytest.param("rebound.example", 421, id="a-name"),
    pytest.param("rebound.example:8005", 421, id="a-name-and-port"),
    pytest.param("localhost.example:8005", 421, id="prefix"),
    pytest.param("192.168.1.7:8005", 421, id="lan"),
    pytest.param("localhost:8005@evil.example", 421, id="user-info"),
]


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_only_loopback_names_are_answered(
    handset: Handset, host: str, status: int
) -> None:
    answer = handset.client.get("/", headers={"Host": host})

    assert answer.status_code == status


def posted(handset: Handset, path: str, **headers: str) -> TestResponse:
    (button,) = handset.get("/").all("renew-pid")
    assert button.form is not None
    (token,) = (c for c in button.form.controls if c.attribute("name") == "token")
    fields = {"token": token.attribute("value"), "person": "asa"}
    return handset.client.post(path, data=fields, headers=headers)


@pytest.mark.parametrize(
    ("site", "status"),
    [
        pytest.param("same-origin", 303, id="own-page"),
        pytest.param("cross-site", 403, id="another-site"),
        pytest.param("same-site", 403, id="another-port-of-localhost"),
        pytest.param("none", 403, id="no-page"),
    ],
)
def test_a_form_comes_from_the_phones_own_page(
    handset: Handset, site: str, status: int
) -> None:
    headers = {"Sec-Fetch-Site": site}

    assert posted(handset, "/holder", **headers).status_code == status


POSTS = ["/holder", "/pid", "/remove", "/scan", "/exchange/x/answer"]


@pytest.mark.parametrize("path", [*POSTS, "/exchange/x/refuse", "/exchange/x/accept"])
@pytest.mark.parametrize("token", ["", "guessed", "\ud800"], ids=["no", "bad", "odd"])
def test_no_form_works_without_the_token(
    handset: Handset, path: str, token: str
) -> None:
    body = b"token=" + token.encode("utf-8", "surrogatepass")

    answer = handset.client.post(
        path, data=body, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 403


def test_a_forged_approval_sends_nothing(
    handset: Handset, service: Service, loopback: Loopback
) -> None:
    (approve,) = handset.open(service.link()).all("approve")
    assert approve.form is not None

    handset.client.post(approve.form.attribute("action"), data={"decision": "approve"})

    assert loopback.to("/response") == []


def test_looking_decides_nothing(handset: Handset) -> None:
    assert handset.client.get("/exchange/x/answer").status_code == 405


PATHS = ["/", "/history", "/misbehave", "/nowhere", "/scan?uri=x", "/static/phone.css"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_forbids_scripts_frames_and_referrers(
    handset: Handset, path: str
) -> None:
    with handset.client.get(path) as answer:
        headers = answer.headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/history", "/misbehave"])
def test_pages_hold_no_script_style_or_handler(handset: Handset, path: str) -> None:
    elements = handset.get(path).elements

    assert {e.tag for e in elements} & {"script", "style", "iframe"} == set()
    names = {name for e in elements for name in e.attributes}
    assert {n for n in names if n.startswith("on") or n == "style"} == set()


@pytest.mark.parametrize("path", ["/", "/history", "/misbehave", "/nowhere"])
def test_every_page_says_that_it_is_a_test_wallet(handset: Handset, path: str) -> None:
    assert "TEST WALLET" in handset.get(path).text


def test_no_cookie_is_set(handset: Handset) -> None:
    assert "Set-Cookie" not in handset.client.get("/").headers


def test_too_large_a_form_is_refused_in_words(handset: Handset) -> None:
    answer = handset.client.post("/scan", data={"uri": "a" * 70_000})

    assert answer.status_code == 413
    assert "TEST WALLET" in answer.text
