"""Read members of PDF dictionaries and arrays whatever a file put there.

A reference is followed once; a value of another kind than asked for counts as
absent. pyHanko's own look-ups trust the kind and raise in many ways.
"""

from pyhanko.pdf_utils import generic


def resolved(item: object) -> object:
    """The object itself, or what the reference points to."""
    if not isinstance(item, generic.IndirectObject):
        return item
    found: object = item.reference.get_object()
    return found


def value(holder: generic.DictionaryObject, key: str) -> object:
    """The resolved value; ``None`` where the key is absent."""
    return resolved(holder.get(key))


def dictionary(item: object) -> generic.DictionaryObject:
    """The dictionary (or stream dictionary), else an empty one."""
    found = resolved(item)
    if isinstance(found, generic.DictionaryObject):
        return found
    return generic.DictionaryObject()  # type: ignore[no-untyped-call]


def array(item: object) -> list[object]:
    """The members as written: references stay references."""
    found = resolved(item)
    if not isinstance(found, generic.ArrayObject):
        return []
    return list(found.iterate())
