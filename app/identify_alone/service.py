"""One identification alone of one browser: asked, answered, confirmed, shown.

The name is shown only in the browser that started, once it is confirmed as every other
is: by the wallet's return, or by the code typed across devices. It makes no session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.database import Database
from app.identify_alone import store
from app.signers.exchanges import Exchanges
from app.signers.sessions import Cookie
from app.signers.store import BrowserSession, Exchange
from app.signers.wallet_kinds import WalletKinds
from app.signing.confirmation import CodeOverError, Confirmation, WrongTypedCodeError
from sam import messages as m
from sam.client import SamClient

KEPT: Final = timedelta(hours=1)
"""From opening on; the name goes with the exchange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneIdentification:
    database: Database
    sam: SamClient
    exchanges: Exchanges
    confirmation: Confirmation
    clock: Callable[[], datetime]
    kinds: WalletKinds
    make_room: Callable[[BrowserSession], None]

    def open(
        self, browser: BrowserSession, started_on: str, *, dc_api: bool = False
    ) -> Exchange:
        """Ask anew; what this browser asked before is closed."""
        self.close(browser)
        self.make_room(browser)
        profile = self.kinds.of(browser)
        opened = self.sam.open_identify(
            m.OpenIdentify(grants=(), alone=True, dc_api=dc_api, profile=profile)
        )
        exchange = self.exchanges.of(
            opened,
            browser=browser,
            request_id=None,
            purpose=store.ALONE,
            dc_api=dc_api,
            started_on=started_on,
        )
        with self.database.write() as db:
            db.add(exchange)
        return exchange

    def current(self, browser: BrowserSession) -> Exchange | None:
        """The last one, until it is closed or forgotten."""
        with self.database.read() as db:
            exchange = store.latest(db, browser.id)
        forgotten = exchange is None or exchange.opened_at + KEPT <= self.clock()
        return None if forgotten else exchange

    def close(self, browser: BrowserSession) -> None:
        exchange = self.current(browser)
        if exchange is not None and exchange.closed_at is None:
            self.exchanges.close(exchange)

    def confirm(self, browser: BrowserSession, typed: str) -> Cookie | None:
        """Compare the typed code; the last wrong one voids the answer."""
        exchange = self.current(browser)
        if exchange is None:
            return None
        try:
            return self.confirmation.typed(browser, exchange, typed)
        except WrongTypedCodeError:
            return None
        except CodeOverError:
            if exchange.confirmed_at is None:
                self.exchanges.close(exchange)
            return None

    def forget(self) -> None:
        """What nobody is shown any more."""
        with self.database.write() as db:
            store.forget(db, self.clock() - KEPT)
