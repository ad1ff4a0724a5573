"""What every part of a query obeys (OpenID4VP 1.0 §6): ids, options, full arrays."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from openid4vp import members
from openid4vp.errors import InvalidQueryError

T = TypeVar("T")
_ID = re.compile(r"[A-Za-z0-9_-]+")


def check_id(value: str) -> None:
    """§6.1: what an id is made of."""
    if not _ID.fullmatch(value):
        raise InvalidQueryError("an id is made of letters, digits, '_' and '-'")


def check_unique(values: Collection[object], what: str) -> None:
    """Refuse values of which two are the same."""
    if len(set(values)) != len(values):
        raise InvalidQueryError(f"the same {what} occurs twice")


def check_option(option: tuple[str, ...], ids: Collection[str]) -> None:
    """Refuse an option that is empty, repeats itself or names what is not there."""
    check_unique(option, "id in an option")
    if not option or not set(option) <= set(ids):
        raise InvalidQueryError("an option names ids of this query, at least one")


def array(
    query: Mapping[str, object], name: str, read: Callable[[object], T]
) -> tuple[T, ...]:
    """Read each item of an array, which is absent or holds at least one."""
    items: list[object] | None = members.optional(query, name, list)
    if items is None:
        return ()
    if not items:
        raise InvalidQueryError(f"{name} is empty")
    return tuple(map(read, items))


def objects(
    query: Mapping[str, object],
    name: str,
    read: Callable[[Mapping[str, object]], T],
) -> tuple[T, ...]:
    """The same for an array of JSON objects."""

    def read_object(item: object) -> T:
        if not isinstance(item, dict):
            raise InvalidQueryError(f"{name} holds no JSON objects")
        return read(item)

    return array(query, name, read_object)


def options(query: Mapping[str, object], name: str) -> tuple[tuple[str, ...], ...]:
    """The same for an array of arrays of ids."""

    def read_option(item: object) -> tuple[str, ...]:
        if not isinstance(item, list) or not all(type(i) is str for i in item):
            raise InvalidQueryError(f"{name} holds no arrays of ids")
        return tuple(item)

    return array(query, name, read_option)
