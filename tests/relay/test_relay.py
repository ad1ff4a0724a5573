"""Showing somebody else the code of one's own screen yields nothing.

After every script: nobody is identified as the victim who was not before, no signature
was made, no offer of her pass was seen, nothing of hers was readable, and the service
did not stumble.
"""

from typing import Final

import pytest

from tests.relay import scene as stage
from tests.relay.scene import VICTIM, Scene, Script, gained, state_of
from tests.relay.scripts import (
    cross_site,
    own_login,
    replays,
    response_codes,
    returning,
    tickets,
    typed_codes,
    wallet_errors,
)

SCRIPTS: Final[dict[str, Script]] = {
    **returning.ROWS,
    **wallet_errors.ROWS,
    **replays.ROWS,
    **typed_codes.ROWS,
    **response_codes.ROWS,
    **tickets.ROWS,
    **own_login.ROWS,
    **cross_site.ROWS,
}


@pytest.mark.processes
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_relayed_code_yields_nothing(scene: Scene, name: str) -> None:
    before = stage.spoils(scene.service)

    SCRIPTS[name](scene)

    assert stage.spoils(scene.service) == before
    assert stage.seen_by_the_attacker(scene) == []
    assert stage.opened_to_the_attacker(scene) == []
    assert scene.faults() == []


def test_the_table_is_long_enough() -> None:
    assert len(SCRIPTS) >= 50


@pytest.mark.processes
def test_the_honest_person_signs_on_one_device(scene: Scene) -> None:
    """Guards the table: the same steps, all in her own browser."""
    page = scene.victim.phone.ask("approve", "own.pdf")
    before = stage.spoils(scene.service)

    signed = scene.victim.phone.open(str(scene.victim.answer(page).redirect_uri))

    assert state_of(signed) == "signed"
    assert gained(before, scene) == {"signed": 1, "releases": 1}
    assert stage.spoils(scene.service).key_operations > before.key_operations


@pytest.mark.processes
def test_the_honest_person_signs_with_the_code_of_her_phone(scene: Scene) -> None:
    """Guards the table: started at her computer, answered and read on her phone."""
    relayed = scene.relay("approve", "own.pdf")
    code = scene.victim.code_on(relayed.link)
    before = stage.spoils(scene.service)

    scene.type(relayed, code)

    assert state_of(scene.attacker.open(relayed.path)) == "signed"
    assert gained(before, scene) == {"signed": 1, "releases": 1}


@pytest.mark.processes
def test_the_honest_person_identifies_and_the_table_would_see_it(scene: Scene) -> None:
    """Guards what is counted after each script, by a login that succeeds."""
    relayed = scene.relay("identify", "own.pdf")
    before = stage.spoils(scene.service)

    scene.type(relayed, scene.victim.code_on(relayed.link))

    assert gained(before, scene) == {"logins": 1, "passes": 1}
    assert VICTIM.family_name in stage.seen_by_the_attacker(scene)


@pytest.mark.processes
def test_what_was_signed_is_seen_where_the_table_looks(scene: Scene) -> None:
    relayed = scene.relay("approve", "own.pdf")

    scene.type(relayed, scene.victim.code_on(relayed.link))

    assert f"{relayed.path}/evidence.zip" in stage.opened_to_the_attacker(scene)
