"""Walk A, first half: ask the SAM to identify whoever answers; keep the exchange."""

from typing import Final

from app.database import Database
from app.signers import store
from app.signers.exchanges import Exchanges
from app.signers.store import BrowserSession, Exchange
from app.signers.wallet_kinds import WalletKinds
from sam import messages as m
from sam.client import SamClient

IDENTIFY: Final = m.Purpose.IDENTIFY


class Identification:
    def __init__(
        self,
        database: Database,
        sam: SamClient,
        exchanges: Exchanges,
        kinds: WalletKinds,
    ) -> None:
        self._database = database
        self._sam = sam
        self._exchanges = exchanges
        self._kinds = kinds

    def open(
        self, browser: BrowserSession, request_id: str, *, dc_api: bool = False
    ) -> Exchange:
        """A new exchange for this browser; the request's older one is closed."""
        self.close(request_id)
        profile = self._kinds.of(browser)
        opened = self._sam.open_identify(
            m.OpenIdentify(grants=(m.Grant.PASS,), profile=profile, dc_api=dc_api)
        )
        exchange = self._exchanges.of(
            opened,
            browser=browser,
            request_id=request_id,
            purpose=IDENTIFY,
            dc_api=dc_api,
        )
        with self._database.write() as db:
            db.add(exchange)
        return exchange

    def current(self, request_id: str) -> Exchange | None:
        with self._database.read() as db:
            return store.latest_exchange(db, request_id, IDENTIFY)

    def close(self, request_id: str) -> None:
        """Void an identification that nobody has confirmed."""
        exchange = self.current(request_id)
        if exchange is not None and exchange.confirmed_at is None:
            self._exchanges.close(exchange)
