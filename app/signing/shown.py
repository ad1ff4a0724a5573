"""A signing request as a page: its state's template, filled from the one table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import render_template

from app.signers.store import BrowserSession, Exchange
from app.signers.wallet_link import wallet_link
from app.signing.findings import warnings
from app.signing.reasons import SENTENCES, Reason
from app.signing.states import SHOWN, State
from app.signing.store import SigningRequest
from app.signing.transaction_card import wallet_card


@dataclass(frozen=True, slots=True)
class Shower:
    base_url: str
    clock: Callable[[], datetime]
    retention: timedelta

    def page(
        self,
        request: SigningRequest,
        exchange: Exchange | None,
        browser: BrowserSession,
    ) -> str:
        state = State(request.state)
        now = self.clock()
        return render_template(
            SHOWN[state].template,
            request=request,
            state=state,
            shown=SHOWN[state],
            reason=SENTENCES[Reason(request.reason)] if request.reason else None,
            warnings=warnings(request.findings),
            identified=browser.live_handle(now) is not None,
            browser=browser,
            delete_at=request.changed_at + self.retention,
            **self._wallet(exchange, now),
        )

    def identification(self, request: SigningRequest, exchange: Exchange) -> str:
        return render_template(
            "identification.html",
            request=request,
            **self._wallet(exchange, self.clock()),
        )

    def _wallet(self, exchange: Exchange | None, now: datetime) -> dict[str, object]:
        if exchange is None:
            return {"exchange": None, "link": None, "card": None, "expired": False}
        data = exchange.transaction_data
        return {
            "exchange": exchange,
            "link": wallet_link(self.base_url, exchange.client_id, exchange.tx),
            "card": wallet_card(data) if data else None,
            "expired": exchange.expires_at <= now,
        }
