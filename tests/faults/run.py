"""``make faults``: kills in real processes until a budget is used up; seeds printed.

    points   every point, so many times each
    random   so many kills at random times, one in seven a power cut
    probes   what must be refused, among them a device that lies

A batch has a deployment of its own, ends with the checker, and is one line in
``verdicts.jsonl`` of the work folder. Started again, only batches without a line run.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sam import errors
from tests import postgresql
from tests.faults.bench import bench
from tests.faults.scenarios import POINTS, Scenarios, staged

SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
RANDOM_BATCH = 50
POINT_BATCH = 5
"""Rounds over all points before everything is read."""


@dataclass(frozen=True, slots=True)
class Batch:
    """``name`` says what is done and is its key among the verdicts."""

    kind: str
    number: int
    size: int

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.size}-{self.number}"


def main() -> None:
    options = _options()
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + options.minutes * 60
    for batch in _batches(options):
        if batch.name in _done(work):
            continue
        if time.monotonic() > until:
            break
        record = _run(batch, options)
        with (work / "verdicts.jsonl").open("a") as verdicts:
            verdicts.write(json.dumps(record) + "\n")
        print(_line(record), flush=True)
    sys.exit(_report(_done(work)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40, help="each point")
    parser.add_argument("--random", type=int, default=2000, help="kills at random")
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", type=Path, default=SOFTHSM)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--work", default="var/faults")
    return parser.parse_args()


def _batches(options: argparse.Namespace) -> Iterator[Batch]:
    """All kinds in turn, so that a short budget has some of each."""
    yield Batch("probes", 0, 1)
    points = [
        Batch("points", n, min(POINT_BATCH, options.times))
        for n in range(-(-options.times // POINT_BATCH))
    ]
    kills = [
        Batch("random", n, RANDOM_BATCH)
        for n in range(-(-options.random // RANDOM_BATCH))
    ]
    while points or kills:
        yield from points[:1] + kills[:3]
        points, kills = points[1:], kills[3:]


def _run(batch: Batch, options: argparse.Namespace) -> dict[str, Any]:
    seed = options.seed * 1_000_003 + batch.number
    started = time.monotonic()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="qf-")))
        url = None
        if options.postgresql:
            cluster = opened.enter_context(postgresql.cluster())
            url = postgresql.fresh_database(cluster, "sam")
        broken = opened.enter_context(bench(folder, options.module, url))
        scenarios = staged(broken, random.Random(seed))  # noqa: S311 — not for secrets
        opened.callback(scenarios.crowd.close)
        kills, refused = _kills(batch, scenarios)
        verdict = scenarios.verdict()
    return {
        "batch": batch.name,
        "database": "postgresql" if options.postgresql else "sqlite",
        "seed": seed,
        "kills": kills,
        "seconds": round(time.monotonic() - started),
        "wrong": [*verdict.wrong, *refused],
        "counted": verdict.counted,
        "ends": scenarios.crowd.history.ends,
    }


def _kills(batch: Batch, scenarios: Scenarios) -> tuple[int, list[tuple[str, str]]]:
    """How many; and what an honest caller was refused, which ends the batch."""
    kills = 0
    try:
        for kill in _plan(batch, scenarios):
            kills += kill()
    except errors.SamError as error:
        return kills, [("C", f"an honest caller was told {error.code}: {error}")]
    return kills, []


def _plan(batch: Batch, scenarios: Scenarios) -> Iterator[Callable[[], int]]:
    if batch.kind == "random":
        yield partial(_at_random, scenarios, batch.size)
    elif batch.kind == "probes":
        yield partial(_probed, scenarios)
    else:
        rounds = [point for _ in range(batch.size) for point in POINTS]
        scenarios.crowd.chance.shuffle(rounds)
        yield from (partial(scenarios.kill_at, point) for point in rounds)


def _at_random(scenarios: Scenarios, kills: int) -> int:
    scenarios.kill_at_random(kills)
    return kills


def _probed(scenarios: Scenarios) -> int:
    scenarios.probe_everything()
    return 0


def _done(work: Path) -> dict[str, dict[str, Any]]:
    file = work / "verdicts.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return {(record := json.loads(line))["batch"]: record for line in lines}


def _line(record: dict[str, Any]) -> str:
    found = "".join(f"\n  {name}: {says}" for name, says in record["wrong"])
    what = f"{record['batch']} ({record['database']}, seed {record['seed']})"
    return f"{what}: {record['kills']} kills in {record['seconds']} s{found}"


def _report(done: dict[str, dict[str, Any]]) -> int:
    """0 failures in n trials bound their rate at 3/n, with 95 % confidence."""
    kills = sum(record["kills"] for record in done.values())
    wrong = sum(len(record["wrong"]) for record in done.values())
    releases = sum(record["counted"]["releases"] for record in done.values())
    bound = f"; below {300 / kills:.2f} % with 95 %" if kills and not wrong else ""
    print(f"{kills} kills, {releases} releases, {wrong} broken promises{bound}")
    return 1 if wrong else 0


if __name__ == "__main__":
    main()
