"""“Continue on your phone”: a request moves, once, to the browser with the ticket.

It moves and is not shared: from then on the first browser sees nothing of it. So who
shows a ticket to another person gives a document away, and never gets a signature for
it. Whatever wallet link was open is closed first.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from app.database import Database
from app.signers import store as signers
from app.signers.identification import Identification
from app.signers.sessions import hashed
from app.signers.store import BrowserSession
from app.signing import store
from app.signing.approval import Approvals
from app.signing.reasons import Reason
from app.signing.states import TAKEN_BACK_BY, State
from app.signing.tables import Handover, SigningRequest
from app.web_secret import Purpose, WebSecret

TICKET_LIFETIME: Final = timedelta(minutes=5)


class HandoverOverError(Exception):
    """The ticket is unknown, old or used, or the document has moved on."""

    code: ClassVar[str] = "handover_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    url: str
    expires_at: datetime


class Handovers:
    def __init__(
        self,
        *,
        database: Database,
        approvals: Approvals,
        identification: Identification,
        secret: WebSecret,
        clock: Callable[[], datetime],
        base_url: str,
    ) -> None:
        self._database = database
        self._approvals = approvals
        self._identification = identification
        self._secret = secret
        self._clock = clock
        self._base_url = base_url

    def offer(self, request: SigningRequest) -> None:
        """Takes an open question back, so that one wallet link is open at a time."""
        if request.state != State.READY:
            event = TAKEN_BACK_BY.get(State(request.state))
            if event is None:
                raise HandoverOverError(request.id)
            self._approvals.withdraw(request, event, Reason.TRIED_AGAIN)
        self._identification.close(request.id)
        handover_id = secrets.token_hex(16)
        ticket = self._secret.derive(Purpose.HANDOVER, handover_id)
        offered = Handover(
            id=handover_id,
            ticket_hash=hashed(ticket),
            request_id=request.id,
            from_browser_id=request.browser_id,
            expires_at=self._clock() + TICKET_LIFETIME,
        )
        with self._database.write() as db:
            db.add(offered)

    def ticket(self, request: SigningRequest) -> Ticket | None:
        """The one to show; ``None`` when it is old, taken, or none was made."""
        with self._database.read() as db:
            found = store.offered_handover(db, request.id, self._clock())
        if found is None or request.state != State.READY:
            return None
        ticket = self._secret.derive(Purpose.HANDOVER, found.id)
        url = f"{self._base_url}/continue/{ticket}"
        return Ticket(url=url, expires_at=found.expires_at)

    def offered(self, ticket: str) -> SigningRequest:
        """What the ticket is for, to be shown before it is taken."""
        with self._database.read() as db:
            found = store.handover(db, hashed(ticket))
            request = None if found is None else store.by_id(db, found.request_id)
        if found is None or request is None or found.expires_at <= self._clock():
            raise HandoverOverError
        if found.taken_at is not None or request.state != State.READY:
            raise HandoverOverError(request.id)
        return request

    def take(self, ticket: str, browser: BrowserSession) -> str:
        """The id of the request, which from now on is this browser's."""
        self.offered(ticket)
        with self._database.write() as db:
            found = store.handover(db, hashed(ticket))
            if found is None or not store.take_over(
                db, found, browser.id, self._clock()
            ):
                raise HandoverOverError
            before = db.get(BrowserSession, found.from_browser_id)
            if before is not None and before.wallet_profile is not None:
                signers.set_wallet_profile(db, browser.id, before.wallet_profile)
            return found.request_id

    def gave_away(self, request_id: str, browser: BrowserSession) -> bool:
        with self._database.read() as db:
            return store.handed_over(db, request_id, browser.id)
