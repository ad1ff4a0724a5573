"""``/oid4vp/return``: where a wallet sends the person (OpenID4VP 1.0 §8.2, §14.2).

In the browser that started, cookie and response_code together confirm: the one GET that
changes something. Everywhere else the same address is the phone page: who started
this, when, for which document, the code to type there, and "Not me".
"""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.signers.offers import Offers
from app.signers.passes import SigningPasses
from app.signers.sessions import ForgedFormError, UnknownBrowserError
from app.signers.store import BrowserSession, Exchange
from app.signing.confirmation import Confirmation
from app.signing.delivery import Delivery
from app.signing.phone import Phone
from app.signing.request_pages import to_page, word
from app.signing.wallet_tile import Tiles
from app.signing.wallet_words import wallet_said
from app.signing.watch import Hint, exchange_word
from app.web.browser import BrowserDoor
from sam import messages as m


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPages:
    door: BrowserDoor
    confirmation: Confirmation
    delivery: Delivery
    offers: Offers
    passes: SigningPasses
    phone: Phone
    tiles: Tiles
    cross_device: bool

    def browser(self) -> BrowserSession | None:
        try:
            return self.door.current()
        except UnknownBrowserError:
            return None


def return_blueprint(pages: ReturnPages) -> Blueprint:
    bp = Blueprint("returned", __name__)

    @bp.get("/oid4vp/return")
    def returned() -> ResponseReturnValue:
        code = request.args.get("response_code", "")
        done = pages.confirmation.returned(pages.browser(), code)
        exchange = done.exchange
        if done.wallet_refused:
            return _refused(exchange, here=done.here)
        if not done.here:
            return _phone(pages, exchange, code)
        if done.cookie is not None:
            pages.door.rotated(done.cookie)
        return _confirmed_here(pages, exchange)

    @bp.get("/oid4vp/return/watch")
    def watch() -> ResponseReturnValue:
        code = request.args.get("response_code", "")
        exchange = pages.confirmation.by_return_code(code)
        return word(_word(pages, exchange))

    @bp.post("/oid4vp/return/not-me")
    def not_me() -> ResponseReturnValue:
        """The link itself is the permission: only the wallet was given it."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise ForgedFormError("from another site")
        code = request.form.get("response_code", "")
        exchange = pages.confirmation.by_return_code(code)
        pages.phone.not_me(exchange)
        return redirect(url_for("returned.returned", response_code=code), 303)

    return bp


def _confirmed_here(pages: ReturnPages, exchange: Exchange) -> ResponseReturnValue:
    if exchange.closed_at is not None:  # stopped meanwhile, or asked anew
        return _home(exchange)
    if exchange.purpose == m.Purpose.IDENTIFY:
        return _identified(pages, exchange)
    if exchange.request_id is not None:
        pages.delivery.confirmed(exchange.request_id, exchange.tx)
    return _home(exchange)


def _home(exchange: Exchange) -> ResponseReturnValue:
    """The page in the starting browser that this exchange is about."""
    if exchange.request_id is None:
        return redirect(url_for("identify_alone.page"), 303)
    return to_page(exchange.request_id)


def _word(pages: ReturnPages, exchange: Exchange) -> str:
    """The phone waits for the code, and then for its wallet to fetch the pass."""
    word = exchange_word(exchange, pages.phone.clock())
    offer = pages.offers.of(exchange.tx) if word == Hint.CONFIRMED else None
    return Hint.PASS_TAKEN if offer is not None and offer.redeemed else word


def _refused(exchange: Exchange, *, here: bool) -> ResponseReturnValue:
    if here and exchange.answered_at is not None:
        return _home(exchange)  # it changed its mind meanwhile
    said = wallet_said(exchange.wallet_error or "")
    return render_template("wallet_said.html", exchange=exchange, said=said, here=here)


def _phone(pages: ReturnPages, exchange: Exchange, code: str) -> ResponseReturnValue:
    if not pages.cross_device:
        raise UnknownBrowserError
    return render_template(
        "phone.html",
        response_code=code,
        watch_url=url_for("returned.watch", response_code=code),
        word=_word(pages, exchange),
        **pages.phone.page(exchange),
        **_offer(pages, exchange, on_phone=True),
    )


def _identified(pages: ReturnPages, exchange: Exchange) -> ResponseReturnValue:
    browser = pages.door.current()
    return render_template(
        "identified.html",
        exchange=exchange,
        browser=browser,
        held=pages.passes.if_known(browser),
        **_offer(pages, exchange, on_phone=False),
    )


def _offer(
    pages: ReturnPages, exchange: Exchange, *, on_phone: bool
) -> dict[str, object]:
    """The signing pass is offered where the wallet is."""
    shown = exchange.confirmed_by == ("cross_device" if on_phone else "same_device")
    offer = pages.offers.of(exchange.tx) if shown else None
    link = offer and pages.tiles.demo_link(offer.link)
    return {"offer": offer, "demo_offer_link": link}
