"""Are two values the same, written by two programs? ISO 32000-2 §7.3.

References are the same if they name the same object; what it holds is compared where
that object is. A number written as 595.0 and as 595 is the same, and so is a text in
two encodings (§7.9.2.2). Streams never are: one that stays is not written again.
"""

from decimal import Decimal

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

STRINGS = (generic.TextStringObject, generic.ByteStringObject)
NUMBERS = (generic.NumberObject, generic.FloatObject)


def same(one: object, other: object) -> bool:
    """``None`` stands for an absent value and is the same as itself only."""
    if isinstance(one, generic.IndirectObject):
        return isinstance(other, generic.IndirectObject) and named(one) == named(other)
    if isinstance(one, STRINGS):
        return isinstance(other, STRINGS) and _same_strings(one, other)
    if isinstance(one, NUMBERS):
        return isinstance(other, NUMBERS) and Decimal(one) == Decimal(other)
    if type(one) is not type(other):
        return False
    if isinstance(one, generic.StreamObject):
        return False
    if isinstance(one, generic.ArrayObject):
        assert isinstance(other, generic.ArrayObject)  # noqa: S101  # same type
        return _same_arrays(one, other)
    if isinstance(one, generic.DictionaryObject):
        assert isinstance(other, generic.DictionaryObject)  # noqa: S101  # same type
        return not differing(one, other)
    if isinstance(one, generic.BooleanObject):
        return bool(one) == bool(other)
    if isinstance(one, generic.NameObject):
        return one == other
    return one is None or isinstance(one, generic.NullObject)


def differing(
    one: generic.DictionaryObject, other: generic.DictionaryObject
) -> list[str]:
    """The keys, in order, under which the two do not hold the same."""
    keys = sorted({*one.keys(), *other.keys()})
    return [key for key in keys if not same(raw(one, key), raw(other, key))]


def raw(holder: generic.DictionaryObject, key: str) -> object:
    """The value as written: a reference stays one. ``None`` if there is none."""
    found: object = holder.raw_get(key) if key in holder else None
    return found


def named(reference: generic.IndirectObject) -> tuple[int, int]:
    """Object number and generation."""
    return reference.idnum, reference.generation


def reference(name: tuple[int, int], reader: PdfFileReader) -> generic.IndirectObject:
    """A reference to the object of that number and generation in ``reader``."""
    return generic.IndirectObject(*name, reader)  # type: ignore[no-untyped-call]


def _same_arrays(one: generic.ArrayObject, other: generic.ArrayObject) -> bool:
    return len(one) == len(other) and all(
        same(left, right)
        for left, right in zip(one.iterate(), other.iterate(), strict=True)
    )


def _same_strings(one: object, other: object) -> bool:
    texts = generic.TextStringObject
    if isinstance(one, texts) and isinstance(other, texts) and str(one) == str(other):
        return True
    return _octets(one) == _octets(other)


def _octets(string: object) -> bytes:
    assert isinstance(string, STRINGS)  # noqa: S101  # asked for by the caller
    found: bytes = string.original_bytes
    return found
