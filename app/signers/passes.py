"""A person's signing passes, as the person may see them here, and taking them back.

The SAM lists and takes back by handle; nothing about a pass is kept here. Whoever lost
a phone identifies with a new one and ends the passes that are not of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from app.signers.session_kinds import OutOfReachError, Reach, require_reach
from app.signers.sessions import BrowserSessions
from app.signers.store import BrowserSession
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

RENEW_WITHIN: Final = timedelta(days=7)
ALL: Final = m.ALL_PASSES
OTHERS: Final = "others"


class NobodyIdentifiedError(Exception):
    """This browser is nobody's now: identify, then there are passes to see."""

    code: ClassVar[str] = "nobody_identified"


@dataclass(frozen=True, slots=True)
class HeldPasses:
    """The youngest first. ``now``: when they were looked at."""

    all: tuple[m.HeldPass, ...]
    now: datetime

    @property
    def valid(self) -> tuple[m.HeldPass, ...]:
        return tuple(p for p in self.all if p.state is m.PassState.VALID)

    @property
    def others(self) -> tuple[m.HeldPass, ...]:
        """Those that came of an earlier identification."""
        return tuple(held for held in self.valid if not held.own)

    @property
    def fetched(self) -> bool:
        """Whether this identification's own pass is in a wallet."""
        return any(held.own for held in self.valid)

    @property
    def to_renew(self) -> bool:
        """There were passes, and none of them lasts longer than a week from now."""
        return bool(self.all) and not any(
            held.expires_at > self.now + RENEW_WITHIN for held in self.valid
        )

    def named(self, which: str) -> tuple[m.HeldPass, ...]:
        """What ``which`` stands for, as far as there is something to take back."""
        if which == OTHERS:
            return self.others
        return tuple(p for p in self.valid if which in (ALL, p.reference))


class SigningPasses:
    def __init__(
        self,
        sam: SamClient,
        sessions: BrowserSessions,
        clock: Callable[[], datetime],
    ) -> None:
        self._sam = sam
        self._sessions = sessions
        self._clock = clock

    def of(self, browser: BrowserSession) -> HeldPasses:
        """``OutOfReachError`` for a session that a typed code opened."""
        return self._listed(browser, self._handle(browser))

    def if_known(self, browser: BrowserSession) -> HeldPasses | None:
        """For pages that say more with them, and need not."""
        try:
            return self.of(browser)
        except (NobodyIdentifiedError, OutOfReachError, sam_errors.SamError):
            return None

    def take_back(self, browser: BrowserSession, which: str) -> int:
        """One by its reference, ``OTHERS`` or ``ALL``; how many that ended."""
        handle = self._handle(browser)
        listed = self._listed(browser, handle)
        return sum(
            self._sam.revoke_pass(handle, reference).revoked
            for reference in _references(listed, which)
        )

    def _handle(self, browser: BrowserSession) -> str:
        handle = browser.live_handle(self._clock())
        if handle is None:
            raise NobodyIdentifiedError(browser.id)
        require_reach(browser, Reach.PASSES)
        return handle

    def _listed(self, browser: BrowserSession, handle: str) -> HeldPasses:
        try:
            return HeldPasses(self._sam.list_passes(handle).passes, self._clock())
        except sam_errors.UnknownHandleError:
            self._sessions.forget_signer(browser)
            raise NobodyIdentifiedError(browser.id) from None


def _references(listed: HeldPasses, which: str) -> Sequence[str]:
    """``ALL`` stays a word, so that a pass issued meanwhile is among them."""
    return [ALL] if which == ALL else [p.reference for p in listed.named(which)]
