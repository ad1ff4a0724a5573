"""Which tests run which lines, from one run of them with nothing changed."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from coverage import CoverageData

from tests.mutation.mutants import Mutant

TESTS = {"openid4vp": "tests/openid4vp", "sam": "tests/sam"}
DESELECTED = "not processes and not root"
FAILED = re.compile(r"^FAILED ([^\[ \n]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reach:
    """``lines``: with the tests that ran each; ``failing``: those that fail anyhow."""

    lines: Mapping[Path, Mapping[int, list[str]]]
    failing: frozenset[str]

    def tests_of(
        self, copy: Path, module: Path, mutant: Mutant
    ) -> tuple[list[str], list[str]]:
        """The tests that reach the mutant, those of its module's own test file apart.

        A line that runs on import is reached by every test that reaches the module.
        """
        reached = self.lines.get(module, {})
        lines = range(mutant.line, mutant.last_line + 1)
        found = {c for line in lines for c in reached.get(line, ()) if c}
        if not found:
            found = {c for contexts in reached.values() for c in contexts if c}
        reaching = {_node(context) for context in found if context.startswith("tests.")}
        nodes = sorted(reaching - self.failing)
        own = [node for node in nodes if f"/test_{module.stem}.py" in node]
        others = [node for node in nodes if node not in own]
        if any(context.startswith("hypothesis.") for context in found):
            others += _with_drawn_examples(copy / TESTS[module.parts[0]])
        return own, others


def reach_of(copy: Path, work: Path, package: str) -> Reach:
    """One run of the package's tests, with nothing changed."""
    text = b"".join(
        file.read_bytes()
        for folder in (package, TESTS[package])
        for file in sorted((copy / folder).glob("**/*.py"))
    )
    data = work / f"reach-{package}-{sha256(text).hexdigest()[:12]}"
    said = data.with_suffix(".txt")
    if not said.exists():
        said.write_text(_run_unchanged(copy, package, data))
    lines = _lines(data, copy)
    failing = frozenset(
        re.findall(r"^FAILED ([^\[ \n]+)", said.read_text(), re.MULTILINE)
    )
    for test in sorted(failing):
        print(f"not counted, since it fails as it is: {test}")
    return Reach(lines, failing)


def _lines(data: Path, copy: Path) -> dict[Path, dict[int, list[str]]]:
    """All of it at once: a fork that asks for more would empty the file."""
    noted = CoverageData(str(data))
    noted.read()
    files = {
        Path(file): noted.contexts_by_lineno(file) for file in noted.measured_files()
    }
    if noted.measured_contexts() <= {""}:
        sys.exit(f"{data} says of no test what it reaches")
    return {file.relative_to(copy): lines for file, lines in files.items()}


def _run_unchanged(copy: Path, package: str, data: Path) -> str:
    settings = copy / "reach.ini"
    settings.write_text(f"[run]\ndynamic_context = test_function\nsource = {package}\n")
    tests = ["-m", "pytest", "-q", "-m", DESELECTED, TESTS[package]]
    return subprocess.run(
        [
            *(sys.executable, "-m", "coverage", "run"),
            *(f"--rcfile={settings}", f"--data-file={data}", *tests),
        ],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    ).stdout


def _with_drawn_examples(tests: Path) -> list[str]:
    """Hypothesis calls these: the run cannot tell which of them reached a line."""
    files = sorted(tests.glob("test_*.py"))
    return [str(file) for file in files if "@given" in file.read_text()]


def _node(context: str) -> str:
    """``tests.sam.test_answers.test_x`` → the test as pytest names it."""
    *folders, file, name = context.split(".")
    return f"{'/'.join(folders)}/{file}.py::{name}"
