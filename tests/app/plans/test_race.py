"""One place is left and everybody wants it: one gets it, every time.

``QUOTA_RACE_ROUNDS`` asks for the long form, 200 rounds.
"""

import os
import threading

import pytest

from app.plans.free_tier import QuotaUsedUpError
from tests.app.plans.conftest import World

THREADS = 64
ROUNDS = int(os.environ.get("QUOTA_RACE_ROUNDS", "20"))
ON_SQLITE = max(2, ROUNDS // 10)
"""There every write waits for every other anyway."""


class Race:
    """Threads that stay, so that a round costs no start."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._start = threading.Barrier(THREADS + 1)
        self._end = threading.Barrier(THREADS + 1)
        self._txs: list[str] = []
        self._passed = [0] * THREADS
        self._refused = [0] * THREADS
        self._threads = [
            threading.Thread(target=self._run, args=(n,)) for n in range(THREADS)
        ]

    def run(self, rounds: int) -> list[tuple[int, int]]:
        """Per round: how many passed, how many were refused."""
        for thread in self._threads:
            thread.start()
        results = [self._round(f"person {n}") for n in range(rounds)]
        self._txs = []
        self._start.wait()
        for thread in self._threads:
            thread.join()
        return results

    def _round(self, person: str) -> tuple[int, int]:
        cap = self._world.policy.cap
        assert cap is not None
        self._world.reserved(person, cap - 1)
        self._txs = [self._world.sam.approval(person) for _ in range(THREADS)]
        self._start.wait()
        self._end.wait()
        return sum(self._passed), sum(self._refused)

    def _run(self, n: int) -> None:
        while True:
            self._start.wait()
            if not self._txs:
                return
            self._passed[n] = self._refused[n] = 0
            try:
                self._world.tier.reserve(self._txs[n], 1)
                self._passed[n] = 1
            except QuotaUsedUpError:
                self._refused[n] = 1
            finally:
                self._end.wait()


@pytest.mark.parametrize(
    ("place", "rounds"), [("on_postgresql", ROUNDS), ("on_sqlite", ON_SQLITE)]
)
def test_the_last_place_is_taken_once(
    request: pytest.FixtureRequest, place: str, rounds: int
) -> None:
    world: World = request.getfixturevalue(place)

    results = Race(world).run(rounds)

    assert results == [(1, THREADS - 1)] * rounds


def test_one_approval_that_is_reserved_by_all_counts_once(world: World) -> None:
    tx = world.sam.approval("Ana")
    threads = [
        threading.Thread(target=world.tier.reserve, args=(tx, 3)) for _ in range(16)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert world.used("Ana") == 3
