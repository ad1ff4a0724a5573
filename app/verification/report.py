"""Numbered checks with one plain sentence each, and what they add up to."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import ClassVar, Final, TypeVar

WIDTH: Final = 78
T = TypeVar("T")


class Outcome(StrEnum):
    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"
    """Not checked, because something was not given or a check before it failed."""


MARKS: Final = {Outcome.HOLDS: "ok", Outcome.FAILS: "!!", Outcome.OPEN: "--"}


class NotShownError(Exception):
    """The check fails; the message continues "<file> …"."""

    code: ClassVar[str] = "not_shown"


class NotCheckedError(Exception):
    """The check cannot be made; the message is a whole sentence."""

    code: ClassVar[str] = "not_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``name`` is stable, for programs; ``files`` are those the check is about."""

    number: int
    name: str
    outcome: Outcome
    sentence: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    checks: tuple[Check, ...]
    proven: tuple[str, ...]
    not_proven: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """No check failed; ``not_proven`` says what was not asked."""
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(c for c in self.checks if c.outcome is Outcome.FAILS)

    def to_json(self) -> dict[str, object]:
        return {
            "holds": self.holds,
            "checks": [asdict(check) for check in self.checks],
            "proven": list(self.proven),
            "not_proven": list(self.not_proven),
        }

    def lines(self) -> Iterator[str]:
        """For a terminal of 80 columns; marks instead of colours."""
        for check in self.checks:
            lead = f"{check.number:>2} {MARKS[check.outcome]}  "
            yield wrapped(lead, check.sentence)
        yield from _listed("Proven", self.proven)
        yield from _listed("Not proven", self.not_proven)
        yield ""
        yield wrapped("", self.verdict)

    @property
    def verdict(self) -> str:
        if self.failed:
            numbers = ", ".join(str(check.number) for check in self.failed)
            return f"NOT PROVEN: check {numbers} failed."
        left = sum(check.outcome is Outcome.OPEN for check in self.checks)
        rest = f" {left} could not be made: see “--”." if left else ""
        return f"Every check that could be made holds.{rest}"


@dataclass(slots=True)
class Checks:
    """Collects checks in order; a result is ``None`` where the check does not hold."""

    made: list[Check] = field(default_factory=list)

    def make(
        self, name: str, files: Sequence[str], sentence: str, check: Callable[[], T]
    ) -> T | None:
        """``sentence`` is what is true if ``check`` returns."""
        try:
            result = check()
        except NotShownError as error:
            self._add(name, Outcome.FAILS, f"{files[0]} {error}.", files)
            return None
        except NotCheckedError as error:
            self._add(name, Outcome.OPEN, str(error), files)
            return None
        self._add(name, Outcome.HOLDS, sentence, files)
        return result

    def held(self, *names: str) -> bool:
        """Whether each of these was made and holds."""
        outcomes = {c.name for c in self.made if c.outcome is Outcome.HOLDS}
        return set(names) <= outcomes

    def _add(
        self, name: str, outcome: Outcome, sentence: str, files: Sequence[str]
    ) -> None:
        self.made.append(
            Check(
                number=len(self.made) + 1,
                name=name,
                outcome=outcome,
                sentence=sentence,
                files=tuple(files),
            )
        )


def needed(part: T | None, file: str) -> T:
    """``part``, or ``NotCheckedError`` because the check that yields it failed."""
    if part is None:
        raise NotCheckedError(f"Not checked, because {file} does not hold.")
    return part


def printable(text: str, limit: int = 120) -> str:
    """A stranger's words, safe to show: no control characters, and short."""
    return "".join(c if c.isprintable() else "?" for c in text)[:limit]


def wrapped(lead: str, sentence: str) -> str:
    return textwrap.fill(
        sentence,
        width=WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_on_hyphens=False,
    )


def _listed(title: str, sentences: Sequence[str]) -> Iterator[str]:
    if sentences:
        yield ""
        yield title
        yield from (wrapped("  - ", sentence) for sentence in sentences)
