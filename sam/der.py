"""DER by hand, for the few structures that every signature makes or reads.

A general ASN.1 library takes milliseconds where this takes microseconds. Writing puts a
tag and the shortest length before a content. Reading cuts a content into its elements
and looks at nothing inside them.
"""

from typing import Final

INTEGER, BIT_STRING, OCTET_STRING = 0x02, 0x03, 0x04
SEQUENCE, SET = 0x30, 0x31

_SHORT_FORM: Final = 0x80
_LONG_TAG: Final = 0x1F


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element: ``tag``, length, and ``parts`` one after the other."""
    content = b"".join(parts)
    return bytes([tag]) + _length(len(content)) + content


def integer(value: int) -> bytes:
    """``value`` is not negative."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def bit_string(content: bytes) -> bytes:
    """Whole octets: no unused bits."""
    return tlv(BIT_STRING, b"\0", content)


def elements(content: bytes) -> list[bytes]:
    """The elements that ``content`` consists of, each whole, tag and length included.

    Raises ``ValueError`` at a length that is indefinite, not in its shortest form
    (X.690 §10.1) or past the end, and at a tag of several octets.
    """
    found: list[bytes] = []
    start = 0
    while start < len(content):
        _, end = _span(content, start)
        found.append(content[start:end])
        start = end
    return found


def inside(element: bytes, tag: int) -> list[bytes]:
    """The elements inside one element of this ``tag``. Raises ``ValueError``."""
    start, end = _span(element, 0)
    if element[0] != tag or end != len(element):
        raise ValueError(f"not one element of tag {tag:#x}")
    return elements(element[start:])


def _span(content: bytes, start: int) -> tuple[int, int]:
    """Where the content of the element at ``start`` begins, and where it ends."""
    if len(content) - start < len(b"TL") or content[start] & _LONG_TAG == _LONG_TAG:
        raise ValueError("not a DER element")
    size, first = content[start + 1], start + 2
    if size >= _SHORT_FORM:
        first += size - _SHORT_FORM
        size = int.from_bytes(content[start + 2 : first], "big")
        if _length(size) != content[start + 1 : first]:
            raise ValueError("not a length in its shortest form")
    if first + size > len(content):
        raise ValueError("an element is cut off")
    return first, first + size


def _length(size: int) -> bytes:
    if size < _SHORT_FORM:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([_SHORT_FORM | len(octets)]) + octets
