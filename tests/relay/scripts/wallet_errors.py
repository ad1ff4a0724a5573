"""Anyone who saw a link can post a wallet's error, and gets an address for it."""

from functools import partial
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.relay.scene import Scene, Script
from wallet_emulator.browser import Page
from wallet_emulator.consent import Decision
from wallet_emulator.encoding import parse_json_object
from wallet_emulator.jws import parse


def tx_of(page: Page) -> str:
    link = page.element("wallet-link").attribute("href")
    return parse_qs(urlsplit(link).query)["request_uri"][0].rsplit("/", 1)[1]


def state_of(scene: Scene, page: Page) -> str:
    """He reads the request object like any wallet."""
    signed = scene.attacker.send("GET", f"/oid4vp/request/{tx_of(page)}").text
    return str(parse(signed).claims()["state"])


def post_error(scene: Scene, page: Page, error: str, state: str) -> httpx.Response:
    form = {"error": error, "state": state}
    return scene.attacker.send("POST", f"/oid4vp/response/{tx_of(page)}", data=form)


def error_link(answer: httpx.Response) -> str:
    return str(parse_json_object(answer.content)["redirect_uri"])


def before_the_answer(error: str, scene: Scene) -> None:
    page = scene.attacker.ask("approve")
    said = post_error(scene, page, error, state_of(scene, page))
    scene.attacker.open(error_link(said))
    scene.answered("approve", page)
    scene.attacker.open(error_link(said))


def after_the_answer(error: str, scene: Scene) -> None:
    """The request is not served any more: he read it before."""
    page = scene.attacker.ask("approve")
    state = state_of(scene, page)
    scene.answered("approve", page)
    said = post_error(scene, page, error, state)
    assert said.status_code == httpx.codes.BAD_REQUEST


def for_a_login(scene: Scene) -> None:
    """The error's code is of another purpose than the return's."""
    page = scene.attacker.ask("identify")
    said = post_error(scene, page, "access_denied", state_of(scene, page))
    relayed = scene.answered("identify", page)
    for _ in range(3):
        scene.attacker.open(error_link(said))
    code = parse_qs(urlsplit(error_link(said)).query)["response_code"][0]
    refused = scene.attacker.post("/oid4vp/return/not-me", response_code=code)
    assert refused.status_code == httpx.codes.FORBIDDEN
    watched = scene.attacker.send("GET", f"/oid4vp/return/watch?response_code={code}")
    assert watched.status_code == httpx.codes.FORBIDDEN
    assert code != relayed.response_code


def his_own_wallet_declines(scene: Scene) -> None:
    """An encrypted error of a real wallet; then the victim answers the same link."""
    page = scene.attacker.ask("approve")
    declined = scene.accomplice.answer(page, decision=Decision.DECLINE)
    scene.answered("approve", page)
    scene.attacker.open(str(declined.redirect_uri))


def she_declines(scene: Scene) -> None:
    page = scene.attacker.ask("approve")
    declined = scene.victim.answer(page, Decision.DECLINE)
    shown = scene.victim.phone.open(str(declined.redirect_uri))
    assert shown.find("confirmation-code") is None
    scene.attacker.open(str(declined.redirect_uri))


def with_the_answer_in_one_body(scene: Scene) -> None:
    """Her answer, dressed as an error and as an answer at once."""
    page = scene.attacker.ask("identify")
    state = state_of(scene, page)
    scene.answered("identify", page)
    form = parse_qs(scene.victim.last_answer.decode())
    both = {"response": form["response"][0], "error": "access_denied", "state": state}
    answer = scene.attacker.send("POST", f"/oid4vp/response/{tx_of(page)}", data=both)
    assert answer.status_code == httpx.codes.BAD_REQUEST


ROWS: Final[dict[str, Script]] = {
    "error-before-the-answer-access-denied": partial(
        before_the_answer, "access_denied"
    ),
    "error-before-the-answer-wallet-unavailable": partial(
        before_the_answer, "wallet_unavailable"
    ),
    "error-after-the-answer": partial(after_the_answer, "access_denied"),
    "error-link-for-a-login": for_a_login,
    "error-by-his-own-wallet": his_own_wallet_declines,
    "error-by-her-decision": she_declines,
    "error-and-answer-in-one-body": with_the_answer_in_one_body,
}
