"""The browser that started is confirmed: by the wallet's return, or by a typed code.

Same device: cookie *and* response_code, both of the same exchange.

    1. the code finds its exchange (stored as SHA-256; 128 bits)
    2. a code of nothing is counted against this browser; after five, the right one
       is refused there too
    3. an answer older than ten minutes confirms nothing

Across devices: whoever opens the wallet's link without that cookie confirms nothing
there; the page shows six digits, and only the browser that started can use them.

    1. a try is used up before the digits are compared: three, within five minutes
    2. after the third wrong one everything is void

Confirmed once: the cookie is rotated, the signer moves into the session, the signing
pass is offered; all in one transaction. Polling never confirms.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from sqlalchemy.orm import Session

from app.database import Database
from app.signers import store
from app.signers.offers import Offers
from app.signers.session_kinds import SessionKind
from app.signers.sessions import HANDLE_LIFETIME, BrowserSessions, Cookie, hashed
from app.signers.store import BrowserSession, Exchange
from app.web_secret import Purpose, WebSecret
from sam import messages as m

MAX_TRIES: Final = 5
MAX_CODE_TRIES: Final = 3
RETURN_WITHIN: Final = timedelta(minutes=10)
TYPE_WITHIN: Final = timedelta(minutes=5)


class WrongReturnCodeError(Exception):
    """The code belongs to no exchange, or this browser guessed too often."""

    code: ClassVar[str] = "wrong_return_code"


class ReturnTooLateError(Exception):
    """The wallet's answer is older than ten minutes."""

    code: ClassVar[str] = "return_too_late"


class WrongTypedCodeError(Exception):
    """Not the code of the phone; there are tries left."""

    code: ClassVar[str] = "wrong_typed_code"


class CodeOverError(Exception):
    """Three wrong codes, five minutes gone, or nothing to confirm."""

    code: ClassVar[str] = "code_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Whom a wallet sent here. ``cookie``: the rotated one, the first time only."""

    exchange: Exchange
    here: bool
    """Whether this is the browser that started."""
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

    def returned(self, browser: BrowserSession | None, code: str) -> Returned:
        """Confirms if this is the browser that started; elsewhere it only tells."""
        with self._database.read() as db:
            refused = store.refused_by_wallet(db, hashed(code))
            exchange = store.returned_from(db, hashed(code))
        own = browser is not None and browser.id
        if refused is not None:
            here = refused.browser_id == own
            return Returned(exchange=refused, here=here, wallet_refused=True)
        if exchange is None or exchange.answered_at is None:
            self._count_try(browser)
            raise WrongReturnCodeError
        if browser is None or exchange.browser_id != own:
            if exchange.dc_api:  # its answer came in that browser; no phone has a part
                raise WrongReturnCodeError
            return Returned(exchange=exchange, here=False)
        if exchange.tries >= MAX_TRIES:
            raise WrongReturnCodeError(browser.id)
        if exchange.confirmed_at is not None or exchange.closed_at is not None:
            return Returned(exchange=exchange, here=True)
        if self.is_late(exchange):
            raise ReturnTooLateError(browser.id)
        cookie = self._confirm(browser, exchange, SessionKind.SAME_DEVICE)
        confirmed = self.by_return_code(code)
        return Returned(exchange=confirmed, here=True, cookie=cookie)

    def by_return_code(self, code: str) -> Exchange:
        """The answered exchange behind a wallet's link, for whoever holds the link."""
        with self._database.read() as db:
            exchange = store.returned_from(db, hashed(code))
        if exchange is None or exchange.answered_at is None:
            raise WrongReturnCodeError
        return exchange

    def is_late(self, exchange: Exchange) -> bool:
        answered = exchange.answered_at
        return answered is None or self._clock() >= answered + RETURN_WITHIN

    def code_of(self, exchange: Exchange) -> str:
        """The six digits the phone shows."""
        return self._secret.digits(Purpose.TYPED_CODE, exchange.tx)

    def awaits_code(self, exchange: Exchange) -> bool:
        """Whether typing the right code would still confirm."""
        return (
            exchange.answered_at is not None
            and not exchange.dc_api
            and exchange.confirmed_at is None
            and exchange.closed_at is None
            and exchange.code_tries < MAX_CODE_TRIES
            and self._clock() < exchange.answered_at + TYPE_WITHIN
        )

    def typed(
        self, browser: BrowserSession, exchange: Exchange, typed: str
    ) -> Cookie | None:
        """The rotated cookie, or ``None`` when it was confirmed a moment before.

        ``WrongTypedCodeError`` while there are tries left, else ``CodeOverError``.
        """
        now = self._clock()
        with self._database.write() as db:
            own = exchange.browser_id == browser.id and not exchange.dc_api
            taken = own and store.take_code_try(
                db, exchange.tx, MAX_CODE_TRIES, now - TYPE_WITHIN
            )
        if not taken:
            raise CodeOverError(exchange.tx)
        digits = "".join(c for c in typed if c.isdecimal() and c.isascii())
        expected = self.code_of(exchange)
        if hmac.compare_digest(digits.encode(), expected.encode()):
            return self._confirm(browser, exchange, SessionKind.CROSS_DEVICE)
        if exchange.code_tries + 1 >= MAX_CODE_TRIES:
            raise CodeOverError(exchange.tx)
        raise WrongTypedCodeError(exchange.tx)

    def _count_try(self, browser: BrowserSession | None) -> None:
        if browser is None:
            return
        with self._database.write() as db:
            store.count_try(db, browser.id)

    def _confirm(
        self, browser: BrowserSession, exchange: Exchange, kind: SessionKind
    ) -> Cookie | None:
        now = self._clock()
        with self._database.write() as db:
            if not store.record_confirmation(db, exchange.tx, now, kind):
                return None
            cookie = self._sessions.rotate(db, browser)
            if self._speaks_for_the_session(browser, exchange, kind):
                store.set_confirmed(db, browser.id, kind)
            if exchange.purpose == m.Purpose.IDENTIFY:
                self._identified(db, browser, exchange)
        return cookie

    def _speaks_for_the_session(
        self, browser: BrowserSession, exchange: Exchange, kind: SessionKind
    ) -> bool:
        """A session is lifted to ``same_device`` only by who it is identified as.

        With nobody identified now, only one that was never confirmed takes the kind:
        one that a code opened stays what it is.
        """
        if exchange.purpose == m.Purpose.IDENTIFY_ALONE:
            return False  # nobody is identified by it as a signer
        if kind is SessionKind.CROSS_DEVICE:
            return True
        if exchange.purpose == m.Purpose.IDENTIFY:
            return True
        handle = browser.live_handle(self._clock())
        if handle is None:
            return browser.confirmed_by is None
        return exchange.for_handle == handle

    def _identified(
        self, db: Session, browser: BrowserSession, exchange: Exchange
    ) -> None:
        answered = exchange.answered_at or self._clock()
        store.set_signer(db, browser.id, exchange, answered + HANDLE_LIFETIME)
        self._offers.make(db, exchange)
