"""Strict DER at the edge: one scan before any ASN.1 library sees the bytes.

``decode`` does, in this order:

    1. walk every tag and length without recursion: definite, minimal lengths, bounded
       depth, nothing behind the value (X.690 §10.1)
    2. let asn1crypto parse the whole value, not lazily

so that asn1crypto, which is lazy and recursive, meets no surprise later on. Whatever it
raises leaves here as ``MalformedRequestError``.
"""

from typing import Any, Final

from app.trust_services.errors import MalformedRequestError

MAX_DEPTH: Final = 24  # a signed PKIData with a CSR and certificates needs 13
_CONSTRUCTED: Final = 0x20
_LONG_TAG: Final = 0x1F
_MAX_LENGTH_OCTETS: Final = 4

# Seen from asn1crypto 1.5.1 on hostile input: it has no exception class of its own.
ASN1_ERRORS: Final = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
)


def decode(spec: Any, data: bytes) -> Any:
    """Return ``data`` as the asn1crypto type ``spec``, wholly parsed.

    Raises ``MalformedRequestError`` on anything but one DER value of that type.
    """
    scan(data)
    try:
        value = spec.load(data, strict=True)
        value.native  # noqa: B018 - asn1crypto parses lazily: this reads every field
    except ASN1_ERRORS as error:
        raise MalformedRequestError(f"not a {spec.__name__}: {error}") from error
    return value


def scan(data: bytes) -> None:
    """Raise ``MalformedRequestError`` unless ``data`` is exactly one DER value."""
    position, ends = 0, [len(data)]
    while True:
        constructed, start, end = _header(data, position, ends[-1])
        if len(ends) == 1 and end != len(data):
            raise MalformedRequestError("bytes behind the value")
        position = start if constructed else end
        if constructed:
            ends.append(end)
        if len(ends) - 1 > MAX_DEPTH:
            raise MalformedRequestError("nested too deeply")
        while len(ends) > 1 and position == ends[-1]:
            ends.pop()
        if position == len(data):
            return


def _header(data: bytes, position: int, limit: int) -> tuple[bool, int, int]:
    """Return (constructed, first content octet, end) of the value at ``position``."""
    if position + 2 > limit:
        raise MalformedRequestError("cut off in a header")
    tag, length = data[position], data[position + 1]
    if tag & _LONG_TAG == _LONG_TAG:
        raise MalformedRequestError("tag numbers above 30 are not used here")
    start = position + 2
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= _MAX_LENGTH_OCTETS:
            raise MalformedRequestError("indefinite or oversized length")
        encoded = data[start : start + octets]
        length, start = int.from_bytes(encoded), start + octets
        if encoded[:1] == b"\0" or length < 0x80:  # noqa: PLR2004 - X.690 §10.1
            raise MalformedRequestError("length is not minimal")
    if start + length > limit:
        raise MalformedRequestError("longer than its container")
    return bool(tag & _CONSTRUCTED), start, start + length
