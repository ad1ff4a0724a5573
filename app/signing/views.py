"""The pages of a signing request: each view translates and decides nothing.

Only the browser that uploaded a document sees anything of it. GET changes nothing.
"""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.database import Database
from app.signers import store as signers
from app.signers.identification import Identification
from app.signers.sessions import UnknownBrowserError
from app.signing import store
from app.signing.approval import Approvals
from app.signing.intake import Intake, NoFileError
from app.signing.reasons import Reason
from app.signing.shown import Shower
from app.signing.states import Event
from app.signing.store import RequestNotFoundError, SigningRequest
from app.web.browser import BrowserDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPages:
    database: Database
    door: BrowserDoor
    intake: Intake
    identification: Identification
    approvals: Approvals
    shower: Shower

    def owned(self, request_id: str) -> SigningRequest:
        try:
            browser = self.door.current()
        except UnknownBrowserError:
            raise RequestNotFoundError(request_id) from None
        with self.database.read() as db:
            return store.owned(db, request_id, browser.id)


def signing_blueprint(pages: SigningPages) -> Blueprint:
    bp = Blueprint("signing", __name__)
    bp.before_request(pages.door.check_form)

    @bp.post("/requests")
    def receive() -> ResponseReturnValue:
        upload = request.files.get("document")
        if upload is None or not upload.filename:
            raise NoFileError
        browser = pages.door.current()
        request_id = pages.intake.receive(browser, upload.filename, upload.read())
        return _to_page(request_id)

    @bp.get("/requests/<request_id>")
    def page(request_id: str) -> ResponseReturnValue:
        owned = pages.owned(request_id)
        with pages.database.read() as db:
            exchange = signers.exchange(db, owned.tx) if owned.tx else None
        return pages.shower.page(owned, exchange, pages.door.current())

    @bp.get("/requests/<request_id>/identification")
    def identification(request_id: str) -> ResponseReturnValue:
        owned = pages.owned(request_id)
        exchange = pages.identification.current(request_id)
        if exchange is None or exchange.confirmed_at is not None:
            return _to_page(request_id)
        return pages.shower.identification(owned, exchange)

    @bp.post("/requests/<request_id>/identify")
    def identify(request_id: str) -> ResponseReturnValue:
        pages.identification.open(pages.door.current(), pages.owned(request_id).id)
        return redirect(url_for("signing.identification", request_id=request_id), 303)

    @bp.post("/requests/<request_id>/approve")
    def approve(request_id: str) -> ResponseReturnValue:
        pages.approvals.ask(pages.owned(request_id), pages.door.current())
        return _to_page(request_id)

    @bp.post("/requests/<request_id>/again")
    def again(request_id: str) -> ResponseReturnValue:
        owned = pages.owned(request_id)
        pages.approvals.withdraw(owned, Event.TRIED_AGAIN, Reason.TRIED_AGAIN)
        return _to_page(request_id)

    @bp.post("/requests/<request_id>/stop")
    def stop(request_id: str) -> ResponseReturnValue:
        owned = pages.owned(request_id)
        pages.approvals.end(owned, Event.STOPPED, Reason.STOPPED)
        return _to_page(request_id)

    return bp


def _to_page(request_id: str) -> ResponseReturnValue:
    return redirect(url_for("signing.page", request_id=request_id), 303)
