"""The places where a process may be ended: each is named, and in its place."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

import app
import sam
from app import faults as web
from app.config import WebConfig
from sam import faults
from sam.config import SamConfig

SAM = Path(sam.__file__).parent
WEB = Path(app.__file__).parent
WRITES = {
    "add_transaction",
    "append",
    "begin_signing",
    "forget_spent",
    "keep",
    "keep_request_object",
    "plan",
    "plan_key",
    "record_intents",
    "record_result",
    "use",
}
"""Called inside a commit, each of these makes something durable."""


def stated(folder: Path) -> list[str]:
    """Every literal argument of ``fault(…)`` below ``folder``."""
    found = []
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) == "fault":
                found += [str(ast.literal_eval(argument)) for argument in node.args]
    return found


def _name(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


@pytest.mark.parametrize(
    ("folder", "points"),
    [
        pytest.param(SAM, faults.POINTS, id="sam"),
        pytest.param(WEB, web.POINTS, id="web"),
    ],
)
def test_the_table_holds_every_place_and_no_other(
    folder: Path, points: tuple[str, ...]
) -> None:
    assert set(stated(folder)) == set(points)
    assert max(Counter(points).values()) == 1


@pytest.mark.parametrize("points", [faults.POINTS, web.POINTS], ids=["sam", "web"])
def test_every_place_has_a_before_and_an_after(points: tuple[str, ...]) -> None:
    steps = Counter(point.partition("-")[2] for point in points)

    assert {p.partition("-")[0] for p in points} == {"before", "after"}
    assert set(steps.values()) == {2}


def _unguarded(folder: Path) -> list[str]:
    """Commits that write, in a function where no hook stands."""
    return [
        f"{file.relative_to(folder)}:{function.name}"
        for file in folder.glob("*.py")
        for function in ast.walk(ast.parse(file.read_text()))
        if isinstance(function, ast.FunctionDef)
        and any(_commits(node) for node in ast.walk(function))
        and not any(
            isinstance(node, ast.Call) and _name(node.func) == "fault"
            for node in ast.walk(function)
        )
    ]


def _commits(node: ast.AST) -> bool:
    if not isinstance(node, ast.With):
        return False
    called = {_name(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    return "begin" in called and bool(called & WRITES)


def test_no_commit_of_the_sam_is_without_its_hooks() -> None:
    """Those of a key's destruction in an emergency, and of the sweep, end in others."""
    assert _unguarded(SAM) == [
        "quota_keys.py:_created",
        "quota_keys.py:_end_unexpected",
    ]


@pytest.mark.parametrize(
    "setting",
    [{"fault_kill_at": "after-intent"}, {"fault_file": Path("order")}],
    ids=["kill-at", "file"],
)
def test_only_a_sam_on_loopback_can_be_told_to_end(setting: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="for tests on loopback only"):
        SamConfig(base_url="https://sign.example", **setting)  # type: ignore[arg-type]

    assert SamConfig(base_url="http://localhost:8000", **setting)  # type: ignore[arg-type]


def test_only_a_web_tier_on_loopback_can_be_told_to_end() -> None:
    with pytest.raises(ValidationError, match="for tests on loopback only"):
        WebConfig(base_url="https://sign.example", fault_file=Path("order"))

    assert WebConfig(fault_file=Path("order")).on_loopback


def test_production_cannot_be_told_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SamConfig, "test_mode", property(lambda _self: False))

    with pytest.raises(ValidationError, match="for tests on loopback only"):
        SamConfig(fault_kill_at="after-intent")


def test_an_order_is_carried_out_once(tmp_path: Path) -> None:
    order = tmp_path / "order"
    order.write_text("SIGCONT after-intent\n")  # which does nothing to who runs
    here = faults.hook(SamConfig(fault_file=order))

    here("before-intent")
    assert order.exists()
    here("after-intent")

    assert not order.exists()
