"""The browser comes back: cookie *and* response_code, both of the same exchange.

    1. without a cookie nothing is looked up
    2. the code is compared, in constant time, with those of this browser's exchanges
    3. a wrong code is counted; after five, the right one is refused too
    4. an answer older than ten minutes confirms nothing
    5. confirmed once: the cookie is rotated, the signer moves into the session, the
       signing pass is offered; all in one transaction

The same code again shows the same page and changes nothing. Polling never confirms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from sqlalchemy.orm import Session

from app.database import Database
from app.signers import store
from app.signers.offers import Offers
from app.signers.sessions import HANDLE_LIFETIME, BrowserSessions, Cookie
from app.signers.store import BrowserSession, Exchange
from app.web_secret import Purpose, WebSecret
from sam import messages as m

MAX_TRIES: Final = 5
RETURN_WITHIN: Final = timedelta(minutes=10)


class WrongReturnCodeError(Exception):
    """The code belongs to no exchange of this browser, or was guessed too often."""

    code: ClassVar[str] = "wrong_return_code"


class ReturnTooLateError(Exception):
    """The wallet's answer is older than ten minutes."""

    code: ClassVar[str] = "return_too_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """``cookie``: the rotated one, the first time; ``None`` on a reload."""

    exchange: Exchange
    cookie: Cookie | None = None
    wallet_refused: bool = False


class Confirmation:
    def __init__(
        self,
        database: Database,
        sessions: BrowserSessions,
        offers: Offers,
        secret: WebSecret,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._offers = offers
        self._secret = secret
        self._clock = clock

    def returned(self, browser: BrowserSession, code: str) -> Returned:
        with self._database.read() as db:
            candidates = store.return_candidates(db, browser.id)
        refused = self._match(candidates, Purpose.WALLET_ERROR, code)
        if refused is not None:
            return Returned(exchange=refused, wallet_refused=True)
        exchange = self._match(candidates, Purpose.RESPONSE_CODE, code)
        if exchange is None or exchange.answered_at is None:
            self._count_try(browser)
            raise WrongReturnCodeError(browser.id)
        if exchange.tries >= MAX_TRIES:
            raise WrongReturnCodeError(browser.id)
        if exchange.confirmed_at is not None:
            return Returned(exchange=exchange)
        if self._clock() >= exchange.answered_at + RETURN_WITHIN:
            raise ReturnTooLateError(browser.id)
        return self._confirm(browser, exchange)

    def _match(
        self, candidates: list[Exchange], purpose: Purpose, code: str
    ) -> Exchange | None:
        """Every candidate is compared, so that time says nothing of which matched."""
        matching = [
            candidate
            for candidate in candidates
            if self._secret.derived(purpose, candidate.tx, code)
        ]
        return matching[0] if matching else None

    def _count_try(self, browser: BrowserSession) -> None:
        with self._database.write() as db:
            store.count_try(db, browser.id)

    def _confirm(self, browser: BrowserSession, exchange: Exchange) -> Returned:
        now = self._clock()
        with self._database.write() as db:
            if not store.record_confirmation(db, exchange.tx, now):
                return Returned(exchange=exchange)
            cookie = self._sessions.rotate(db, browser)
            store.set_confirmed(db, browser.id, "same_device")
            if exchange.purpose == m.Purpose.IDENTIFY:
                self._identified(db, browser, exchange)
        return Returned(exchange=exchange, cookie=cookie)

    def _identified(
        self, db: Session, browser: BrowserSession, exchange: Exchange
    ) -> None:
        answered = exchange.answered_at or self._clock()
        store.set_signer(db, browser.id, exchange, answered + HANDLE_LIFETIME)
        self._offers.make(db, exchange)
