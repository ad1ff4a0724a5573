"""Walk A, first half: ask the SAM to identify whoever answers; keep the exchange."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from app.database import Database
from app.signers import store
from app.signers.store import BrowserSession, Exchange
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

IDENTIFY: Final = m.Purpose.IDENTIFY


class Identification:
    def __init__(
        self, database: Database, sam: SamClient, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._sam = sam
        self._clock = clock

    def open(self, browser: BrowserSession, request_id: str) -> None:
        """A new exchange for this browser; the request's older one is closed."""
        self._close(self.current(request_id))
        opened = self._sam.open_identify(m.OpenIdentify(grants=(m.Grant.PASS,)))
        exchange = Exchange(
            tx=opened.tx,
            browser_id=browser.id,
            request_id=request_id,
            purpose=IDENTIFY,
            client_id=opened.client_id,
            opened_at=self._clock(),
            expires_at=opened.expires_at,
        )
        with self._database.write() as db:
            db.add(exchange)

    def current(self, request_id: str) -> Exchange | None:
        with self._database.read() as db:
            return store.latest_exchange(db, request_id, IDENTIFY)

    def _close(self, exchange: Exchange | None) -> None:
        if exchange is None or exchange.answered_at is not None:
            return
        try:
            self._sam.abort(exchange.tx)
        except (sam_errors.TransactionClosedError, sam_errors.UnknownTransactionError):
            return  # it ended by itself
