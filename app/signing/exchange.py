"""Between wallet and SAM: hands the request over, carries the answer in, remembers.

The body of an answer is relayed as it came and is kept nowhere. What the SAM says of
it is all this tier ever knows. The same body gets the same reply: the response_code
is derived, and recording an answer twice changes nothing.

A wallet's own error is unauthenticated (anybody who saw the link can post one). It is
a hint on the exchange, moves no state, and its redirect carries a code of another
purpose: one that confirms nothing. An answer that fails verification is such a hint
too: without it the person would wait for a wallet that has long given up.
"""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.ades.errors import TimestampUnavailableError
from app.database import Database
from app.faults import fault
from app.plans.free_tier import FreeTier, QuotaUsedUpError
from app.signers import store as signers
from app.signers.store import BrowserSession, Exchange
from app.signing import store
from app.signing.approval import Approvals
from app.signing.delivery import entering_signing
from app.signing.reasons import Reason
from app.signing.states import Event, IllegalTransitionError, State
from app.signing.time_stamps import TimeStamps
from app.signing.wallet_words import refusal_hint
from app.web_secret import Purpose, WebSecret
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

MAX_HINT = 300


class UnknownExchangeError(Exception):
    """No wallet exchange has this id."""

    code: ClassVar[str] = "unknown_exchange"


class Relay:
    def __init__(
        self,
        *,
        database: Database,
        sam: SamClient,
        secret: WebSecret,
        time_stamps: TimeStamps,
        approvals: Approvals,
        free_tier: FreeTier,
        clock: Callable[[], datetime],
        base_url: str,
    ) -> None:
        self._database = database
        self._sam = sam
        self._approvals = approvals
        self._free_tier = free_tier
        self._secret = secret
        self._time_stamps = time_stamps
        self._clock = clock
        self._base_url = base_url

    def request_object(
        self, tx: str, wallet_nonce: str | None, wallet_metadata: str | None
    ) -> str:
        """The signed request; repeatable, and no event."""
        self._posted(tx)
        call = m.Request(
            tx=tx, wallet_nonce=wallet_nonce, wallet_metadata=wallet_metadata
        )
        return self._sam.request(call).request_object

    def answer(self, tx: str, body: str) -> str:
        """Relay one answer; the ``redirect_uri`` for the wallet (OpenID4VP §8.2)."""
        return self._relay(self._posted(tx), body)

    def request_in_browser(self, exchange: Exchange) -> str:
        """The signed request that a page hands to its own browser (App. A)."""
        return self._sam.request(m.Request(tx=exchange.tx)).request_object

    def answer_in_browser(self, browser: BrowserSession, tx: str, data: str) -> str:
        """Relay what the browser gave the page: only in the session that asked.

        Where the page goes next confirms it as a wallet's return does. Nobody outside
        of this session has the code, so none is shown to be typed either.
        """
        with self._database.read() as db:
            exchange = signers.exchange(db, tx)
        if exchange is None or not exchange.dc_api or exchange.browser_id != browser.id:
            raise UnknownExchangeError(tx)
        return self._relay(exchange, data)

    def _relay(self, exchange: Exchange, body: str) -> str:
        tx = exchange.tx
        try:
            submitted = self._sam.submit(m.Submit(tx=tx, body=body))
        except sam_errors.AnswerRefusedError as refused:
            self._keep_hint(tx, refusal_hint(refused.code), None)
            raise
        if submitted.outcome == "wallet_error":
            error = submitted.error or "unknown"
            self._keep_hint(tx, error, submitted.error_description)
            return self._return_uri(Purpose.WALLET_ERROR, tx)
        if submitted.outcome == "approved":
            self._approved(exchange)
        else:
            self._identified(tx, submitted)
        return self._return_uri(Purpose.RESPONSE_CODE, tx)

    def _posted(self, tx: str) -> Exchange:
        """One whose request and answer go over the addresses that wallets call."""
        with self._database.read() as db:
            exchange = signers.exchange(db, tx)
        if exchange is None or exchange.dc_api:
            raise UnknownExchangeError(tx)  # a browser's answer comes in its session
        return exchange

    def _return_uri(self, purpose: Purpose, tx: str) -> str:
        query = urlencode({"response_code": self._secret.derive(purpose, tx)})
        return f"{self._base_url}/oid4vp/return?{query}"

    def _keep_hint(self, tx: str, error: str, description: str | None) -> None:
        with self._database.write() as db:
            signers.record_wallet_error(
                db, tx, error[:64], description and description[:MAX_HINT]
            )

    def _identified(self, tx: str, submitted: m.Submitted) -> None:
        fault("before-identified-kept")
        with self._database.write() as db:
            signers.record_answer(
                db,
                tx,
                self._clock(),
                handle=submitted.handle,
                display_name=submitted.display_name,
                issued_by=submitted.issued_by,
            )
        fault("after-identified-kept")

    def _approved(self, exchange: Exchange) -> None:
        """An approval by the person who is confirmed here is on its way at once."""
        if exchange.answered_at is not None:
            return  # the same answer again
        obstacle = self._obstacle(exchange) if exchange.for_handle else None
        now = self._clock()
        fault("before-answer-kept")
        with self._database.write() as db:
            first = signers.record_answer(
                db, exchange.tx, now, handle=None, display_name=None
            )
            if not first:
                return
            ready = exchange.for_handle is not None and obstacle is None
            confirmed = ready and self._still_confirmed(db, exchange, now)
            moved = _move_on(db, exchange, now, confirmed=confirmed)
        fault("after-answer-kept")
        if ready and not (moved and confirmed):
            self._free_tier.give_back(exchange.tx)
        if moved and obstacle is Reason.QUOTA_USED_UP:
            self._take_back(exchange, obstacle)

    def _still_confirmed(self, db: Session, exchange: Exchange, now: datetime) -> bool:
        browser = db.get(BrowserSession, exchange.browser_id)
        return browser is not None and browser.live_handle(now) == exchange.for_handle

    def _obstacle(self, exchange: Exchange) -> Reason | None:
        """Why signing cannot begin with the answer itself; asked again on return."""
        try:
            self._time_stamps.probe()
            self._free_tier.reserve(exchange.tx, self._documents_of(exchange))
        except TimestampUnavailableError:
            return Reason.TSA_UNAVAILABLE
        except QuotaUsedUpError:
            return Reason.QUOTA_USED_UP
        except sam_errors.SamError:
            return Reason.SAM_UNAVAILABLE
        return None

    def _documents_of(self, exchange: Exchange) -> int:
        with self._database.read() as db:
            request = store.by_id(db, exchange.request_id)
        return 0 if request is None else len(request.documents)

    def _take_back(self, exchange: Exchange, reason: Reason) -> None:
        with self._database.read() as db:
            request = store.by_id(db, exchange.request_id)
        if request is None:
            return
        try:
            self._approvals.withdraw(request, Event.CONFIRMATION_LOST, reason)
        except (IllegalTransitionError, sam_errors.SamUnavailableError):
            return  # the worker takes it back when it has grown old


def _move_on(
    db: Session, exchange: Exchange, now: datetime, *, confirmed: bool
) -> bool:
    if exchange.request_id is None:
        return False
    event = Event.ANSWER_VERIFIED_AND_CONFIRMED if confirmed else Event.ANSWER_VERIFIED
    values = entering_signing(now) if confirmed else {}
    try:
        store.move(
            db,
            exchange.request_id,
            State.AWAITING_WALLET,
            event,
            now,
            only_tx=exchange.tx,
            **values,
        )
    except IllegalTransitionError:
        return False  # stopped or asked anew meanwhile: an answer to an old question
    return True
