"""Browser sessions: who uploaded, who is identified, which cookie speaks for them.

The cookie is 256 random bits and stored as its SHA-256. Confirming a browser rotates
it (threat XD6): whoever planted or saw the old value holds nothing afterwards, while
the session's documents move along.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from sqlalchemy.orm import Session

from app.database import Database
from app.signers import store
from app.signers.store import BrowserSession

TOKEN_BYTES: Final = 32
HANDLE_LIFETIME: Final = timedelta(minutes=30)  # the SAM's own limit


class UnknownBrowserError(Exception):
    """No cookie, or one that no longer means anything."""

    code: ClassVar[str] = "unknown_browser"


class ForgedFormError(Exception):
    """The form does not carry the CSRF token of this browser session."""

    code: ClassVar[str] = "forged_form"


@dataclass(frozen=True, slots=True)
class Cookie:
    value: str
    max_age: timedelta


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def check_csrf_token(browser: BrowserSession, token: str) -> None:
    if not hmac.compare_digest(browser.csrf_token.encode(), token.encode()):
        raise ForgedFormError(browser.id)


class BrowserSessions:
    def __init__(
        self, database: Database, clock: Callable[[], datetime], lifetime: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._lifetime = lifetime

    def find(self, cookie: str | None) -> BrowserSession:
        if not cookie:
            raise UnknownBrowserError
        with self._database.read() as db:
            browser = store.browser_by_cookie(db, hashed(cookie), self._clock())
        if browser is None:
            raise UnknownBrowserError
        return browser

    def start(self) -> tuple[BrowserSession, Cookie]:
        cookie = self._new_cookie()
        browser = BrowserSession(
            id=secrets.token_hex(16),
            cookie_hash=hashed(cookie.value),
            csrf_token=secrets.token_urlsafe(TOKEN_BYTES),
            expires_at=self._clock() + self._lifetime,
        )
        with self._database.write() as db:
            db.add(browser)
        return browser, cookie

    def rotate(self, db: Session, browser: BrowserSession) -> Cookie:
        """In the caller's transaction; ``UnknownBrowserError`` when another did it."""
        cookie = self._new_cookie()
        rotated = store.rotate(
            db,
            browser,
            cookie_hash=hashed(cookie.value),
            csrf_token=secrets.token_urlsafe(TOKEN_BYTES),
        )
        if not rotated:
            raise UnknownBrowserError
        return cookie

    def forget_signer(self, browser: BrowserSession) -> None:
        """The SAM no longer knows the handle: the person has to identify again."""
        with self._database.write() as db:
            store.forget_signer(db, browser.id)

    def forget_handle(self, browser_id: str, handle: str) -> None:
        """The person behind it said "not me": that browser is nobody's any more."""
        with self._database.write() as db:
            store.forget_signer(db, browser_id, handle)

    def _new_cookie(self) -> Cookie:
        return Cookie(secrets.token_urlsafe(TOKEN_BYTES), self._lifetime)
