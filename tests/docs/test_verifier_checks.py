"""The page of the verifier's checks names functions and tests that exist."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/verifier-checks.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| .+ \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
NAMED = re.compile(r"`([^`]+)`")
CHECKS = range(1, 79)


@cache
def collected() -> frozenset[str]:
    """Every test of the files that the page names, as pytest itself names it."""
    files = {node.partition("::")[0] for row in ROWS for node in NAMED.findall(row[2])}
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


def test_all_checks_are_there_in_order() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(CHECKS)


@pytest.mark.parametrize(("number", "where"), [(n, where) for n, where, _ in ROWS])
def test_every_function_exists(number: str, where: str) -> None:
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


@pytest.mark.parametrize(("number", "tests"), [(n, tests) for n, _, tests in ROWS])
def test_every_test_exists(number: str, tests: str) -> None:
    named = [f"tests/{node}" for node in NAMED.findall(tests)]
    gone = [
        node
        for node in named
        if not any(each == node or each.startswith(f"{node}[") for each in collected())
    ]

    assert named, number
    assert gone == []
