"""How a browser was confirmed, and what a session of that kind reaches.

``same_device``: the wallet brought the person back to the very browser that started.
``cross_device``: the person typed the code of their phone. Someone who talks another
person through typing it gets no further than what was opened in that browser.
"""

from enum import StrEnum
from typing import ClassVar, Final

from app.signers.store import BrowserSession


class SessionKind(StrEnum):
    SAME_DEVICE = "same_device"
    CROSS_DEVICE = "cross_device"


class Reach(StrEnum):
    OWN_REQUESTS = "own_requests"
    """What was opened in this very browser session."""
    PORTAL = "portal"
    EXPORT = "export"
    PASSES = "passes"
    """Seeing and ending one's signing passes."""
    CSC_TOKEN = "csc_token"  # noqa: S105 — what may be reached, not a secret


REACHES: Final[dict[SessionKind | None, frozenset[Reach]]] = {
    None: frozenset({Reach.OWN_REQUESTS}),
    SessionKind.CROSS_DEVICE: frozenset({Reach.OWN_REQUESTS}),
    SessionKind.SAME_DEVICE: frozenset(Reach),
}


class OutOfReachError(Exception):
    """A session of this kind may not do that."""

    code: ClassVar[str] = "out_of_reach"


def kind_of(browser: BrowserSession) -> SessionKind | None:
    return SessionKind(browser.confirmed_by) if browser.confirmed_by else None


def require_reach(browser: BrowserSession, reach: Reach) -> None:
    if reach not in REACHES[kind_of(browser)]:
        raise OutOfReachError(reach)
