"""CBOR that means the same to every parser (RFC 8949 §4.2.1, map order left free).

``cbor2`` decodes with duplicates, indefinite lengths and unlisted tags refused; the
value is then encoded again and must give the same bytes. That one comparison refuses
everything a deterministic encoder would not have written: long heads, trailing bytes,
odd floats. It also means that encoding a part again gives that part's received bytes.

Refused besides, because nothing here has a use for them: ``undefined``, other simple
values, floats that are no numbers, map keys that are neither text nor integer.
"""

import math
import struct
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import cbor2

from openid4vp.errors import MalformedResponseError

MAX_SIZE: Final = 64 * 1024
MAX_DEPTH: Final = 16
TDATE: Final = 0
EMBEDDED: Final = 24
FULL_DATE: Final = 1004
TAGS: Final = frozenset({TDATE, EMBEDDED, FULL_DATE})
_EMBEDDED_HEAD: Final = b"\xd8\x18"
_CONTENT: Final[Mapping[int, type]] = {TDATE: str, EMBEDDED: bytes, FULL_DATE: str}


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag and its value, uninterpreted: no date is parsed, nothing is unwrapped.

    0 and 1004 are around text, 24 around bytes.
    """

    tag: int
    value: object


def decode(
    data: bytes,
    what: str,
    *,
    tags: Collection[int] = TAGS,
    max_size: int = MAX_SIZE,
    binary_keys: bool = False,
) -> object:
    """Return the one item in ``data``; ``what`` names it in the error.

    ``binary_keys``: maps may have byte strings as keys, as identifier lists do.

    Arrays are ``list``, maps ``dict`` and tags ``Tagged``; tags not in ``tags`` are
    refused. Raises ``MalformedResponseError`` and nothing else.
    """
    if len(data) > max_size:
        raise MalformedResponseError(f"{what} is above {max_size} bytes")
    try:
        value: object = cbor2.loads(
            data,
            semantic_decoders=_AllowedTags.of(tags),
            object_hook=_checked_binary_map if binary_keys else _checked_map,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
        same = _encode(value, _LONG) == data or _encode(value, _SHORT) == data
    except (cbor2.CBORError, ValueError) as error:
        raise MalformedResponseError(f"{what} is not strict CBOR: {error}") from None
    if not same:
        raise MalformedResponseError(f"{what} is not in its only encoding")
    return value


def decode_map(data: bytes, what: str, **options: Any) -> dict[Any, object]:
    """Return the map in ``data``."""
    value = decode(data, what, **options)
    if not isinstance(value, dict):
        raise MalformedResponseError(f"{what} is not a CBOR map")
    return value


def encode(value: object) -> bytes:
    """Encode our own structure; of a decoded value, the bytes it was decoded from."""
    return _encode(value, _LONG)


def encode_embedded(content: bytes) -> bytes:
    """``#6.24(bstr)``, which is what mdoc digests and signatures are over."""
    return _EMBEDDED_HEAD + cbor2.dumps(content)


class _AllowedTags(dict[int, Callable[[Any, bool], object]]):
    """Decoders by tag. The library asks here first, also for tags it knows itself."""

    @classmethod
    def of(cls, tags: Collection[int]) -> "_AllowedTags":
        if tags is TAGS:
            return _DEFAULT
        return cls({tag: _keeper(tag) for tag in tags})

    def __missing__(self, tag: int) -> Callable[[Any, bool], object]:
        return _refuse_tag


def _keeper(tag: int) -> Callable[[Any, bool], object]:
    content = _CONTENT.get(tag, object)

    def keep(value: object, _immutable: bool) -> Tagged:
        if not isinstance(value, content):
            raise ValueError(f"tag {tag} is around something else")  # noqa: TRY004
        return Tagged(tag, value)

    return keep


def _refuse_tag(_value: object, _immutable: bool) -> object:
    raise ValueError("a tag that has no use here")


_DEFAULT: Final = _AllowedTags({tag: _keeper(tag) for tag in TAGS})


def _checked_map(value: Mapping[object, object], _immutable: bool) -> object:
    for key in value:
        if type(key) is not str and type(key) is not int:
            raise ValueError("a map key that is neither text nor integer")
    return value


def _checked_binary_map(value: Mapping[object, object], _immutable: bool) -> object:
    for key in value:
        if type(key) is not bytes:
            return _checked_map(value, _immutable)
    return value


def _encode(value: object, encoders: Mapping[type, Any]) -> bytes:
    return cbor2.dumps(value, encoders=encoders)


def _encode_tagged(encoder: cbor2.CBOREncoder, tagged: Tagged) -> None:
    encoder.encode_semantic(tagged.tag, tagged.value)


def _encode_long(encoder: cbor2.CBOREncoder, number: float) -> None:
    if not math.isfinite(number):
        raise ValueError("a float that is no number")
    encoder.write(struct.pack(">Bd", 0xFB, number))


def _encode_short(encoder: cbor2.CBOREncoder, number: float) -> None:
    encoder.write(cbor2.dumps(number, canonical=True))


def _refuse_simple(_encoder: cbor2.CBOREncoder, _value: object) -> None:
    raise ValueError("a simple value that has no use here")


# Encoders write every float at full width or every float as short as it can be. Those
# of the library stand here too, since it is slow to find that a type is not listed.
_LONG: Final[Mapping[type, Any]] = {
    str: cbor2.CBOREncoder.encode_string,
    bytes: cbor2.CBOREncoder.encode_bytes,
    int: cbor2.CBOREncoder.encode_int,
    dict: cbor2.CBOREncoder.encode_map,
    list: cbor2.CBOREncoder.encode_array,
    Tagged: _encode_tagged,
    float: _encode_long,
    type(cbor2.undefined): _refuse_simple,
    cbor2.CBORSimpleValue: _refuse_simple,
}
_SHORT: Final[Mapping[type, Any]] = {**_LONG, float: _encode_short}
