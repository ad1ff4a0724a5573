"""The form: will every program show in its fields what this file draws there?

A field has a value and, apart from it, a picture of the value. Where the picture is
missing, or the file asks programs to make it anew, each shows its own: that is not
signed. ISO 32000-2 §12.7.3 (NeedAppearances), §12.7.4 (values), §12.7.5.2 (boxes).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pyhanko.pdf_utils import generic

from app.ades.annotations import has_area
from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.pdf_objects import Steps, dictionary, member, members, value
from app.ades.reports import FindingKind

PUSH_BUTTON: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A terminal field: its kind, flags and value may come from above it."""

    kind: object
    flags: object
    value: object
    widgets: tuple[generic.DictionaryObject, ...]


def survey_form(
    root: generic.DictionaryObject, steps: Steps, found: Counter[FindingKind]
) -> frozenset[int]:
    """Count into ``found``; return the ``id`` of each widget that is in the form.

    Raises ``UnsignableDocumentError``.
    """
    form = member(root, "/AcroForm")
    fields = list(_fields(form, steps))
    filled_in = [field for field in fields if field.kind != "/Sig"]
    asked_to_draw = value(form, "/NeedAppearances")
    if filled_in and isinstance(asked_to_draw, generic.BooleanObject) and asked_to_draw:
        raise UnsignableDocumentError(Refusal.FORM_REDRAWN)
    for field in filled_in:
        found[FindingKind.FORM_FIELD] += 1
        _survey_field(field, found)
    return frozenset(id(widget) for field in fields for widget in field.widgets)


def _fields(form: generic.DictionaryObject, steps: Steps) -> Iterator[_Field]:
    nothing = _Field(kind=None, flags=None, value=None, widgets=())
    waiting = [(field, nothing) for field in members(form, "/Fields")]
    seen: set[generic.Reference] = set()
    while waiting:
        item, above = waiting.pop()
        steps.spend()
        if isinstance(item, generic.IndirectObject):
            if item.reference in seen:
                raise UnsignableDocumentError(Refusal.MALFORMED)
            seen.add(item.reference)
        node = dictionary(item)
        kids = [(kid, dictionary(kid)) for kid in members(node, "/Kids")]
        field = _Field(
            kind=value(node, "/FT") or above.kind,
            flags=value(node, "/Ff") or above.flags,
            value=value(node, "/V") or above.value,
            widgets=tuple(kid for _item, kid in kids if "/T" not in kid) or (node,),
        )
        children = [(kid, field) for kid, found in kids if "/T" in found]
        waiting += children
        if not children:
            yield field


def _survey_field(field: _Field, found: Counter[FindingKind]) -> None:
    for widget in field.widgets:
        pictures = value(member(widget, "/AP"), "/N")
        if field.kind == "/Btn":
            if _is_box(field) and _contradicts(field.value, widget, pictures):
                found[FindingKind.FORM_CONTRADICTS] += 1
        elif field.value and pictures is None and has_area(widget):
            raise UnsignableDocumentError(Refusal.FORM_REDRAWN)


def _is_box(field: _Field) -> bool:
    return not (isinstance(field.flags, int) and field.flags & PUSH_BUTTON)


def _contradicts(
    stored: object, widget: generic.DictionaryObject, pictures: object
) -> bool:
    """Is a box drawn ticked but stored as not ticked, or the other way round?"""
    if not isinstance(pictures, generic.DictionaryObject):
        return False
    drawn = value(widget, "/AS")
    if drawn in pictures and drawn != "/Off":
        return drawn != stored
    return stored != "/Off" and stored in pictures
