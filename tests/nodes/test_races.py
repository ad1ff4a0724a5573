"""Two nodes at one transaction: at most one releases, whatever the moment."""

import os
import signal
import time
from functools import partial

import pytest

from sam import messages as m
from tests.nodes.nodes import LEASE_SECONDS
from tests.nodes.scene import Scene, at_the_same_moment

pytestmark = pytest.mark.long

ROUNDS = int(os.environ.get("NODE_RACE_ROUNDS", "12"))
"""`make race` runs a thousand, and stops the process at each of ``STOPS``."""


@pytest.mark.processes
def test_of_two_nodes_that_finish_at_once_one_releases(scene: Scene) -> None:
    erika, before = scene.person("erika"), len(scene.releases())
    keys = scene.keys_on_the_token()
    for _ in range(ROUNDS):
        finish = m.Finish(tx=scene.approved(erika))

        outcomes = at_the_same_moment(
            *(partial(node.finish, finish) for node in scene.each)
        )

        stored = scene.client.finish(finish)
        assert stored in outcomes
        assert {o for o in outcomes if o != stored} <= {"sam_unavailable"}

    released = scene.releases()[before:]
    assert len({release.tx for release in released}) == len(released) == ROUNDS
    assert [r.number for r in scene.releases()] == [*range(1, before + ROUNDS + 1)]
    assert scene.keys_on_the_token() == keys
    assert scene.audit_holds()


@pytest.mark.processes
def test_what_one_node_began_the_other_goes_on_with(scene: Scene) -> None:
    """Every step of an approval at another node than the step before."""
    one, other = scene.each
    scene.client = one
    erika = scene.person("erika")
    tx = scene.open_sign().tx
    scene.client = other
    answer = erika.answer(tx)
    scene.client = one
    first = scene.submit(tx, answer)
    scene.client = other

    assert scene.submit(tx, answer) == first
    finished = other.finish(m.Finish(tx=tx))
    assert one.finish(m.Finish(tx=tx)) == finished


STOPS = ("before-result", "after-signing", "after-certificate")


@pytest.mark.processes
@pytest.mark.parametrize("point", STOPS if ROUNDS >= 1000 else STOPS[:1])
def test_a_process_that_wakes_after_its_lease_releases_nothing(
    scene: Scene, point: str
) -> None:
    """SIGSTOP of the real process at ``point``; the neighbour sweeps; SIGCONT."""
    nodes = scene.nodes
    asleep = nodes.nodes[0]
    tx, before = scene.approved(scene.person("erika")), len(scene.releases())
    nodes.order(asleep, signal.SIGSTOP, point)

    def wake() -> None:
        time.sleep(LEASE_SECONDS + 1)
        swept.append(state_at(scene, tx))
        os.killpg(nodes.process(asleep).running.pid, signal.SIGCONT)

    swept: list[m.State] = []
    finished, _ = at_the_same_moment(
        lambda: scene.each[0].finish(m.Finish(tx=tx)), wake
    )

    assert finished == "signing_failed"
    assert swept == [m.State.FAILED]
    assert len(scene.releases()) == before
    assert scene.audit_holds()


def state_at(scene: Scene, tx: str) -> m.State:
    """As the other node says once it swept, which it does within ten seconds."""
    until = time.monotonic() + 15
    while (state := scene.each[1].status(tx).state) == m.State.SIGNING:
        assert time.monotonic() < until
        time.sleep(0.2)
    return state


@pytest.mark.processes
def test_a_node_that_is_killed_while_it_signs_costs_one_approval(
    scene: Scene,
) -> None:
    """Its neighbour ends what it left, and signs what comes next."""
    nodes = scene.nodes
    gone = nodes.nodes[0]
    erika = scene.person("erika")
    tx, before = scene.approved(erika), len(scene.releases())
    nodes.order(gone, signal.SIGSTOP, "after-intent")

    def kill() -> None:
        while nodes.ordered(gone).exists():
            time.sleep(0.02)
        nodes.kill(gone)

    outcome, _ = at_the_same_moment(lambda: scene.each[0].finish(m.Finish(tx=tx)), kill)

    assert outcome == "sam_unavailable"
    time.sleep(LEASE_SECONDS)
    assert state_at(scene, tx) == m.State.FAILED
    assert scene.finish(scene.approved(erika)).release == before + 1
    nodes.start(gone)
    assert scene.audit_holds()
