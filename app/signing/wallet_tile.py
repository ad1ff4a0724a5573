"""A wallet link as the person meets it: code, link, time left, what a wallet said."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup

from app.database import Database
from app.signers import store as signers
from app.signers.store import Exchange
from app.signers.wallet_link import wallet_link
from app.signing.wallet_words import Said, wallet_said
from app.web.qr import qr_svg

MAX_RENEWALS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """What the page shows of one exchange; ``qr`` and ``link`` while it can be used."""

    link: str
    qr: Markup
    demo_link: str | None
    expired: bool
    seconds_left: int
    renew_by_itself: bool
    said: Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    database: Database
    base_url: str
    demo_wallet_url: str | None
    clock: Callable[[], datetime]

    def of(self, exchange: Exchange) -> Tile:
        link = wallet_link(self.base_url, exchange)
        left = (exchange.expires_at - self.clock()).total_seconds()
        error = exchange.wallet_error
        return Tile(
            link=link,
            qr=qr_svg(link),
            demo_link=self.demo_link(link),
            expired=left <= 0,
            seconds_left=max(0, int(left)),
            renew_by_itself=self._opened_so_far(exchange) <= MAX_RENEWALS,
            said=wallet_said(error) if error else None,
        )

    def demo_link(self, link: str) -> str | None:
        """The same link for the web wallet of a local deployment, if there is one."""
        if self.demo_wallet_url is None:
            return None
        return f"{self.demo_wallet_url}/scan?{urlencode({'uri': link})}"

    def _opened_so_far(self, exchange: Exchange) -> int:
        with self.database.read() as db:
            return signers.count_exchanges(db, exchange)
