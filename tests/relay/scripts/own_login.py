"""The attacker is somebody too: he logs in himself, and lets the victim approve."""

from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from tests.relay.scene import REFUSED, Scene, Script
from wallet_emulator.errors import AnswerNotAcceptedError


def then_relays_an_approval(scene: Scene) -> None:
    """Opened under his handle: the SAM takes no one else's answer."""
    scene.log_in_himself()
    page = scene.attacker.ask("approve")
    with pytest.raises(AnswerNotAcceptedError):
        scene.victim.answer(page)
    scene.attacker.open(page.url)


def then_forgets_himself_and_relays(scene: Scene) -> None:
    scene.log_in_himself()
    scene.attacker.post("/session/forget")
    relayed = scene.relay("approve")
    scene.victim.phone.open(relayed.link)


def forgets_himself_with_the_question_open(scene: Scene) -> None:
    """The question stays his, whoever sits at the browser."""
    scene.log_in_himself()
    page = scene.attacker.ask("approve")
    scene.attacker.post("/session/forget")
    with pytest.raises(AnswerNotAcceptedError):
        scene.victim.answer(page)


def after_her_approval(scene: Scene) -> None:
    """A confirmed browser, and a waiting approval that was asked before."""
    relayed = scene.relay("approve")
    scene.log_in_himself()
    scene.attacker.open(relayed.path)
    assert scene.word(relayed) == "awaiting_confirmation"


def after_her_approval_at_the_same_document(scene: Scene) -> None:
    """He identifies at the very document that she has approved."""
    relayed = scene.relay("approve")
    asked = scene.attacker.post(f"{relayed.path}/identify")
    assert asked.status_code == httpx.codes.OK
    page = scene.attacker.open(f"{relayed.path}/identification")
    returned = scene.accomplice.answer(page)
    scene.attacker.open(str(returned.redirect_uri))
    scene.own_offers += 1
    assert scene.word(relayed) == "awaiting_confirmation"


def with_the_code_of_his_login(scene: Scene) -> None:
    """Both wait at one document: his login's code is not her approval's."""
    relayed = scene.relay("approve")
    scene.attacker.post(f"{relayed.path}/identify")
    page = scene.attacker.open(f"{relayed.path}/identification")
    returned = scene.accomplice.answer(page)
    scene.type(relayed, scene.victim.code_on(str(returned.redirect_uri)))
    assert scene.word(relayed) == "awaiting_confirmation"


def after_her_login(scene: Scene) -> None:
    """Her identification is parked; his own does not bring it along."""
    relayed = scene.relay("identify")
    scene.log_in_himself()
    scene.attacker.open(relayed.page.url)
    scene.attacker.open(relayed.path)


def answers_first(scene: Scene) -> None:
    """His own wallet answers, then hers: the second answer is none."""
    page = scene.attacker.ask("approve")
    scene.accomplice.answer(page)
    with pytest.raises(REFUSED):
        scene.victim.answer(page)


def answers_second(scene: Scene) -> None:
    """Her answer waits; his own, with a return he holds, changes nothing."""
    relayed = scene.relay("approve")
    with pytest.raises(REFUSED):
        scene.accomplice.answer(relayed.page)
    assert scene.word(relayed) == "awaiting_confirmation"


def crowds_out_the_link(scene: Scene) -> None:
    """Six links at once: the one she scanned was closed to make room."""
    pages = [scene.attacker.ask("approve", f"{n}.pdf") for n in range(6)]
    with pytest.raises(REFUSED):
        scene.victim.answer(pages[0])
    relayed = scene.answered("approve", pages[5])
    scene.victim.phone.open(relayed.link)


def presses_not_me_himself(scene: Scene) -> None:
    """He holds the link of an exchange of his own; hers stays as it is."""
    relayed = scene.relay("approve")
    other = scene.attacker.ask("approve", "own.pdf")
    returned = scene.accomplice.answer(other)
    code = urlsplit(str(returned.redirect_uri)).query.partition("=")[2]
    scene.attacker.post("/oid4vp/return/not-me", response_code=code)
    refused = scene.attacker.post("/oid4vp/return/not-me", response_code="x" * 43)
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert scene.word(relayed) == "awaiting_confirmation"


def she_presses_not_me(scene: Scene) -> None:
    """Then her code, her link and a new question at that document are no use."""
    relayed = scene.relay("approve")
    shown = scene.victim.phone.open(relayed.link)
    code = scene.victim.code_on(relayed.link)
    scene.victim.phone.press(shown, "not-me")
    scene.type(relayed, code)
    scene.attacker.open(relayed.link)
    scene.attacker.post(f"{relayed.path}/renew")
    assert scene.word(relayed) == "declined"


def presses_not_me_at_hers(scene: Scene) -> None:
    """Her own approval, begun at home, is not his to close."""
    waiting = scene.victim.home.press(
        scene.victim.home.open(scene.victim.home.requests[0]), "approve"
    )
    path = scene.victim.home.requests[0]
    for part in ("/stop", "/again", "/renew", "/confirm", "/phone"):
        assert scene.attacker.post(path + part).status_code == httpx.codes.NOT_FOUND
    shown = scene.victim.home.open(waiting.url)
    assert shown.element("request-state").attribute("data-state") == "awaiting_wallet"
    scene.victim.home.post(f"{path}/again")


ROWS: Final[dict[str, Script]] = {
    "own-login-then-an-approval": then_relays_an_approval,
    "own-login-forgotten-then-an-approval": then_forgets_himself_and_relays,
    "own-login-forgotten-with-the-question-open": (
        forgets_himself_with_the_question_open
    ),
    "own-login-after-her-approval": after_her_approval,
    "own-login-at-the-document-she-approved": after_her_approval_at_the_same_document,
    "own-login-with-its-code": with_the_code_of_his_login,
    "own-login-after-her-login": after_her_login,
    "own-answer-before-hers": answers_first,
    "own-answer-after-hers": answers_second,
    "six-links-at-once": crowds_out_the_link,
    "not-me-by-him": presses_not_me_himself,
    "not-me-by-her": she_presses_not_me,
    "stop-by-him-at-her-own-document": presses_not_me_at_hers,
}
