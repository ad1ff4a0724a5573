"""What moves to another browser, and who holds it then: tickets, cookies, traffic.

What is asserted here is a limit, not a promise: ``docs/explanation/two-screens.md``.
"""

from urllib.parse import urlsplit

import httpx
import pytest

from tests.relay.scene import Scene, gained, opened_to_the_attacker, spoils, state_of
from tests.relay.scripts.replays import post_her_answer
from tests.relay.scripts.tickets import hand_over
from tests.relay.visitor import Visitor


@pytest.mark.processes
def test_who_takes_a_ticket_and_signs_keeps_the_signature(scene: Scene) -> None:
    """The attacker gave his document away: he gets neither it nor her signature."""
    path = urlsplit(scene.attacker.upload("prize.pdf").url).path
    ticket = hand_over(scene, path)
    phone = Visitor(scene.service)
    waiting = phone.press(phone.press(phone.open(ticket), "continue"), "approve")

    signed = phone.open(str(scene.victim.answer(waiting).redirect_uri))

    assert state_of(signed) == "signed"
    assert opened_to_the_attacker(scene) == []


@pytest.mark.processes
@pytest.mark.parametrize("what", ["identify", "approve"])
def test_a_planted_cookie_locks_out_who_planted_it(scene: Scene, what: str) -> None:
    """Her browser is confirmed in his session; the cookie he knows ends with that."""
    page = scene.attacker.ask(what)  # type: ignore[arg-type]
    returned = scene.victim.answer(page)
    phone = Visitor(scene.service)
    phone.plant(scene.attacker.cookie)

    phone.open(str(returned.redirect_uri))

    assert phone.cookie != scene.attacker.cookie
    assert scene.attacker.open(page.url).status == httpx.codes.NOT_FOUND
    assert opened_to_the_attacker(scene) == []


@pytest.mark.processes
def test_her_answer_posted_again_changes_nothing(scene: Scene) -> None:
    """The same exchange, the same bytes: the same reply, and no event."""
    relayed = scene.relay("identify")
    before = spoils(scene.service)

    again = post_her_answer(scene, relayed.page)

    assert again == httpx.codes.OK
    assert gained(before, scene) == {}
    assert scene.word(relayed) == "answered"


@pytest.mark.processes
def test_who_reads_the_wallets_traffic_holds_the_link(scene: Scene) -> None:
    """Whoever can repeat her answer could have read the reply to it as well."""
    relayed = scene.relay("identify")
    post_her_answer(scene, relayed.page)

    (reply,) = [r for r in scene.attacker.received if "redirect_uri" in r.text]

    assert reply.json() == {"redirect_uri": relayed.link}
