"""Every place where the SAM may die, once, in real processes; then all stores are read.

``make faults`` does it forty times, and at random (``tests.faults.run``).
"""

import pytest

from tests.faults.scenarios import POINTS, Scenarios

pytestmark = pytest.mark.long

PROBES_REFUSED = 8


@pytest.mark.processes
def test_a_sam_that_dies_at_every_place_keeps_every_promise(
    scenarios: Scenarios,
) -> None:
    not_killed = [point for point in POINTS if not scenarios.kill_at(point)]

    verdict = scenarios.verdict()

    assert not_killed == []
    assert verdict.wrong == (), str(verdict)
    assert verdict.counted["releases"] > 0
    assert verdict.counted["ends told"] > 0


@pytest.mark.processes
def test_what_must_be_refused_is_refused_and_what_was_told_survives_a_power_cut(
    scenarios: Scenarios,
) -> None:
    scenarios.probe_everything()

    verdict = scenarios.verdict()

    assert verdict.wrong == (), str(verdict)
    assert verdict.counted["probes refused"] >= PROBES_REFUSED
