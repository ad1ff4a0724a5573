"""Base64url and base64 without leniency: one text for each byte string.

Python's decoders skip foreign characters, and every common JOSE library accepts
stray bits in the last character. Two texts for one value are two answers to "have
I seen this before", so here decoding refuses what encoding would not have written.
"""

import base64

from openid4vp.errors import MalformedResponseError


def encode(raw: bytes) -> str:
    """RFC 7515 §2: URL-safe alphabet, no padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str, what: str) -> bytes:
    """The inverse of ``encode`` and of nothing else; ``what`` names the field."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raw = b""
    if encode(raw) != text:
        raise MalformedResponseError(f"{what} is not canonical base64url")
    return raw


def decode_padded(text: str, what: str) -> bytes:
    """Standard alphabet with padding, as in ``x5c`` (RFC 7515 §4.1.6)."""
    try:
        raw = base64.b64decode(text)
    except ValueError:
        raw = b""
    if base64.b64encode(raw).decode("ascii") != text:
        raise MalformedResponseError(f"{what} is not canonical base64")
    return raw
