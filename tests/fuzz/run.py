"""Fuzz one target or all, led by coverage: ``make fuzz [SECONDS=60] [TARGET=name]``.

An input that reaches a line from a line that no earlier input came from joins the
corpus, and later inputs are changed from there. The corpus is kept between runs. One
that breaks the oracle (``tests.fuzz.oracle``) is printed as a row for ``found.py``.

Lines are watched with Python's own tracing, so this runs wherever Python does; it is
slower than native instrumentation, and the parsers are small.
"""

import argparse
import base64
import resource
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random, SystemRandom
from types import CodeType, FrameType
from typing import Any

from tests.fuzz.mutations import mutate
from tests.fuzz.oracle import REFUSED, FindingError, Target, judge, outcome
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
WATCHED = (f"{ROOT}/openid4vp/", f"{ROOT}/sam/")
MEMORY = 2 * 1024 * 1024 * 1024
Edge = tuple[CodeType, int, int]


class Coverage:
    """Which line followed which in our own modules, within ``with``."""

    def __init__(self) -> None:
        self.edges: set[Edge] = set()

    def __enter__(self) -> None:
        sys.settrace(self._enter)

    def __exit__(self, *_error: object) -> None:
        sys.settrace(None)

    @property
    def lines(self) -> set[tuple[str, int]]:
        return {(code.co_filename, line) for code, _, line in self.edges}

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(WATCHED):
            return None
        code, last = frame.f_code, frame.f_lineno

        def step(frame: FrameType, event: str, _argument: object) -> Any:
            nonlocal last
            if event == "line":
                self.edges.add((code, last, frame.f_lineno))
                last = frame.f_lineno
            return step

        return step


@dataclass
class Run:
    """One target while it is fuzzed."""

    target: Target
    folder: Path
    random: Random
    coverage: Coverage = field(default_factory=Coverage)
    corpus: list[bytes] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: dict[str, bytes] = field(default_factory=dict)

    def start(self) -> None:
        """Seeds, then what earlier runs left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for data in (*self.target.seeds, *self._kept()):
            self.try_out(data)
        self.corpus = self.corpus or list(self.target.seeds)

    def fuzz(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # the newest ones lead furthest: half of all changes start there
            newest = self.corpus[-16:]
            data = self.random.choice(self.random.choice((self.corpus, newest)))
            self.try_out(mutate(data, self.random))

    def try_out(self, data: bytes) -> None:
        known = len(self.coverage.edges)
        try:
            said = judge(self.target, data, lambda: self._watched(data))
            self.outcomes["refused" if said.startswith(REFUSED) else "taken"] += 1
        except FindingError as error:
            what = f"{error} {error.__cause__!r}"[:300]
            self.findings.setdefault(what, data)
            self.outcomes["found"] += 1
        if len(self.coverage.edges) > known:
            self.corpus.append(data)
            (self.folder / sha256(data).hexdigest()[:24]).write_bytes(data)

    def _watched(self, data: bytes) -> str:
        with self.coverage:
            return outcome(self.target, data)

    def _kept(self) -> list[bytes]:
        return [file.read_bytes() for file in sorted(self.folder.iterdir())]


def main() -> None:
    """Exit with 1 if anything was found."""
    options = _options()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")  # cryptography's, of odd certificates
    lines: set[tuple[str, int]] = set()
    found = 0
    for name in options.target or TARGETS:
        seed = SystemRandom().getrandbits(32) if options.seed is None else options.seed
        folder = Path(options.corpus) / name.replace(" ", "-")
        run = Run(TARGETS[name], folder, Random(seed))  # noqa: S311
        run.start()
        run.fuzz(options.seconds)
        lines |= run.coverage.lines
        found += len(run.findings)
        _report(run, seed)
    print(f"{len(lines)} lines of openid4vp and sam reached, {found} findings")
    sys.exit(bool(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--corpus", default="var/fuzz")
    return parser.parse_args()


def _report(run: Run, seed: int) -> None:
    print(
        f"{run.target.name}: {run.outcomes.total()} inputs {dict(run.outcomes)}, "
        f"{len(run.coverage.edges)} edges, corpus {len(run.corpus)}, seed {seed}",
        flush=True,
    )
    for what, data in run.findings.items():
        print(f"  {what}\n  put this into tests/fuzz/found.py:")
        text = base64.b64encode(data).decode()
        print(f'    Found("{run.target.name}", "{text}", "{what[:60]}"),')


if __name__ == "__main__":
    main()
