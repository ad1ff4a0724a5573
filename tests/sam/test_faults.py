"""Killed anywhere or misled by the CA: one signature or none, and never a second."""

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from sam import errors
from sam.cmc import EstClient
from sam.faults import FINISH
from tests.sam.callers import Holder
from tests.sam.files import prepared
from tests.sam.scripted_ca import (
    QC_STATEMENTS,
    Issuer,
    Script,
    ScriptedCa,
    altered,
    common_name,
    honest,
    new_root,
)
from tests.sam.test_certificates import OTHER_KEY, QUALIFIED
from tests.sam.test_finish import assert_nothing_came_of
from tests.sam.world import NOW, World


class Killed(BaseException):
    """What nobody catches: the process ends here."""


def kill_at(world: World, point: str) -> None:
    def fault(here: str) -> None:
        if here == point:
            raise Killed

    world.serve(replace(world.sam, fault=fault))


def killed(world: World, tx: str, point: str) -> None:
    """``finish``, killed at ``point``; then a new process on the same state."""
    kill_at(world, point)
    with pytest.raises(Killed):
        world.finish(tx)
    world.restart()


# A process that dies takes its key along; here only the call dies, so the point right
# before the key's destruction is left to processes (``tests.faults``).
BROKEN_OFF = [
    p
    for p in FINISH
    if p not in ("before-signing", "before-destruction", "after-result")
]


@pytest.mark.parametrize("point", BROKEN_OFF)
def test_a_ceremony_that_was_killed_is_never_resumed(
    world: World, erika: Holder, point: str
) -> None:
    tx = world.approved(erika, prepared(b"%PDF a"), prepared(b"%PDF b"))

    killed(world, tx, point)

    assert world.key_operations == 0
    assert_nothing_came_of(world, tx, "interrupted")
    assert world.key_operations == 0


@pytest.mark.parametrize("point", BROKEN_OFF)
def test_a_ceremony_that_was_killed_in_a_living_process_ends_with_the_next_sweep(
    world: World, erika: Holder, point: str
) -> None:
    tx = world.approved(erika)
    kill_at(world, point)
    with pytest.raises(Killed):
        world.finish(tx)
    world.clock.pass_by(seconds=10)

    assert_nothing_came_of(world, tx, "interrupted")


def test_killed_before_it_began_an_approval_is_still_good(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)

    killed(world, tx, "before-signing")

    assert world.finish(tx).release == 1


def test_killed_after_the_result_it_is_still_there(world: World, erika: Holder) -> None:
    tx = world.approved(erika)

    killed(world, tx, "after-result")

    assert world.finish(tx) == world.finish(tx)
    assert world.key_operations == 0
    assert len(world.client.releases(0).releases) == 1


# --- the CA ----------------------------------------------------------------------


def quiet(_recipe: object, _issuer: object) -> tuple[bytes, ...]:
    raise errors.SamUnavailableError("the CA does not answer")


CA_ANSWERS = {
    "other-subject": altered(subject=common_name("TEST Max")),
    "other-key": altered(public_key=OTHER_KEY),
    "foreign-chain": lambda recipe, _: honest(recipe, new_root("TEST", NOW)),
    "expired": altered(not_after=NOW),
    "digital-signature": altered(
        usage=frozenset({"content_commitment", "digital_signature"})
    ),
    "qc-statements": altered(extensions=(QC_STATEMENTS,)),
    "qualified-policy": altered(extensions=(QUALIFIED,)),
    "garbage": lambda recipe, _: (b"garbage",),
    "nothing": lambda recipe, _: (),
    "no-answer": quiet,
}


def with_script(world: World, script: Script) -> None:
    ca = world.authorities.issuers["issuing-ca"]
    issuer = Issuer(certificate=ca.certificate, key=ca.key)
    scripted = ScriptedCa(issuer=issuer, clock=world.clock, script=script)
    world.serve(replace(world.sam, issuer=scripted))


@pytest.mark.parametrize("script", CA_ANSWERS.values(), ids=CA_ANSWERS)
def test_a_ca_that_answers_wrongly_gets_nothing_signed(
    world: World, erika: Holder, script: Script
) -> None:
    tx = world.approved(erika)
    with_script(world, script)

    with pytest.raises(errors.SigningFailedError) as caught:
        world.finish(tx)

    assert world.key_operations == 2  # made, and its request proven: nothing signed
    assert_nothing_came_of(world, tx, str(caught.value))


def test_a_ca_that_answers_rightly_gets_it_signed(world: World, erika: Holder) -> None:
    """Guards the table above."""
    tx = world.approved(erika)
    with_script(world, honest)

    assert world.finish(tx).release == 1


def times_out(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow", request=request)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(times_out, id="timeout"),
        pytest.param(lambda r: httpx.Response(500), id="500"),
        pytest.param(lambda r: httpx.Response(302), id="redirect"),
        pytest.param(lambda r: httpx.Response(202), id="later"),
        pytest.param(lambda r: httpx.Response(200, content=b"MAA="), id="empty-der"),
        pytest.param(lambda r: httpx.Response(200, content=b"\xff"), id="no-base64"),
    ],
)
def test_an_est_door_that_fails_gets_nothing_signed(
    world: World, erika: Holder, answer: Callable[[httpx.Request], httpx.Response]
) -> None:
    tx = world.approved(erika)
    assert isinstance(world.sam.issuer, EstClient)
    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="https://ca")
    world.serve(replace(world.sam, issuer=replace(world.sam.issuer, http=http)))

    with pytest.raises(errors.SigningFailedError):
        world.finish(tx)

    assert_nothing_came_of(world, tx, "sam_unavailable")
