"""What stands on a page beside its content: does everybody see the same of it?

Judged are annotations that show something: those with an area, and an appearance or a
kind that programs draw. ISO 32000-2 §12.5.3 (flags), §12.5.5 (appearances).
"""

from collections import Counter
from typing import Final

from pyhanko.pdf_utils import generic

from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.pdf_objects import member, members, number, value
from app.ades.reports import FindingKind

HIDDEN: Final = 1 << 1
PRINT: Final = 1 << 2
NO_VIEW: Final = 1 << 5
TOGGLE_NO_VIEW: Final = 1 << 8

RICH_MEDIA: Final = frozenset({"/RichMedia", "/3D", "/Screen", "/Movie", "/Sound"})
# Symbols and frames that programs add of their own, not content.
SYMBOLS: Final = frozenset({"/Link", "/Popup", "/Text", "/FileAttachment", *RICH_MEDIA})
# Without an appearance each program draws these as it likes, or not at all.
SELF_DRAWN: Final = frozenset(
    {
        "/Caret",
        "/Circle",
        "/FreeText",
        "/Highlight",
        "/Ink",
        "/Line",
        "/PolyLine",
        "/Polygon",
        "/Square",
        "/Squiggly",
        "/Stamp",
        "/StrikeOut",
        "/Underline",
    }
)


def survey_annotation(
    annotation: generic.DictionaryObject,
    widgets: frozenset[int],
    found: Counter[FindingKind],
) -> None:
    """Count into ``found``; raises ``UnsignableDocumentError``.

    ``widgets``: the ``id`` of each that belongs to the form. Programs disagree on
    whether the others are shown.
    """
    kind = value(annotation, "/Subtype")
    if kind in RICH_MEDIA:
        found[FindingKind.RICH_MEDIA] += 1
    if kind in SYMBOLS or not has_area(annotation):
        return
    appearance = member(annotation, "/AP")
    drawn = value(appearance, "/N") is not None
    if drawn and kind == "/Widget" and id(annotation) not in widgets:
        raise UnsignableDocumentError(Refusal.CHANGING_CONTENT)
    if not drawn and kind in SELF_DRAWN:
        found[FindingKind.SELF_DRAWN] += 1
    if drawn or kind in SELF_DRAWN:
        _survey_flags(annotation, found)
    if drawn and _differs_when_touched(appearance):
        found[FindingKind.CHANGES_WHEN_TOUCHED] += 1


def has_area(annotation: generic.DictionaryObject) -> bool:
    """Does it take room on the page? An invisible signature field does not."""
    corners = [number(corner) for corner in members(annotation, "/Rect")]
    if len(corners) != 4:  # noqa: PLR2004  # two corners, §7.9.5
        return False
    left, bottom, right, top = corners
    return left != right and bottom != top


def _survey_flags(
    annotation: generic.DictionaryObject, found: Counter[FindingKind]
) -> None:
    flags = int(number(annotation.get("/F")))
    if flags & HIDDEN:
        found[FindingKind.HIDDEN_CONTENT] += 1
    elif flags & TOGGLE_NO_VIEW or (flags & NO_VIEW and flags & PRINT):
        raise UnsignableDocumentError(Refusal.CHANGING_CONTENT)
    elif not flags & PRINT or _is_transparent(annotation):
        found[FindingKind.HIDDEN_CONTENT] += 1


def _is_transparent(annotation: generic.DictionaryObject) -> bool:
    return any(
        key in annotation and number(annotation.get(key)) <= 0 for key in ("/CA", "/ca")
    )


def _differs_when_touched(appearance: generic.DictionaryObject) -> bool:
    touched = appearance.get("/R")
    return touched is not None and touched != appearance.get("/N")
