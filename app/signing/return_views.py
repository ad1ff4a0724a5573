"""``/oid4vp/return``: where a wallet sends the person (OpenID4VP 1.0 §8.2, §14.2).

The one GET that changes something: it is guarded by cookie and response_code together.
"""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.signers.offers import Offers
from app.signing.confirmation import Confirmation
from app.signing.delivery import Delivery
from app.signing.wallet_words import wallet_said
from app.web.browser import BrowserDoor
from sam import messages as m


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPages:
    door: BrowserDoor
    confirmation: Confirmation
    delivery: Delivery
    offers: Offers


def return_blueprint(pages: ReturnPages) -> Blueprint:
    bp = Blueprint("returned", __name__)

    @bp.get("/oid4vp/return")
    def returned() -> ResponseReturnValue:
        browser = pages.door.current()
        code = request.args.get("response_code", "")
        done = pages.confirmation.returned(browser, code)
        exchange = done.exchange
        if done.wallet_refused and exchange.answered_at is None:
            said = wallet_said(exchange.wallet_error)
            return render_template("wallet_said.html", exchange=exchange, said=said)
        if done.wallet_refused:  # it changed its mind: the document's page tells
            return _to_page(exchange.request_id)
        if done.cookie is not None:
            browser = pages.door.rotated(done.cookie)
        if exchange.purpose == m.Purpose.IDENTIFY:
            offer = pages.offers.of(exchange.tx)
            return render_template(
                "identified.html", exchange=exchange, browser=browser, offer=offer
            )
        pages.delivery.confirmed(exchange.request_id)
        return _to_page(exchange.request_id)

    return bp


def _to_page(request_id: str) -> ResponseReturnValue:
    return redirect(url_for("signing.page", request_id=request_id), code=303)
