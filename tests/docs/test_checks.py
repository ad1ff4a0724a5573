"""The pages of the checks name functions and tests that exist."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`([^`]+)`")
ROW = re.compile(r"^\| (\d+) \| .+ \| (.+) \| (.+) \|$", re.MULTILINE)
CHECKS = {"verifier-checks.md": 78, "sam-checks.md": 47}
ROWS = [
    pytest.param(number, where, tests, id=f"{page.removesuffix('-checks.md')}-{number}")
    for page in CHECKS
    for number, where, tests in ROW.findall(
        (ROOT / "docs/reference" / page).read_text()
    )
]


@cache
def collected() -> frozenset[str]:
    """Every test of the files that the pages name, as pytest itself names it."""
    tests = [str(row.values[2]) for row in ROWS]
    files = {node.partition("::")[0] for row in tests for node in NAMED.findall(row)}
    listed = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-q"),
            *("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"),
            *sorted(f"tests/{file}" for file in files),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(listed.stdout.splitlines())


def functions(source: str) -> set[str]:
    """``name`` and ``Class.name`` of all that a module defines."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        match node:
            case ast.ClassDef(name=name, body=body):
                names.add(name)
                defined = [each for each in body if isinstance(each, ast.FunctionDef)]
                names.update(f"{name}.{each.name}" for each in defined)
            case ast.FunctionDef(name=name):
                names.add(name)
    return names


@pytest.mark.parametrize(("page", "count"), CHECKS.items())
def test_all_checks_are_there_in_order(page: str, count: int) -> None:
    rows = ROW.findall((ROOT / "docs/reference" / page).read_text())

    assert [int(number) for number, _, _ in rows] == list(range(1, count + 1))


@pytest.mark.parametrize(("number", "where", "tests"), ROWS)
def test_every_function_exists(number: str, where: str, tests: str) -> None:
    named = NAMED.findall(where)
    gone = [
        name
        for name in named
        for file, _, function in [name.partition(":")]
        if not (ROOT / file).exists()
        or (function and function not in functions((ROOT / file).read_text()))
    ]

    assert named, number
    assert gone == []


@pytest.mark.parametrize(("number", "where", "tests"), ROWS)
def test_every_test_exists(number: str, where: str, tests: str) -> None:
    named = [f"tests/{node}" for node in NAMED.findall(tests)]
    gone = [
        node
        for node in named
        if not any(
            each == node or each.startswith((f"{node}[", f"{node}::"))
            for each in collected()
        )
    ]

    assert named, number
    assert gone == []
