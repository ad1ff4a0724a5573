"""The victim's encrypted answer, caught on the way and posted somewhere else."""

from functools import partial
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.relay.scene import REFUSED, Scene, Script
from tests.relay.scripts.wallet_errors import tx_of
from tests.relay.visitor import Asked
from wallet_emulator.browser import Page

STILL_ASKED: Final = {"awaiting_wallet", "waiting", "wallet_said"}
"""An answer that was refused is a hint and no event."""


def post_her_answer(scene: Scene, page: Page) -> int:
    """To the exchange that ``page`` shows."""
    form = parse_qs(scene.victim.last_answer.decode())
    fields = {name: values[0] for name, values in form.items()}
    path = f"/oid4vp/response/{tx_of(page)}"
    return scene.attacker.send("POST", path, data=fields).status_code


def elsewhere(answered: Asked, other: Asked, scene: Scene) -> None:
    target = scene.attacker.ask(other, "loan.pdf")
    relayed = scene.relay(answered)
    assert post_her_answer(scene, target) == httpx.codes.BAD_REQUEST
    scene.victim.phone.open(relayed.link)
    assert "wallet-link" in _ids(scene.attacker.open(target.url))


def after_stopping(scene: Scene) -> None:
    relayed = scene.relay("approve")
    scene.attacker.post(f"{relayed.path}/stop")
    assert post_her_answer(scene, relayed.page) == httpx.codes.BAD_REQUEST


def after_not_me(what: Asked, scene: Scene) -> None:
    relayed = scene.relay(what)
    page = scene.victim.phone.open(relayed.link)
    code = page.element("confirmation-code").text
    scene.victim.phone.press(page, "not-me")
    assert post_her_answer(scene, relayed.page) == httpx.codes.BAD_REQUEST
    scene.type(relayed, code)
    scene.attacker.open(relayed.link)


def to_a_new_link_of_the_same_document(scene: Scene) -> None:
    relayed = scene.relay("approve")
    scene.attacker.post(f"{relayed.path}/again")
    again = scene.attacker.press(scene.attacker.open(relayed.path), "approve")
    assert post_her_answer(scene, again) == httpx.codes.BAD_REQUEST
    scene.attacker.open(relayed.link)
    assert scene.word(relayed) in STILL_ASKED


def to_a_second_login_of_the_same_document(scene: Scene) -> None:
    relayed = scene.relay("identify")
    token = scene.attacker.token
    again = scene.attacker.send(
        "POST", f"{relayed.path}/identify", data={"csrf_token": token}
    )
    assert again.status_code == httpx.codes.OK
    page = scene.attacker.open(f"{relayed.path}/identification")
    assert post_her_answer(scene, page) == httpx.codes.BAD_REQUEST
    scene.attacker.open(relayed.link)
    assert scene.word(relayed) in STILL_ASKED


def an_old_link_after_a_new_approval(scene: Scene) -> None:
    """She answers the first link when a second one is already shown."""
    first = scene.attacker.ask("approve")
    path = urlsplit(first.url).path
    scene.attacker.post(f"{path}/again")
    scene.attacker.press(scene.attacker.open(path), "approve")
    with pytest.raises(REFUSED):
        scene.victim.answer(first)


def the_old_return_after_a_new_approval(scene: Scene) -> None:
    """Both answered by her; the older link, opened by him, says nothing of the new."""
    old = scene.relay("approve")
    scene.attacker.post(f"{old.path}/again")
    page = scene.attacker.press(scene.attacker.open(old.path), "approve")
    scene.answered("approve", page)
    scene.attacker.open(old.link)
    assert scene.word(old) == "awaiting_confirmation"


def altered(scene: Scene) -> None:
    """One character of the ciphertext changed, and half of it."""
    relayed = scene.relay("identify")
    body = parse_qs(scene.victim.last_answer.decode())["response"][0]
    path = f"/oid4vp/response/{tx_of(relayed.page)}"
    for changed in (
        body[:-1] + ("A" if body[-1] != "A" else "B"),
        body[:300],
        body * 2,
    ):
        answer = scene.attacker.send("POST", path, data={"response": changed})
        assert answer.status_code == httpx.codes.BAD_REQUEST


def _ids(page: Page) -> set[str]:
    return {e.attribute("data-testid") for e in page.elements}


ROWS: Final[dict[str, Script]] = {
    "replay-a-login-to-another-login": partial(elsewhere, "identify", "identify"),
    "replay-an-approval-to-another-document": partial(elsewhere, "approve", "approve"),
    "replay-a-login-as-an-approval": partial(elsewhere, "identify", "approve"),
    "replay-an-approval-as-a-login": partial(elsewhere, "approve", "identify"),
    "replay-after-stopping": after_stopping,
    "replay-a-login-after-her-not-me": partial(after_not_me, "identify"),
    "replay-an-approval-after-her-not-me": partial(after_not_me, "approve"),
    "replay-to-a-new-link-of-the-same-document": to_a_new_link_of_the_same_document,
    "replay-to-a-second-login": to_a_second_login_of_the_same_document,
    "replay-altered": altered,
    "old-link-after-a-new-approval": an_old_link_after_a_new_approval,
    "old-return-after-a-new-approval": the_old_return_after_a_new_approval,
}
