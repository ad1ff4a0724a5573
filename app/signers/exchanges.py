"""Wallet exchanges as the web tier keeps them: opened, found again, taken back.

A browser may have five links waiting at a time (threat XD2): more of them serve only
those who show links to other people. A new one costs the oldest.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from app.database import Database
from app.signers import store
from app.signers.sessions import hashed
from app.signers.store import BrowserSession, Exchange
from app.web_secret import Purpose, WebSecret
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

MAX_WAITING: Final = 5


class Exchanges:
    def __init__(
        self,
        database: Database,
        sam: SamClient,
        secret: WebSecret,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._sam = sam
        self._secret = secret
        self._clock = clock

    def one_too_many(self, browser: BrowserSession) -> list[Exchange]:
        """The waiting ones that have to go before another is opened, oldest first."""
        with self._database.read() as db:
            waiting = store.waiting(db, browser.id, self._clock())
        return waiting[: max(0, len(waiting) - MAX_WAITING + 1)]

    def of(
        self,
        opened: m.Opened,
        *,
        browser: BrowserSession,
        request_id: str | None,
        purpose: m.Purpose,
        for_handle: str | None = None,
        transaction_data: str | None = None,
        dc_api: bool = False,
        started_on: str | None = None,
    ) -> Exchange:
        """The row of what the SAM opened; the caller adds it to its transaction."""
        return Exchange(
            tx=opened.tx,
            browser_id=browser.id,
            request_id=request_id,
            purpose=purpose,
            client_id=opened.client_id,
            link_scheme=opened.link_scheme,
            request_uri_method=opened.request_uri_method,
            for_handle=for_handle,
            transaction_data=transaction_data,
            dc_api=dc_api,
            started_on=started_on,
            opened_at=self._clock(),
            expires_at=opened.expires_at,
            return_hash=hashed(self._secret.derive(Purpose.RESPONSE_CODE, opened.tx)),
            error_hash=hashed(self._secret.derive(Purpose.WALLET_ERROR, opened.tx)),
        )

    def close(self, exchange: Exchange) -> None:
        """Whatever was asked or answered is void, here and in the SAM."""
        with self._database.write() as db:
            store.close_exchange(db, exchange.tx, self._clock())
        self.abort(exchange.tx)

    def abort(self, tx: str) -> None:
        try:
            self._sam.abort(tx)
        except (sam_errors.TransactionClosedError, sam_errors.UnknownTransactionError):
            return  # it ended by itself

    def abort_if_possible(self, tx: str) -> None:
        """For ends that hold even when the SAM is away: it expires by itself there."""
        try:
            self.abort(tx)
        except sam_errors.SamUnavailableError:
            return
