"""Base64url and base64 without leniency: one text for each byte string.

Python's decoders skip foreign characters, and every common JOSE library accepts
stray bits in the last character. Two texts for one value are two answers to "have
I seen this before", so here decoding refuses what encoding would not have written.
"""

from binascii import a2b_base64, b2a_base64
from typing import Final

from openid4vp.errors import MalformedResponseError

_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")


def encode(raw: bytes) -> str:
    """RFC 7515 §2: URL-safe alphabet, no padding."""
    return _encode(raw).decode("ascii")


def decode(text: str, what: str) -> bytes:
    """The inverse of ``encode`` and of nothing else; ``what`` names the field."""
    try:
        given = text.encode("ascii")
        raw = a2b_base64(given.translate(_FROM_URL) + b"==")
    except ValueError:
        raise MalformedResponseError(f"{what} is not base64url") from None
    if _encode(raw) != given:
        raise MalformedResponseError(f"{what} is not canonical base64url")
    return raw


def decode_padded(text: str, what: str) -> bytes:
    """Standard alphabet with padding, as in ``x5c`` (RFC 7515 §4.1.6)."""
    try:
        given = text.encode("ascii")
        raw = a2b_base64(given)
    except ValueError:
        raise MalformedResponseError(f"{what} is not base64") from None
    if b2a_base64(raw, newline=False) != given:
        raise MalformedResponseError(f"{what} is not canonical base64")
    return raw


def _encode(raw: bytes) -> bytes:
    return b2a_base64(raw, newline=False).translate(_TO_URL).rstrip(b"=")
