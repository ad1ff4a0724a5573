"""Delete one check at a time and see a test fail: ``make mutation [PATHS=…]``.

    1. copy the tree, so that nothing here is ever mutated where people work
    2. run the tests once and note which of them reach which line
    3. for each mutant: write it into the copy, run the tests that reach its line, those
       of its own module first, and stop at the first that fails
    4. report the survivors: checks that could go without any test noticing

Every verdict is written down at once; started again, only mutants without one are run.
A verdict counts for one text of the module; tests that changed since are tried again
with ``--again``, which looks at the survivors only.
"""

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import NoReturn

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.reach import Reach, reach_of

ROOT = Path(__file__).parents[2]
LEFT_OUT = (".venv", "var", ".git", "*_cache", ".hypothesis", ".coverage*")
SECONDS = 120  # of processor time; a mutant that takes longer hangs
PATIENCE = 900  # seconds on the clock: it waits for something that never comes
BROKEN = 99
# Imported once, then shared by all forks. Nothing of ours may be among them.
HEAVY = (
    *("pytest", "hypothesis", "cbor2", "asn1crypto.cms", "httpx", "pkcs11", "jwcrypto"),
    *("cryptography.x509.verification", "pycose.messages", "pydantic_settings"),
    *("sqlalchemy.dialects.sqlite", "alembic.command"),
)
QUIET = ("-q", "-x", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestWarning")
VERDICTS = {
    **{0: "survived", 1: "killed", 2: "killed", 4: "killed"},
    -signal.SIGXCPU: "too slow",
}
"""By pytest's exit code; 2 and 4: a test module could no longer be imported."""


@dataclass(frozen=True, slots=True)
class Case:
    """One mutant of a module as it was when the tree was copied."""

    module: Path
    source: str
    mutant: Mutant

    @property
    def key(self) -> str:
        """What a verdict is about: this change of this text."""
        place = f"{self.mutant.start}-{self.mutant.end}:{self.mutant.after}"
        return f"{self.module}:{place}:{sha256(self.source.encode()).hexdigest()[:12]}"


def main() -> None:
    """Run what is asked for and print the survivors."""
    options = _options()
    work = Path(options.work).absolute()
    work.mkdir(parents=True, exist_ok=True)
    copies = [_copy(work / f"copy-{number}") for number in range(options.workers)]
    cases = list(_cases(copies[0], options.paths))
    packages = {case.module.parts[0] for case in cases}
    reach = {name: reach_of(copies[0], work, name) for name in packages}
    verdicts = _verdicts(work)
    wanted = "survived" if options.again else None
    todo = [case for case in cases if verdicts.get(case.key) == wanted]
    fork = get_context("fork").Process
    running = [
        fork(target=_work, args=(work, copy, reach, todo[n :: len(copies)]))
        for n, copy in enumerate(copies)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join()
    _report(cases, _verdicts(work))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", default=["openid4vp"])
    parser.add_argument("--work", default="var/mutation")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--again", action="store_true")
    return parser.parse_args()


def _cases(copy: Path, paths: Sequence[str]) -> Iterator[Case]:
    for path in paths:
        given = copy / path
        for file in sorted(given.glob("**/*.py") if given.is_dir() else [given]):
            source = file.read_text()
            for mutant in mutants(source):
                yield Case(file.relative_to(copy), source, mutant)


def _copy(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT, folder.name))
    return folder


def _work(
    work: Path, copy: Path, reach: Mapping[str, Reach], cases: Sequence[Case]
) -> None:
    sys.path.insert(0, str(copy))
    sys.dont_write_bytecode = True
    for name in HEAVY:
        __import__(name)
    for first in cases[:1]:
        own, _ = reach[first.module.parts[0]].tests_of(copy, first.module, first.mutant)
        if own and (verdict := _run(work, copy, own)) != "survived":
            sys.exit(f"unchanged, {first.module} is {verdict}: see output.txt")
    for case in cases:
        started = time.monotonic()
        record = {
            "key": case.key,
            "verdict": _verdict(work, copy, reach, case),
            "mutant": f"{case.module}:{case.mutant.line} {case.mutant.name}",
            "seconds": round(time.monotonic() - started, 1),
        }
        with (work / "verdicts.jsonl").open("a") as verdicts:
            verdicts.write(json.dumps(record, ensure_ascii=False) + "\n")


def _verdict(work: Path, copy: Path, reach: Mapping[str, Reach], case: Case) -> str:
    file = copy / case.module
    file.write_text(case.mutant.applied(case.source))
    for cached in file.parent.glob(f"__pycache__/{file.stem}.*"):
        cached.unlink()
    try:
        for tests in reach[case.module.parts[0]].tests_of(
            copy, case.module, case.mutant
        ):
            if tests and (verdict := _run(work, copy, tests)) != "survived":
                return verdict
    finally:
        file.write_text(case.source)
    return "survived"


def _run(work: Path, copy: Path, tests: Sequence[str]) -> str:
    """Run the tests in a fork of this process, which has imported nothing of ours."""
    child = os.fork()
    if child == 0:
        _run_and_exit(work / "output.txt", copy, tests)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return VERDICTS.get(code, "broken")
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "too slow"


def _run_and_exit(output: Path, copy: Path, tests: Sequence[str]) -> NoReturn:
    import pytest  # noqa: PLC0415 — imported before the fork, see HEAVY

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy)
    code = BROKEN
    try:
        with output.open("w") as log, contextlib.redirect_stdout(log):
            code = pytest.main([*QUIET, *tests])
    finally:
        os._exit(code)


def _verdicts(work: Path) -> dict[str, str]:
    file = work / "verdicts.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return {record["key"]: record["verdict"] for record in map(json.loads, lines)}


def _report(cases: Sequence[Case], verdicts: dict[str, str]) -> None:
    for module, of_module in groupby(cases, key=lambda case: case.module):
        judged = [(verdicts.get(c.key, "not run"), c.mutant) for c in of_module]
        print(f"{module}: {dict(Counter(verdict for verdict, _ in judged))}")
        for verdict, mutant in judged:
            if verdict != "killed":
                print(f"  {verdict}, line {mutant.line}: {mutant.name}")


if __name__ == "__main__":
    main()
