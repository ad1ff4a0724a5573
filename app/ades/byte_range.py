"""The ByteRange of a signature, checked so that it can mean only one thing.

ISO 32000-2 §12.8.1: the digest covers the file except the value of /Contents.
pyHanko adds up lengths; that is not enough (universal signature forgery moves
the second range). Here a range is ``(0, a, b, c)``, the gap ``[a, b)`` is exactly
one hexadecimal string in angle brackets, and ``b + c`` lies inside the file.
"""

import hashlib
import re
from typing import Final

ByteRange = tuple[int, int, int, int]

_HEXADECIMAL_STRING: Final = re.compile(rb"<(?:[0-9A-Fa-f]{2})+>")


class ByteRangeError(ValueError):
    """The four numbers do not describe a file with one gap for a signature."""


def gap(content: bytes, byte_range: ByteRange) -> bytes:
    """Return the bytes of the gap with its brackets, or raise ``ByteRangeError``."""
    start, before, resume, after = byte_range
    if start != 0 or not 0 < before < resume or after < 0:
        raise ByteRangeError("the ranges are not (0, a, b, c) with one gap")
    if resume + after > len(content):
        raise ByteRangeError("the second range ends after the file")
    token = content[before:resume]
    if not _HEXADECIMAL_STRING.fullmatch(token):
        raise ByteRangeError("the gap is not exactly one hexadecimal string")
    return token


def covers_whole_file(content: bytes, byte_range: ByteRange) -> bool:
    """Whether nothing but the gap is left outside. The shape is checked by ``gap``."""
    return byte_range[2] + byte_range[3] == len(content)


def sdr(content: bytes, byte_range: ByteRange) -> bytes:
    """SHA-256 over both ranges: the message digest of the signature, 32 bytes."""
    return digest(content, byte_range, "sha256")


def digest(content: bytes, byte_range: ByteRange, algorithm: str) -> bytes:
    """The same by a hash of ``hashlib``'s name, as archive time stamps have it."""
    gap(content, byte_range)
    view = memoryview(content)
    start, before, resume, after = byte_range
    hashed = hashlib.new(algorithm, view[start:before])
    hashed.update(view[resume : resume + after])
    return hashed.digest()


def filled(content: bytes, byte_range: ByteRange, message: bytes) -> bytes:
    """``content`` with ``message`` in its gap, in hexadecimal, padded with zeros."""
    start, before, resume, _after = byte_range
    room = resume - before - 2
    text = message.hex().encode()
    if len(text) > room:
        raise ByteRangeError(f"the signature needs {len(text)} of {room} characters")
    token = b"<" + text.ljust(room, b"0") + b">"
    return b"".join((content[start:before], token, content[resume:]))
