"""Every check of a module, deleted or weakened one at a time.

A mutant replaces one piece of text: a refusal that never happens, a call of a check
that is gone, half of a condition, a bound moved by one, a limit doubled, a comparison
of secrets that always holds. Lines stay where they are.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CHECK = re.compile(r"_?(check|verify|require|refuse|once)")
LIMIT = re.compile(r"_?[A-Z][A-Z0-9_]+|[a-z_]*(skew|past|future)")
BOUND = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
SIGN = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


@dataclass(frozen=True, slots=True)
class Mutant:
    """``before`` at ``start``:``end`` (offsets in characters) becomes ``after``."""

    function: str
    line: int
    last_line: int
    start: int
    end: int
    before: str
    after: str

    def applied(self, source: str) -> str:
        """Return the mutated module."""
        return source[: self.start] + self.after + source[self.end :]

    @property
    def name(self) -> str:
        """Stands for the mutant in the page: neither line nor indentation is in it."""
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        return f"{self.function}: {before} → {after or 'nothing'}"


def mutants(source: str) -> Iterator[Mutant]:
    """Yield the mutants of one module, in the order of its lines."""
    made = _Maker(source)
    made.visit(ast.parse(source))
    yield from sorted(made.mutants, key=lambda m: (m.start, m.end))


class _Maker(ast.NodeVisitor):
    def __init__(self, source: str) -> None:
        self.mutants: list[Mutant] = []
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._within: list[str] = []
        self._raises_of_ifs: set[ast.stmt] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node, node.name)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node, node.name)

    def visit_If(self, node: ast.If) -> None:
        """A refusal that never happens."""
        if isinstance(node.body[-1], ast.Raise):
            self._replace(node.test, "False")
            self._raises_of_ifs.add(node.body[-1])
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """One of a handler, a case or the end of a function."""
        if node not in self._raises_of_ifs and node.exc is not None:
            self._replace(node, "pass")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """A check that is called for what it raises."""
        match node.value:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                if CHECK.match(name):
                    self._replace(node, "pass")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Half of a condition; ``x or {}`` is a default and no condition."""
        neutral = "True" if isinstance(node.op, ast.And) else "False"
        if not any(map(_is_literal, node.values)):
            for operand in node.values:
                self._replace(operand, neutral)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """A bound moved by one; one of two bounds gone."""
        parts = [node.left, *node.comparators]
        for left, operator, right in zip(parts, node.ops, parts[1:], strict=False):
            other = BOUND.get(type(operator))
            if other is not None:
                self._between(left, right, SIGN[type(operator)], other)
        if len(node.ops) > 1:
            self._cut(parts[0], parts[1])
            self._cut(parts[-2], parts[-1], keep_left=True)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Secrets that are always equal; a row that is changed whatever its state."""
        match node.func:
            case ast.Attribute(attr="compare_digest"):
                self._replace(node, "True")
            case ast.Attribute(attr="where"):
                for condition in node.args:
                    self._replace(condition, "1 == 1")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._limit(node, node.targets[0], node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._limit(node, node.target, node.value)
        self.generic_visit(node)

    def _limit(self, node: ast.stmt, target: ast.expr, value: ast.expr | None) -> None:
        """A constant doubled: a limit, a window, a size."""
        if not (isinstance(target, ast.Name) and LIMIT.fullmatch(target.id)):
            return
        match value:
            case ast.expr() if _is_number(value):
                more = f"2 * ({self._text(value)}) + 1"
            case ast.Call(func=ast.Name(id="timedelta")):
                more = f"2 * {self._text(value)}"
            case _:
                return
        self._replace(node, self._text(node).removesuffix(self._text(value)) + more)

    def _inside(self, node: ast.FunctionDef | ast.ClassDef, name: str) -> None:
        self._within.append(name)
        self.generic_visit(node)
        self._within.pop()

    def _replace(self, node: ast.AST, after: str) -> None:
        start, end = self._span(node)
        self._add(node, start, end, after)

    def _between(self, left: ast.expr, right: ast.expr, sign: str, other: str) -> None:
        start, end = self._span(left)[1], self._span(right)[0]
        at = self._source.index(sign, start, end)
        self._add(left, at, at + len(sign), other)

    def _cut(self, left: ast.expr, right: ast.expr, *, keep_left: bool = False) -> None:
        if keep_left:
            self._add(right, self._span(left)[1], self._span(right)[1], "")
        else:
            self._add(left, self._span(left)[0], self._span(right)[0], "")

    def _add(self, node: ast.AST, start: int, end: int, after: str) -> None:
        line = self._source.count("\n", 0, start) + 1
        before = self._source[start:end]
        if len(before.strip()) <= 2:
            before, after, start, end = self._with_neighbours(start, end, after)
        self.mutants.append(
            Mutant(
                function=".".join(self._within),
                line=line,
                last_line=line + before.count("\n"),
                start=start,
                end=end,
                before=before,
                after=after,
            )
        )

    def _with_neighbours(
        self, start: int, end: int, after: str
    ) -> tuple[str, str, int, int]:
        first = self._source.rfind("\n", 0, start) + 1
        last = self._source.index("\n", end)
        line = self._source[first:last]
        return line, line[: start - first] + after + line[end - first :], first, last

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self._source[start:end]

    def _span(self, node: Any) -> tuple[int, int]:
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )

    def _offset(self, line: int, column: int) -> int:
        """``ast`` counts columns in bytes of UTF-8."""
        start = self._lines[line - 1]
        text = self._source[start : self._lines[line]]
        return start + len(text.encode()[:column].decode())


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.Dict | ast.Tuple | ast.List)


def _is_number(node: ast.expr) -> bool:
    return not any(
        isinstance(part, ast.expr)
        and not isinstance(part, ast.BinOp | ast.UnaryOp)
        and not (isinstance(part, ast.Constant) and type(part.value) is int)
        for part in ast.walk(node)
    )
