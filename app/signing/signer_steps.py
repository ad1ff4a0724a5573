"""What the person at the starting browser can do with a request, step by step.

identify → approve → confirm, and at any time: renew, take back, stop
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.database import Database
from app.plans.free_tier import FreeTier
from app.signers import store as signers
from app.signers.exchanges import Exchanges
from app.signers.identification import Identification
from app.signers.sessions import Cookie
from app.signers.store import BrowserSession, Exchange
from app.signers.wallet_kinds import WalletKinds
from app.signing import store
from app.signing.approval import Approvals
from app.signing.confirmation import CodeOverError, Confirmation, WrongTypedCodeError
from app.signing.delivery import Delivery
from app.signing.reasons import Reason
from app.signing.states import (
    TAKEN_BACK_BY,
    Event,
    IllegalTransitionError,
    State,
)
from app.signing.tables import SigningRequest
from app.signing.terms import require_current


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """``identifying``: it was an identification's code, right or wrong."""

    identifying: bool
    cookie: Cookie | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerSteps:
    database: Database
    identification: Identification
    approvals: Approvals
    exchanges: Exchanges
    confirmation: Confirmation
    delivery: Delivery
    free_tier: FreeTier
    kinds: WalletKinds
    clock: Callable[[], datetime]

    def identify(
        self, request: SigningRequest, browser: BrowserSession, *, dc_api: bool = False
    ) -> Exchange:
        """Also the way to a new signing pass while an approval waits."""
        if request.state == State.AWAITING_WALLET:
            self.take_back(request, Reason.NEW_PASS)
        elif not request.is_open:
            raise IllegalTransitionError(f"identify in {request.state}")
        self.make_room(browser)
        return self.identification.open(browser, request.id, dc_api=dc_api)

    def approve(
        self, request: SigningRequest, browser: BrowserSession, terms: str
    ) -> datetime | None:
        """Ask the wallet; or when a used-up quota of the known signer starts anew."""
        version = require_current(terms, self.free_tier.policy)
        handle = browser.live_handle(self.clock())
        allowance = self.free_tier.allowance(handle) if handle else None
        if allowance and not allowance.covers(len(request.documents)):
            return allowance.resets_at
        self.identification.close(request.id)
        self.make_room(browser)
        self.approvals.ask(request, browser, version)
        return None

    def renew(self, request: SigningRequest, browser: BrowserSession) -> None:
        """A new link for the same documents, under the terms accepted before."""
        if request.terms_version is None:
            raise IllegalTransitionError("nothing was asked yet")
        if request.state == State.AWAITING_WALLET:
            self.take_back(request, Reason.LINK_EXPIRED)
        with self.database.read() as db:
            again = store.owned(db, request.id, browser.id)
        self.approvals.ask(again, browser, request.terms_version)

    def change_wallet(
        self, request: SigningRequest, browser: BrowserSession, kind: str
    ) -> bool:
        """Ask again in another wallet's way; True if it was for an approval."""
        approving = request.state == State.AWAITING_WALLET
        if not approving and self.identification.current(request.id) is None:
            raise IllegalTransitionError("no wallet was asked yet")
        self.kinds.choose(browser, kind)
        if approving:
            self.renew(request, browser)
        else:
            self.identify(request, browser)
        return approving

    def take_back(self, request: SigningRequest, reason: Reason) -> None:
        """The question, or the approval that nobody has confirmed, is void."""
        event = TAKEN_BACK_BY.get(State(request.state), Event.TRIED_AGAIN)
        self.approvals.withdraw(request, event, reason)

    def stop(self, request: SigningRequest, event: Event, reason: Reason) -> None:
        self.approvals.end(request, event, reason)
        self.identification.close(request.id)

    def confirm(
        self, request: SigningRequest, browser: BrowserSession, typed: str
    ) -> Confirmed:
        """Compare the typed code; the last wrong one voids what it was for."""
        identifying = request.state != State.AWAITING_CONFIRMATION
        exchange = self._to_confirm(request, identifying=identifying)
        cookie = None
        try:
            cookie = self.confirmation.typed(browser, exchange, typed)
        except WrongTypedCodeError:
            return Confirmed(identifying=identifying)
        except CodeOverError:
            self._void(request, exchange, identifying=identifying)
            return Confirmed(identifying=identifying)
        if not identifying:
            self.delivery.confirmed(request.id, exchange.tx)
        return Confirmed(identifying=identifying, cookie=cookie)

    def make_room(self, browser: BrowserSession) -> None:
        """Before one more link: the oldest go that are too many."""
        for exchange in self.exchanges.one_too_many(browser):
            with self.database.read() as db:
                request = store.by_id(db, exchange.request_id)
            try:
                if request is not None and request.tx == exchange.tx:
                    self.take_back(request, Reason.NEWER_LINKS)
                else:
                    self.exchanges.close(exchange)
            except IllegalTransitionError:
                continue  # answered just now

    def _to_confirm(self, request: SigningRequest, *, identifying: bool) -> Exchange:
        if identifying:
            exchange = self.identification.current(request.id)
        else:
            with self.database.read() as db:
                exchange = signers.exchange(db, request.tx or "")
        if exchange is None or exchange.answered_at is None:
            raise CodeOverError(request.id)
        return exchange

    def _void(
        self, request: SigningRequest, exchange: Exchange, *, identifying: bool
    ) -> None:
        if exchange.confirmed_at is not None:
            return
        if identifying:
            self.exchanges.close(exchange)
        else:
            self.approvals.withdraw(request, Event.CONFIRMATION_LOST, Reason.WRONG_CODE)
