"""The phone page: what the person with the wallet learns, and their way to say no.

Reached by the wallet's link, in any browser that did not start. It shows enough to
recognise one's own doing, and the code that only the starting browser can use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from app.database import Database
from app.signers.exchanges import Exchanges
from app.signers.session_kinds import SessionKind
from app.signers.sessions import BrowserSessions
from app.signers.store import Exchange
from app.signing import store
from app.signing.approval import Approvals
from app.signing.confirmation import TYPE_WITHIN, Confirmation
from app.signing.reasons import Reason
from app.signing.states import BEFORE_SIGNING, Event, State
from app.signing.tables import SigningRequest
from sam import messages as m

PAST_CONFIRMATION: Final = frozenset({State.SIGNING, State.SIGNED})


class TooLateToStopError(Exception):
    """A signature is being made, or was made."""

    code: ClassVar[str] = "too_late_to_stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    database: Database
    approvals: Approvals
    exchanges: Exchanges
    sessions: BrowserSessions
    confirmation: Confirmation
    clock: Callable[[], datetime]

    def page(self, exchange: Exchange) -> dict[str, object]:
        if exchange.purpose == m.Purpose.IDENTIFY_ALONE:
            return self._of(exchange, signing=False) | {
                "started_on": exchange.started_on,
                "documents": (),
                "signed": False,
            }
        request = self._request(exchange)
        signing = exchange.tx == request.tx and request.state in PAST_CONFIRMATION
        return self._of(exchange, signing=signing) | {
            "request": request,
            "started_on": request.started_on,
            "documents": request.documents,
            "signed": request.state in PAST_CONFIRMATION,
        }

    def _of(self, exchange: Exchange, *, signing: bool) -> dict[str, object]:
        awaits = self.confirmation.awaits_code(exchange) and not signing
        return {
            "exchange": exchange,
            "purpose": exchange.purpose,
            "started_at": exchange.opened_at,
            "code": self.confirmation.code_of(exchange) if awaits else None,
            "type_until": exchange.answered_at and exchange.answered_at + TYPE_WITHIN,
            "confirmed": exchange.confirmed_at is not None or signing,
            "by_code": exchange.confirmed_by == SessionKind.CROSS_DEVICE,
            "closed": exchange.closed_at is not None,
        }

    def not_me(self, exchange: Exchange) -> None:
        """Everything that came of this link ends, or ``TooLateToStopError``."""
        if exchange.purpose == m.Purpose.IDENTIFY_ALONE:
            self.exchanges.close(exchange)
            return
        request = self._request(exchange)
        too_late = request.state in PAST_CONFIRMATION
        if exchange.handle is not None:
            self.sessions.forget_handle(exchange.browser_id, exchange.handle)
        if exchange.purpose == m.Purpose.IDENTIFY or not too_late:
            self.exchanges.close(exchange)
        if State(request.state) in BEFORE_SIGNING:
            self.approvals.end(request, Event.STOPPED, Reason.NOT_ME)
        elif too_late:
            raise TooLateToStopError(request.id)

    def _request(self, exchange: Exchange) -> SigningRequest:
        with self.database.read() as db:
            request = store.by_id(db, exchange.request_id)
        if request is None:
            raise store.RequestNotFoundError(exchange.tx)
        return request
