"""The only language spoken with a child: one JSON header and raw byte strings.

    4 bytes, big endian: length of the header
    header: UTF-8 JSON object; its member "blobs" lists the lengths that follow
    the blobs, one after the other, to the last byte

Nothing is ever unpickled: a child taken over by a hostile file can answer with
wrong values, never with code.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_HEADER = 1 << 20


class FrameError(ValueError):
    """The bytes are not one frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A decoded frame: the header without "blobs", and the blobs."""

    header: Mapping[str, object]
    blobs: tuple[bytes, ...]


def encode(header: Mapping[str, object], blobs: Sequence[bytes] = ()) -> list[bytes]:
    """Return the pieces of the frame in order; large blobs are not copied."""
    lengths = [len(blob) for blob in blobs]
    text = json.dumps({**header, "blobs": lengths}, separators=(",", ":")).encode()
    if len(text) > MAX_HEADER:
        raise FrameError("the header is too long")
    return [len(text).to_bytes(4, "big"), text, *blobs]


def decode(data: bytes) -> Frame:
    """Return the frame that ``data`` is, exactly, or raise ``FrameError``."""
    view = memoryview(data)
    length = int.from_bytes(view[:4], "big")
    if len(view) < 4 + length or length > MAX_HEADER:
        raise FrameError("the header is cut or too long")
    header = _parse_header(bytes(view[4 : 4 + length]))
    blobs: list[bytes] = []
    position = 4 + length
    for size in _sizes(header.pop("blobs", None)):
        blobs.append(bytes(view[position : position + size]))
        position += size
    if position != len(view):
        raise FrameError("the blobs do not fill the frame")
    return Frame(header=header, blobs=tuple(blobs))


def _parse_header(text: bytes) -> dict[str, object]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError("the header is not JSON") from None
    if not isinstance(header, dict):
        raise FrameError("the header is not an object")
    return header


def _sizes(value: object) -> list[int]:
    if not isinstance(value, list):
        raise FrameError("'blobs' is not a list")
    for size in value:
        if type(size) is not int or size < 0:
            raise FrameError("'blobs' must hold lengths")
    return value
