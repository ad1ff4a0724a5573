"""Read members of parsed JSON objects with their types.

The types are exact: JSON ``true`` is no number, and a number is no string.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from openid4vp.errors import MissingClaimError, WrongClaimTypeError

T = TypeVar("T")

LATEST = 253402300799
"""The last second a ``datetime`` can hold, 9999-12-31T23:59:59Z."""


def required(members: Mapping[str, object], name: str, kind: type[T]) -> T:
    """Return a member of exactly this type."""
    value = optional(members, name, kind)
    if value is None:
        raise MissingClaimError(name)
    return value


def optional(members: Mapping[str, object], name: str, kind: type[T]) -> T | None:
    """Return a member of exactly this type, or ``None`` when it is absent."""
    if name not in members:
        return None
    value = members[name]
    if type(value) is not kind:
        raise WrongClaimTypeError(name, expected=kind.__name__, got=value)
    return value


def strings(members: Mapping[str, object], name: str) -> tuple[str, ...] | None:
    """Return a non-empty array of strings, or ``None`` when it is absent."""
    value: list[Any] | None = optional(members, name, list)
    if value is None:
        return None
    if not value or not all(type(item) is str for item in value):
        raise WrongClaimTypeError(name, expected="an array of strings", got=value)
    return tuple(value)


def numeric_date(members: Mapping[str, object], name: str) -> float | None:
    """Return seconds since 1970; fractions are legal (RFC 7519 §2)."""
    if name not in members:
        return None
    value = members[name]
    if type(value) not in (int, float):
        raise WrongClaimTypeError(name, expected="a NumericDate", got=value)
    seconds = float(value)  # type: ignore[arg-type]
    if not 0 <= seconds <= LATEST:
        raise WrongClaimTypeError(name, expected="a NumericDate", got=value)
    return seconds
