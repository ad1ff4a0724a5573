"""Every parser, a little in every run; ``make fuzz`` for longer, led by coverage.

Examples are few and always the same here. What ``make fuzz`` finds becomes a row of
``found``, so that it stays found.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.found import FOUND, Found
from tests.fuzz.mutations import mutate
from tests.fuzz.oracle import (
    BYTES,
    REFUSED,
    SECONDS,
    FindingError,
    Target,
    judge,
    outcome,
    peak,
)
from tests.fuzz.targets import TARGETS

few = settings(max_examples=60, deadline=None, derandomize=True, database=None)
every_target = pytest.mark.parametrize("name", TARGETS)
pytestmark = pytest.mark.filterwarnings("ignore")  # cryptography's, of odd certificates


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 — no secret


@every_target
@few
@given(seed=st.integers(0, 2**32), raw=st.binary(max_size=80) | st.none())
def test_whatever_the_bytes(name: str, seed: int, raw: bytes | None) -> None:
    target, random = TARGETS[name], chance(seed)

    judge(target, mutate(random.choice(target.seeds), random) if raw is None else raw)


@every_target
def test_every_seed_is_taken(name: str) -> None:
    """Guards the test above: changes of what is refused anyway would show little."""
    assert TARGETS[name].genuine


@pytest.mark.parametrize("row", FOUND, ids=lambda row: row.why)
def test_what_was_found_stays_repaired(row: Found) -> None:
    judge(TARGETS[row.target], row.data)


# --- the oracle itself -------------------------------------------------------------


def _target(run: Callable[[bytes], object], *, sealed: bool = False) -> Target:
    return Target("t", run, lambda: (b"seed",), (KeyError,), sealed)


def _wrong_type(data: bytes) -> object:
    raise TypeError(data)


def _nothing_known(data: bytes) -> object:
    raise KeyError(data)


def _slow(_data: bytes) -> object:
    end = time.process_time() + 1.5 * SECONDS
    while time.process_time() < end:
        pass
    return None


def _greedy(_data: bytes) -> object:
    """More than this process ever held, whatever other tests made it hold."""
    return len(b"\1" * (peak() + BYTES)) > BYTES


def _another_each_time() -> Callable[[bytes], object]:
    answers = iter(range(9))
    return lambda _data: next(answers)


ODD = {
    "TypeError leaves it": _target(_wrong_type),
    "took 0": _target(_slow),
    "bytes more": _target(_greedy),
    "now 1, before 0": _target(_another_each_time()),
    "takes what nobody sealed": _target(bytes.upper, sealed=True),
}


@pytest.mark.parametrize(("what", "target"), ODD.items(), ids=ODD)
def test_the_oracle_finds(what: str, target: Target) -> None:
    with pytest.raises(FindingError, match=what):
        judge(target, b"other")


def test_the_oracle_lets_refusals_and_values_pass() -> None:
    assert judge(_target(_nothing_known), b"x").startswith(REFUSED)
    assert judge(_target(bytes.upper, sealed=True), b"seed") == "b'SEED'"


def test_the_same_seed_makes_the_same_change() -> None:
    seed = TARGETS["answer"].seeds[0]

    once, again = ([mutate(seed, chance(n)) for n in range(20)] for _ in range(2))

    assert once == again


def test_changes_get_behind_signatures() -> None:
    """Of a layer that is signed here, many changes are refused for what they say."""
    target = TARGETS["sd_jwt_vc payload signed"]
    said = {
        outcome(target, mutate(target.seeds[0], chance(n))).split(":")[1]
        for n in range(300)
    }

    assert {" DisclosureError", " CredentialTypeError", " MissingClaimError"} <= said


def test_the_page_names_every_target() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/fuzzing.md").read_text()
    named = set(re.findall(r"`([^`]+)`(\*?)", page.partition("## Targets")[2]))

    assert {(name, "*" * target.sealed) for name, target in TARGETS.items()} <= named
