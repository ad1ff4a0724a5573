"""JSON that means the same to every parser (RFC 8259 read like RFC 7493, I-JSON).

Refused, because parsers differ on them: duplicate names, NaN and infinities, numbers
beyond 2^53, lone surrogates, a byte order mark, anything but UTF-8. Refused, because
they cost more than they can be worth: nesting deeper than ``MAX_DEPTH``.
"""

import json
import math
import re
from typing import Final, NoReturn

from openid4vp.errors import MalformedResponseError

MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1
_MAX_FLOAT_LENGTH = 32
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)


def parse(raw: bytes, what: str) -> object:
    """Return the JSON value in ``raw``; ``what`` names it in the error."""
    try:
        text = raw.decode("utf-8")
        _check_depth(text)
        value: object = _DECODER.decode(text)
        if "\\u" in text:
            _check_surrogates(value)
    except ValueError as error:
        raise MalformedResponseError(f"{what} is not strict JSON: {error}") from None
    return value


def parse_object(raw: bytes, what: str) -> dict[str, object]:
    """Return the JSON object in ``raw``."""
    value = parse(raw, what)
    if not isinstance(value, dict):
        raise MalformedResponseError(f"{what} is not a JSON object")
    return value


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for character in _STRING.sub("", text):
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member name")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN or Infinity")


def _bounded_integer(digits: str) -> int:
    number = int(digits)  # Python itself refuses above 4300 digits
    if abs(number) > MAX_INTEGER:
        raise ValueError("integer beyond 2^53")
    return number


def _finite_float(digits: str) -> float:
    number = float(digits)
    if len(digits) > _MAX_FLOAT_LENGTH or not math.isfinite(number):
        raise ValueError("number out of range")
    return number


def _check_surrogates(value: object) -> None:
    # Only an escape can bring a lone surrogate in; UTF-8 cannot write one out.
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("lone surrogate") from None


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique_names,
    parse_constant=_refuse_constant,
    parse_int=_bounded_integer,
    parse_float=_finite_float,
)
