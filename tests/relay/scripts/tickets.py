"""“Continue on your phone”: a document moves to whoever takes the ticket."""

from typing import Final
from urllib.parse import urlsplit

import httpx

from tests.relay.scene import Scene, Script
from tests.relay.visitor import Visitor
from wallet_emulator.browser import Page


def ticket_on(page: Page) -> str:
    copies = [e for e in page.elements if e.attribute("data-copy").startswith("http")]
    return urlsplit(copies[0].attribute("data-copy")).path


def hand_over(scene: Scene, path: str) -> str:
    page = scene.attacker.press(scene.attacker.open(path), "continue-on-phone")
    return ticket_on(page)


def she_only_opens_it(scene: Scene) -> None:
    """Links are opened by machines too: nothing moves before she says so."""
    path = urlsplit(scene.attacker.upload("prize.pdf").url).path
    ticket = hand_over(scene, path)
    for browser in (scene.victim.phone, scene.victim.home):
        assert browser.open(ticket).find("continue")
    assert scene.attacker.open(path).find("approve")


def she_takes_it(scene: Scene) -> None:
    """From then on he sees nothing of what she does with it."""
    path = urlsplit(scene.attacker.upload("prize.pdf").url).path
    ticket = hand_over(scene, path)
    phone = Visitor(scene.service)
    waiting = phone.press(phone.press(phone.open(ticket), "continue"), "approve")
    scene.victim.answer(waiting)
    for part in ("/approve", "/confirm", "/again", "/renew", "/phone", "/stop"):
        refused = scene.attacker.post(path + part, code="123456", terms="x")
        assert refused.status_code == httpx.codes.NOT_FOUND
    assert scene.attacker.send("GET", f"{path}/watch").json() == {"state": "moved"}
    assert phone.open(waiting.url).find("confirmation-code-input")


def she_takes_it_while_his_login_waits(scene: Scene) -> None:
    """He asks for an identification after the ticket was made; she answers it."""
    path = urlsplit(scene.attacker.upload("prize.pdf").url).path
    ticket = hand_over(scene, path)
    asked = scene.attacker.press(scene.attacker.open(path), "identify")
    phone = Visitor(scene.service)
    phone.press(phone.open(ticket), "continue")
    returned = scene.victim.answer(asked)
    code = scene.victim.code_on(str(returned.redirect_uri))
    refused = scene.attacker.post(f"{path}/confirm", code=code)
    assert refused.status_code == httpx.codes.NOT_FOUND


def he_moves_her_approval_to_another_browser(scene: Scene) -> None:
    """Handing over takes the waiting approval back; it does not travel along."""
    relayed = scene.relay("approve")
    page = page_after_post(scene, f"{relayed.path}/phone")
    second = Visitor(scene.service)
    second.press(second.open(ticket_on(page)), "continue")
    second.open(relayed.link)
    assert second.open(relayed.path).find("approve")


def he_moves_her_login_to_another_browser(scene: Scene) -> None:
    relayed = scene.relay("identify")
    code = scene.victim.code_on(relayed.link)
    page = page_after_post(scene, f"{relayed.path}/phone")
    second = Visitor(scene.service)
    second.press(second.open(ticket_on(page)), "continue")
    second.post(f"{relayed.path}/confirm", code=code)
    second.open(relayed.link)
    assert scene.victim.phone.open(relayed.link).find("confirmation-code") is None


def an_early_ticket_during_her_approval(scene: Scene) -> None:
    """Made before he asked: it cannot be taken while an approval is open."""
    path = urlsplit(scene.attacker.upload("prize.pdf").url).path
    ticket = hand_over(scene, path)
    page = scene.attacker.press(scene.attacker.open(path), "approve")
    second = Visitor(scene.service)
    assert second.open(ticket).status == httpx.codes.GONE
    scene.answered("approve", page)
    assert second.open(ticket).status == httpx.codes.GONE


def a_ticket_twice(scene: Scene) -> None:
    """She takes it first: his second browser comes too late."""
    path = urlsplit(scene.attacker.upload("prize.pdf").url).path
    ticket = hand_over(scene, path)
    second = Visitor(scene.service)
    form = second.open(ticket)
    phone = Visitor(scene.service)
    phone.press(phone.open(ticket), "continue")
    assert second.press(form, "continue").status == httpx.codes.GONE


def a_ticket_as_a_code(scene: Scene) -> None:
    relayed = scene.relay("approve")
    other = urlsplit(scene.attacker.upload("own.pdf").url).path
    secret = hand_over(scene, other).rsplit("/", 1)[1]
    scene.type(relayed, secret)
    answer = scene.attacker.send("GET", f"/oid4vp/return?response_code={secret}")
    assert answer.status_code == httpx.codes.FORBIDDEN


def a_return_link_as_a_ticket(scene: Scene) -> None:
    relayed = scene.relay("approve")
    second = Visitor(scene.service)
    assert second.open(f"/continue/{relayed.response_code}").status == httpx.codes.GONE


def page_after_post(scene: Scene, path: str) -> Page:
    scene.attacker.post(path)
    return scene.attacker.open(path)


ROWS: Final[dict[str, Script]] = {
    "ticket-she-only-opens": she_only_opens_it,
    "ticket-she-takes": she_takes_it,
    "ticket-she-takes-while-his-login-waits": she_takes_it_while_his_login_waits,
    "ticket-to-move-her-approval": he_moves_her_approval_to_another_browser,
    "ticket-to-move-her-login": he_moves_her_login_to_another_browser,
    "ticket-made-before-her-approval": an_early_ticket_during_her_approval,
    "ticket-taken-twice": a_ticket_twice,
    "ticket-as-a-code": a_ticket_as_a_code,
    "return-link-as-a-ticket": a_return_link_as_a_ticket,
}
