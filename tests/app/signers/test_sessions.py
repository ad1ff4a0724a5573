import pytest
from flask.testing import FlaskClient

from app.signers.sessions import (
    ForgedFormError,
    UnknownBrowserError,
    check_csrf_token,
)
from tests.app.conftest import Web


def test_a_cookie_finds_its_session(web: Web) -> None:
    browser, cookie = web.parts.sessions.start()

    assert web.parts.sessions.find(cookie.value).id == browser.id


@pytest.mark.parametrize("cookie", [None, "", "x", "é"])
def test_any_other_cookie_finds_none(web: Web, cookie: str | None) -> None:
    web.parts.sessions.start()

    with pytest.raises(UnknownBrowserError):
        web.parts.sessions.find(cookie)


def test_a_session_ends(web: Web) -> None:
    _, cookie = web.parts.sessions.start()
    web.clock.forward(hours=72)

    with pytest.raises(UnknownBrowserError):
        web.parts.sessions.find(cookie.value)


def test_the_cookie_itself_is_not_stored(web: Web, client: FlaskClient) -> None:
    client.get("/")
    cookie = client.get_cookie("qes")
    assert cookie is not None

    with web.database() as db:
        raw = db.connection().connection.driver_connection
        assert raw is not None
        assert cookie.value not in "\n".join(raw.iterdump())


def test_two_rotations_of_one_cookie_cannot_both_succeed(web: Web) -> None:
    browser, _ = web.parts.sessions.start()
    with web.parts.database.write() as db:
        web.parts.sessions.rotate(db, browser)

    with pytest.raises(UnknownBrowserError), web.parts.database.write() as db:
        web.parts.sessions.rotate(db, browser)


def test_cookies_and_tokens_are_long_and_never_repeat(web: Web) -> None:
    started = [web.parts.sessions.start() for _ in range(20)]
    values = {c.value for _, c in started} | {b.csrf_token for b, _ in started}

    assert len(values) == 40
    assert {len(value) for value in values} == {43}


@pytest.mark.parametrize("token", ["", "x", "é"])
def test_another_csrf_token_is_a_forgery(web: Web, token: str) -> None:
    browser, _ = web.parts.sessions.start()

    with pytest.raises(ForgedFormError):
        check_csrf_token(browser, token)


def test_the_sessions_own_csrf_token_is_accepted(web: Web) -> None:
    browser, _ = web.parts.sessions.start()

    check_csrf_token(browser, browser.csrf_token)
