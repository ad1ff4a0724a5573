"""What a deviation is, and how it gets its hands on an answer under construction.

deviation         changes the presentation of an SD-JWT VC
mdoc_deviation    changes the presentation of an mdoc
answer_deviation  changes the answer around a presentation of either kind
link_deviation    changes how the request is fetched
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from wallet_emulator.answer import Change, Draft, Presentation, Shown, Stage
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.link import AuthorizationLink
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.wallet import PID, PID_MDOC, SIGNING_PASS

ACCEPTED: Final = "accepted"
EITHER: Final = (SIGNING_PASS, PID)
ANY: Final = (SIGNING_PASS, PID, PID_MDOC)

Alter: TypeAlias = Callable[[Draft, Presentation], None]
AlterMdoc: TypeAlias = Callable[[Draft, MdocPresentation], None]
AlterAnswer: TypeAlias = Callable[[Draft, Shown], None]
_Found = TypeVar("_Found")
Apply: TypeAlias = Callable[[Draft, tuple[str, ...]], None]


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
    apply: Apply
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
                self.apply(draft, kinds)

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
    """Make a ``Deviation`` of the function that alters an SD-JWT VC's presentation."""
    return _maker(
        Draft.of_kind,
        name=name,
        stage=stage,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=kinds,
    )


def mdoc_deviation(
    name: str,
    *,
    stage: Stage,
    breaks: str,
    threat: str,
    check: str,
    expected: str,
) -> Callable[[AlterMdoc], Deviation]:
    """Make a ``Deviation`` of the function that alters an mdoc's presentation."""
    return _maker(
        Draft.mdoc_of_kind,
        name=name,
        stage=stage,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=(PID_MDOC,),
    )


def answer_deviation(
    name: str,
    *,
    stage: Stage,
    breaks: str,
    threat: str,
    check: str,
    expected: str,
    kinds: tuple[str, ...] = ANY,
) -> Callable[[AlterAnswer], Deviation]:
    """Make a ``Deviation`` of the function that alters the answer around it."""
    return _maker(
        Draft.shown_of_kind,
        name=name,
        stage=stage,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=kinds,
    )


def _maker(
    find: Callable[[Draft, str], _Found | None],
    *,
    name: str,
    stage: Stage,
    breaks: str,
    threat: str,
    check: str,
    expected: str,
    kinds: tuple[str, ...],
) -> Callable[[Callable[[Draft, _Found], None]], Deviation]:
    """``find`` yields what is to be altered in an answer, if it is there."""

    def make(alter: Callable[[Draft, _Found], None]) -> Deviation:
        def apply(draft: Draft, kinds: tuple[str, ...]) -> None:
            shown = (find(draft, kind) for kind in kinds)
            alter(draft, _first(kinds, (s for s in shown if s is not None)))

        return Deviation(
            name=name,
            breaks=breaks,
            threat=threat,
            check=check,
            expected=expected,
            kinds=kinds,
            stage=stage,
            apply=apply,
            adapt_link=_unchanged,
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
        kinds=ANY,
        stage=None,
        apply=lambda draft, kinds: None,
        adapt_link=adapt,
    )


def _unchanged(link: AuthorizationLink) -> AuthorizationLink:
    return link


def _first(kinds: tuple[str, ...], shown: Iterator[_Found]) -> _Found:
    for found in shown:
        return found
    raise DeviationNotPossibleError(
        f"the answer has no presentation of a {' or '.join(kinds)}"
    )
