"""What this browser's session is: who, how confirmed, until when; its end; its data."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.database import Database
from app.signers.session_kinds import Reach, kind_of, require_reach
from app.signers.sessions import BrowserSessions
from app.signing import store
from app.signing.tables import SigningRequest
from app.web.browser import BrowserDoor


def session_blueprint(
    door: BrowserDoor,
    sessions: BrowserSessions,
    database: Database,
    clock: Callable[[], datetime],
) -> Blueprint:
    bp = Blueprint("session", __name__)
    bp.before_request(door.check_form)

    @bp.get("/session")
    def page() -> ResponseReturnValue:
        browser = door.current_or_new()
        identified = browser.live_handle(clock()) is not None
        return render_template(
            "session.html",
            browser=browser,
            kind=kind_of(browser),
            identified=identified,
        )

    @bp.post("/session/forget")
    def forget() -> ResponseReturnValue:
        """Nobody is identified here any more; the documents stay where they are."""
        sessions.forget_signer(door.current())
        return redirect(url_for("session.page"), 303)

    @bp.get("/session/export.json")
    def export() -> ResponseReturnValue:
        """All that is stored of this person's documents here (GDPR Art. 15, 20)."""
        browser = door.current()
        require_reach(browser, Reach.EXPORT)
        with database.read() as db:
            requests = store.of_browser(db, browser.id)
        response = jsonify(
            display_name=browser.display_name,
            session_ends_at=browser.expires_at.isoformat(),
            requests=[_exported(request) for request in requests],
        )
        response.headers["Content-Disposition"] = "attachment; filename=my-data.json"
        return response

    return bp


def _exported(request: SigningRequest) -> dict[str, object]:
    return {
        "state": request.state,
        "created_at": request.created_at.isoformat(),
        "started_on": request.started_on,
        "terms": request.terms_version,
        "signed_by": request.signer_name,
        "signed_at": request.signed_at and request.signed_at.isoformat(),
        "record_number": request.release,
        "documents": [
            {
                "name": document.name,
                "shown_in_the_wallet": document.label,
                "approved_fingerprint": document.sdr,
                "original_fingerprint": document.sodr,
                "signed_fingerprint": document.signed,
            }
            for document in request.documents
        ],
    }
