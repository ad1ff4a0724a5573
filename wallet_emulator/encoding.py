"""Base64 and JSON, read strictly: one text has one meaning, or is refused.

Everything a verifier or an issuer sends passes here first, so that the emulator
never shows one thing and signs another because two decoders disagreed.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Final, NoReturn

from wallet_emulator.errors import MalformedError

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64url_decode(text: str) -> bytes:
    """The inverse of ``b64url``; padding, other alphabets and stray bits are refused.

    Raises:
        MalformedError: there is another text for the same bytes, or none at all.
    """
    if not _BASE64URL.fullmatch(text):
        raise MalformedError("not base64url without padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise MalformedError("not base64url: impossible length") from error
    if b64url(data) != text:
        raise MalformedError("not canonical base64url")
    return data


def b64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 §4)."""
    return base64.b64encode(data).decode("ascii")


def b64_decode(text: str) -> bytes:
    """The inverse of ``b64``.

    Raises:
        MalformedError: there is another text for the same bytes, or none at all.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedError("not standard base64") from error
    if b64(data) != text:
        raise MalformedError("not canonical base64")
    return data


def compact_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def parse_json(raw: bytes | str) -> object:
    """JSON without duplicate members, NaN or Infinity.

    Raises:
        MalformedError: anything else, including nesting too deep to read.
    """
    try:
        return json.loads(
            raw, object_pairs_hook=_unique_members, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise MalformedError("not strict JSON") from error


def parse_json_object(raw: bytes | str) -> dict[str, object]:
    """As ``parse_json``, and the value is an object."""
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise MalformedError("not a JSON object")
    return value


def text_member(members: Mapping[str, object], name: str) -> str:
    """The non-empty string ``name``.

    Raises:
        MalformedError: it is absent, empty or of another type.
    """
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedError(f"{name!r} must be a non-empty string")
    return value


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("an object names one member twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedError(f"{name} is not JSON")
