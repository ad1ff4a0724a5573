"""Ask a wallet through the browser itself (OpenID4VP 1.0 App. A), by a click on a page.

The script of the page fetches a signed request, hands it to the browser, and posts what
the browser returns: in the session that asked, with its token. There is no code to scan
and none to type. Where the page then goes confirms the browser as every return does.
"""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from app.identify_alone.service import LoneIdentification
from app.signers.device_words import device_words
from app.signers.store import Exchange
from app.signing.exchange import Relay, UnknownExchangeError
from app.signing.request_pages import SigningPages
from sam import errors as sam_errors

PROTOCOL: Final = "openid4vp-v1-signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserPages:
    signing: SigningPages
    relay: Relay
    alone: LoneIdentification
    offered: bool
    alone_offered: bool

    def asked(self, exchange: Exchange) -> ResponseReturnValue:
        """What the script hands over, and where it posts what comes back."""
        return jsonify(
            protocol=PROTOCOL,
            request=self.relay.request_in_browser(exchange),
            answer_to=url_for("browser.answer", tx=exchange.tx),
        )


def browser_blueprint(pages: BrowserPages) -> Blueprint:
    bp = Blueprint("browser", __name__)
    door = pages.signing.door

    @bp.before_request
    def only_where_offered() -> None:
        door.check_form()
        if not pages.offered:
            abort(404)

    @bp.post("/requests/<request_id>/identify/browser")
    def identify(request_id: str) -> ResponseReturnValue:
        owned = pages.signing.owned(request_id)
        steps = pages.signing.steps
        return pages.asked(steps.identify(owned, door.current(), dc_api=True))

    @bp.post("/identify/browser")
    def identify_alone() -> ResponseReturnValue:
        if not pages.alone_offered:
            abort(404)
        started_on = device_words(request.user_agent.string)
        browser = door.current()
        return pages.asked(pages.alone.open(browser, started_on, dc_api=True))

    @bp.post("/oid4vp/browser/<tx>")
    def answer(tx: str) -> ResponseReturnValue:
        data = request.form.get("data", "")
        next_page = pages.relay.answer_in_browser(door.current(), tx, data)
        return jsonify(next=next_page)

    for refused in (
        UnknownExchangeError,
        sam_errors.AnswerRefusedError,
        sam_errors.MalformedCallError,
        sam_errors.AlreadyAnsweredError,
        sam_errors.TransactionClosedError,
        sam_errors.UnknownTransactionError,
    ):
        bp.register_error_handler(refused, _refused)
    return bp


def _refused(error: Exception) -> ResponseReturnValue:
    """The page says what it may say of it; the script only has to go there."""
    status = 404 if isinstance(error, UnknownExchangeError) else 400
    return jsonify(error="invalid_request"), status
