"""How far somebody gets who has the victim on the phone, step by step.

What is asserted here is a limit, not a promise: ``docs/explanation/two-screens.md``.
"""

import sqlite3
import time

import httpx
import pytest

from tests.relay.scene import (
    RELEASED,
    VICTIMS_NAME,
    Relayed,
    Scene,
    gained,
    opened_to_the_attacker,
    spoils,
    state_of,
)
from tests.relay.scripts.typed_codes import other_codes
from wallet_emulator.consent import Decision
from wallet_emulator.presentation import Outcome

LOAN = "loan-contract.pdf"


@pytest.fixture
def waiting(scene: Scene) -> Relayed:
    """The victim approved the loan in her wallet; the attacker has her on the phone."""
    return scene.relay("approve", LOAN)


@pytest.fixture
def read_out(scene: Scene) -> Relayed:
    """She showed who she is and read the code to him: he is in, as her."""
    relayed = scene.relay("identify", LOAN)
    scene.type(relayed, scene.victim.code_on(relayed.link))
    assert VICTIMS_NAME in session_page(scene)
    return relayed


def session_page(scene: Scene) -> str:
    return scene.attacker.send("GET", "/session").text


def export(scene: Scene) -> int:
    return scene.attacker.send("GET", "/session/export.json").status_code


@pytest.mark.processes
def test_her_wallet_shows_the_attackers_document(
    scene: Scene, waiting: Relayed
) -> None:
    """The label and code that she would have to take for her own."""
    (shown,) = waiting.outcome.consent.documents
    page = waiting.page

    assert shown.label == f"TEST · private · {LOAN} · {shown.code}"
    assert any(shown.label in e.text for e in page.elements)
    assert shown.digest == page.element("document-digest").text


@pytest.mark.processes
def test_her_phone_shows_it_again_with_a_way_to_say_no(
    scene: Scene, waiting: Relayed
) -> None:
    page = scene.victim.phone.open(waiting.link)
    (shown,) = waiting.outcome.consent.documents

    assert any(shown.label in e.text for e in page.elements)
    assert any("Never read it to anyone" in e.text for e in page.elements)
    assert page.find("not-me")


@pytest.mark.processes
def test_a_person_who_reads_the_label_and_declines_is_safe(scene: Scene) -> None:
    page = scene.attacker.ask("approve", LOAN)
    before = spoils(scene.service)

    scene.victim.answer(page, Decision.DECLINE)

    assert gained(before, scene) == {}


@pytest.mark.processes
def test_a_code_read_out_signs_the_attackers_document(
    scene: Scene, waiting: Relayed
) -> None:
    """The end of what the code can do: one signature over what the label named."""
    code = scene.victim.code_on(waiting.link)
    before = spoils(scene.service)

    scene.type(waiting, code)

    assert state_of(scene.attacker.open(waiting.path)) == "signed"
    assert gained(before, scene) == {"signed": 1, "releases": 1}
    assert opened_to_the_attacker(scene) == [f"{waiting.path}/{n}" for n in RELEASED]


@pytest.mark.processes
def test_a_code_misheard_three_times_signs_nothing(
    scene: Scene, waiting: Relayed
) -> None:
    """Guards the row above."""
    code = scene.victim.code_on(waiting.link)
    before = spoils(scene.service)

    scene.type(waiting, *other_codes(code), code)

    assert gained(before, scene) == {}


@pytest.mark.processes
def test_the_code_of_an_approval_identifies_nobody(
    scene: Scene, waiting: Relayed
) -> None:
    scene.type(waiting, scene.victim.code_on(waiting.link))

    assert "Nobody is identified" in session_page(scene)
    assert export(scene) == httpx.codes.FORBIDDEN


@pytest.mark.processes
def test_the_code_of_a_login_opens_a_session_of_the_lesser_kind(
    scene: Scene, read_out: Relayed
) -> None:
    assert "You typed the code of your phone here" in session_page(scene)
    assert export(scene) == httpx.codes.FORBIDDEN
    assert opened_to_the_attacker(scene) == []


@pytest.mark.processes
def test_the_code_of_a_login_offers_the_pass_on_her_phone_only(
    scene: Scene, read_out: Relayed
) -> None:
    scene.attacker.open(read_out.page.url)
    scene.attacker.open(read_out.path)

    assert not any("credential-offer" in text for text in scene.attacker.texts())
    assert scene.victim.phone.open(read_out.link).find("offer-link")


@pytest.mark.processes
def test_after_the_code_of_a_login_each_approval_needs_her_wallet_and_no_code(
    scene: Scene, read_out: Relayed
) -> None:
    """One scan for who is known here: the label in her wallet is what is left."""
    page = scene.attacker.press(scene.attacker.open(read_out.path), "approve")
    before = spoils(scene.service)

    approved = scene.victim.answer(page)

    (shown,) = approved.consent.documents
    assert LOAN in shown.label
    assert gained(before, scene).get("signed") == 1
    deliver(scene, read_out, approved)


@pytest.mark.processes
def test_not_me_ends_a_login_whose_code_was_read_out(
    scene: Scene, read_out: Relayed
) -> None:
    not_me(scene, read_out)

    assert "Nobody is identified" in session_page(scene)


def deliver(scene: Scene, relayed: Relayed, approved: Outcome) -> None:
    """Here and now, and not by the worker while another test counts."""
    scene.attacker.open(str(approved.redirect_uri))
    until = time.monotonic() + 20
    while state_of(scene.attacker.open(relayed.path)) != "signed":
        assert time.monotonic() < until
        time.sleep(0.2)


def not_me(scene: Scene, relayed: Relayed) -> httpx.Response:
    """The form of that page, which needs nothing but the link."""
    form = {"response_code": relayed.response_code}
    return scene.victim.phone.send("POST", "/oid4vp/return/not-me", data=form)


@pytest.mark.processes
def test_after_not_me_a_question_that_was_open_needs_a_code(
    scene: Scene, read_out: Relayed
) -> None:
    """Asked while the browser was confirmed, answered when it no longer is."""
    page = scene.attacker.ask("approve", "second-loan.pdf")
    not_me(scene, read_out)
    before = spoils(scene.service)

    relayed = scene.answered("approve", page)

    assert scene.word(relayed) == "awaiting_confirmation"
    assert gained(before, scene) == {}


@pytest.mark.processes
def test_not_me_ends_a_login_also_after_a_document_was_signed(
    scene: Scene, read_out: Relayed
) -> None:
    page = scene.attacker.press(scene.attacker.open(read_out.path), "approve")
    approved = scene.victim.answer(page)
    assert state_of(scene.attacker.open(read_out.path)) in {"signing", "signed"}

    not_me(scene, read_out)

    shown = session_page(scene)
    deliver(scene, read_out, approved)
    assert "Nobody is identified" in shown


@pytest.mark.processes
def test_the_link_given_away_is_worth_more_than_the_code(
    scene: Scene, waiting: Relayed
) -> None:
    """The address of her phone's page, opened where it all started."""
    before = spoils(scene.service)

    opened = scene.attacker.open(waiting.link)

    assert state_of(opened) == "signed"
    assert gained(before, scene) == {"signed": 1, "releases": 1}
    assert export(scene) == httpx.codes.OK


@pytest.mark.processes
def test_the_link_of_a_login_given_away_opens_the_full_session(scene: Scene) -> None:
    """And her pass is offered there, which approves nothing without her PID."""
    relayed = scene.relay("identify")

    opened = scene.attacker.open(relayed.link)

    assert opened.find("offer-link")
    assert "Your wallet brought you back to this very browser" in session_page(scene)


@pytest.mark.processes
def test_an_old_login_by_code_is_not_lifted_by_another_wallet(
    scene: Scene, read_out: Relayed
) -> None:
    half_an_hour_later(scene)

    page = scene.attacker.ask("approve", "own.pdf")
    scene.attacker.open(str(scene.accomplice.answer(page).redirect_uri))

    assert VICTIMS_NAME not in session_page(scene) or export(scene) != httpx.codes.OK


def half_an_hour_later(scene: Scene) -> None:
    """Every login of now has come to its end, as far as the web tier knows."""
    file = scene.service.layout.web / "app.db"
    db = sqlite3.connect(file, timeout=10)
    with db:
        db.execute(
            "UPDATE browser_sessions SET handle_expires_at = '2026-01-01 00:00:00'"
            " WHERE confirmed_by = 'cross_device'"
        )
    db.close()
