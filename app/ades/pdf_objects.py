"""Read members of PDF dictionaries and arrays whatever a file put there.

A reference is followed; one that points nowhere is null (ISO 32000-2 §7.3.10), and a
value of another kind than asked for counts as absent. pyHanko's own look-ups trust
the kind and raise in many ways.
"""

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from app.ades.errors import Refusal, UnsignableDocumentError


class Steps:
    """What one walk may cost, so that no cycle and no crowd can hold us."""

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self) -> None:
        """Raises ``UnsignableDocumentError`` when nothing is left."""
        self._left -= 1
        if self._left < 0:
            raise UnsignableDocumentError(Refusal.TOO_COMPLEX)


def resolved(item: object) -> object:
    """The object itself, or what the reference points to; ``None`` if nothing."""
    if not isinstance(item, generic.IndirectObject):
        return item
    reader = item.reference.pdf
    assert isinstance(reader, PdfFileReader)  # noqa: S101  # the only source of ours
    if reader.xrefs[item.reference] is None:
        return None
    found: object = item.reference.get_object()
    return found


def value(holder: generic.DictionaryObject, key: str) -> object:
    """The resolved value; ``None`` where the key is absent or null."""
    found = resolved(holder.get(key))
    return None if isinstance(found, generic.NullObject) else found


def dictionary(item: object) -> generic.DictionaryObject:
    """The dictionary (or stream dictionary), else an empty one."""
    found = resolved(item)
    if isinstance(found, generic.DictionaryObject):
        return found
    return generic.DictionaryObject()  # type: ignore[no-untyped-call]


def member(holder: generic.DictionaryObject, key: str) -> generic.DictionaryObject:
    """The dictionary under ``key``, else an empty one."""
    return dictionary(holder.get(key))


def array(item: object) -> list[object]:
    """The members as written: references stay references."""
    found = resolved(item)
    if not isinstance(found, generic.ArrayObject):
        return []
    return list(found.iterate())


def members(holder: generic.DictionaryObject, key: str) -> list[object]:
    """The members of the array under ``key`` as written, else none."""
    return array(holder.get(key))


def number(item: object) -> float:
    """The number, else 0; also if it is too large."""
    found = resolved(item)
    if not isinstance(found, generic.NumberObject | generic.FloatObject):
        return 0.0
    try:
        return float(found)
    except (ArithmeticError, ValueError):
        return 0.0
