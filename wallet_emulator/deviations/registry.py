"""What a deviation is, and how it gets its hands on an answer under construction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from wallet_emulator.answer import Change, Draft, Presentation, Stage
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.link import AuthorizationLink
from wallet_emulator.wallet import PID, SIGNING_PASS

ACCEPTED: Final = "accepted"
EITHER: Final = (SIGNING_PASS, PID)

Alter: TypeAlias = Callable[[Draft, Presentation], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One defect.

    ``threat`` and ``check`` are rows of the threat table and of the verifier
    checklist; ``expected`` is the code the verifier should refuse with, or
    ``accepted``. ``kinds`` are the credentials whose presentation it can be applied
    to, the preferred one first.
    """

    name: str
    breaks: str
    threat: str
    check: str
    expected: str
    kinds: tuple[str, ...]
    stage: Stage | None
    alter: Alter
    adapt_link: Callable[[AuthorizationLink], AuthorizationLink]

    def change(self, kind: str | None = None) -> Change:
        """The hook for ``answer.build``; ``kind`` picks the presentation to alter.

        Raises:
            DeviationNotPossibleError: (now) never applicable to this kind; (in the
                hook) the answer has no such presentation, or means are missing.
        """
        if kind is not None and kind not in self.kinds:
            raise DeviationNotPossibleError(f"{self.name} cannot be applied to {kind}")
        kinds = self.kinds if kind is None else (kind,)

        def alter_at_stage(stage: Stage, draft: Draft) -> None:
            if stage is self.stage:
                self.alter(draft, _target(draft, kinds))

        return alter_at_stage


def deviation(
    name: str,
    *,
    stage: Stage,
    breaks: str,
    threat: str,
    check: str,
    expected: str,
    kinds: tuple[str, ...] = EITHER,
) -> Callable[[Alter], Deviation]:
    """Make a ``Deviation`` of the function that alters the draft."""

    def make(alter: Alter) -> Deviation:
        return Deviation(
            name=name,
            breaks=breaks,
            threat=threat,
            check=check,
            expected=expected,
            kinds=kinds,
            stage=stage,
            alter=alter,
            adapt_link=lambda link: link,
        )

    return make


def link_deviation(
    name: str,
    *,
    breaks: str,
    check: str,
    adapt: Callable[[AuthorizationLink], AuthorizationLink],
) -> Deviation:
    """An unusual way to fetch the request; the answer itself is honest."""
    return Deviation(
        name=name,
        breaks=breaks,
        threat="-",
        check=check,
        expected=ACCEPTED,
        kinds=EITHER,
        stage=None,
        alter=lambda draft, target: None,
        adapt_link=adapt,
    )


def _target(draft: Draft, kinds: tuple[str, ...]) -> Presentation:
    for kind in kinds:
        found = draft.of_kind(kind)
        if found is not None:
            return found
    raise DeviationNotPossibleError(
        f"the answer has no presentation of a {' or '.join(kinds)}"
    )
