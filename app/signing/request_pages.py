"""What every view over a signing request shares: whose it is, and what it needs."""

from dataclasses import dataclass

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.database import Database
from app.signers import store as signers
from app.signers.sessions import UnknownBrowserError
from app.signers.store import Exchange
from app.signing import store
from app.signing.handover import Handovers
from app.signing.intake import Intake
from app.signing.shown import Shower
from app.signing.signer_steps import SignerSteps
from app.signing.states import State
from app.signing.store import RequestNotFoundError
from app.signing.tables import SigningRequest
from app.web.browser import BrowserDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPages:
    database: Database
    door: BrowserDoor
    intake: Intake
    steps: SignerSteps
    shower: Shower
    handovers: Handovers

    def owned(self, request_id: str) -> SigningRequest:
        try:
            browser = self.door.current()
        except UnknownBrowserError:
            raise RequestNotFoundError(request_id) from None
        with self.database.read() as db:
            return store.owned(db, request_id, browser.id)

    def helped_along(self, owned: SigningRequest) -> SigningRequest:
        """A page in ``signing`` does not wait for the worker to make the signature."""
        self.steps.delivery.lend_a_hand(owned)
        return self.owned(owned.id) if owned.state == State.SIGNING else owned

    def unless_moved(self, request_id: str) -> SigningRequest | None:
        """``None``: this browser gave the request to another one, and sees no more."""
        try:
            return self.owned(request_id)
        except RequestNotFoundError:
            if self._gave_away(request_id):
                return None
            raise

    def _gave_away(self, request_id: str) -> bool:
        try:
            browser = self.door.current()
        except UnknownBrowserError:
            return False
        return self.handovers.gave_away(request_id, browser)

    def exchange(self, owned: SigningRequest) -> Exchange | None:
        """The approval under way, if there is one."""
        if owned.tx is None:
            return None
        with self.database.read() as db:
            return signers.exchange(db, owned.tx)


def to_page(request_id: str) -> ResponseReturnValue:
    return redirect(url_for("signing.page", request_id=request_id), 303)


def word(state: str) -> Response:
    """What a waiting page asks for; 304 while it stays the same."""
    response = jsonify(state=state)
    response.add_etag()
    return response.make_conditional(request)
