"""Claims path pointers over JSON (OpenID4VP 1.0 §7.1).

A string selects a member, a number an element, ``None`` every element. Applying
one to the wrong kind of value is an error; selecting nothing is one too.
"""

from openid4vp.errors import QueryNotSatisfiedError

ClaimsPath = tuple[str | int | None, ...]
Position = tuple[str | int, ...]
"""Where a selected value stands: a path without ``None``."""


def resolve(path: ClaimsPath, claims: object) -> dict[Position, object]:
    """Return what ``path`` selects, by position; never empty.

    Raises ``QueryNotSatisfiedError`` where §7.1.1 says to abort.
    """
    selected: dict[Position, object] = {(): claims}
    for component in path:
        selected = {
            (*position, step): value
            for position, parent in selected.items()
            for step, value in _children(parent, component).items()
        }
    if not selected:
        raise QueryNotSatisfiedError("a requested claim is not there")
    return selected


def prune(claims: object, positions: set[Position]) -> object:
    """Return ``claims`` reduced to these positions; arrays keep their order."""
    if () in positions:
        return claims
    below: dict[str | int, set[Position]] = {}
    for step, *rest in positions:
        below.setdefault(step, set()).add(tuple(rest))
    if isinstance(claims, dict):
        return {n: prune(value, below[n]) for n, value in claims.items() if n in below}
    if isinstance(claims, list):
        return [prune(value, below[n]) for n, value in enumerate(claims) if n in below]
    return claims


def _children(parent: object, component: str | int | None) -> dict[str | int, object]:
    if isinstance(component, str):
        if not isinstance(parent, dict):
            raise QueryNotSatisfiedError("a path names a member of a non-object")
        return {component: parent[component]} if component in parent else {}
    if not isinstance(parent, list):
        raise QueryNotSatisfiedError("a path names an element of a non-array")
    if component is None:
        return dict(enumerate(parent))
    return {component: parent[component]} if component < len(parent) else {}
