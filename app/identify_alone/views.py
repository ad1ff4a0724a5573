"""``/identify``: wallet link and QR, the wait, the confirmation, the name."""

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.identify_alone.service import LoneIdentification
from app.signers.device_words import device_words
from app.signers.store import Exchange
from app.signing.confirmation import MAX_CODE_TRIES
from app.signing.request_pages import word
from app.signing.shown import shallow
from app.signing.wallet_tile import Tiles
from app.signing.watch import Hint, exchange_word
from app.web.browser import BrowserDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class LonePages:
    door: BrowserDoor
    identification: LoneIdentification
    tiles: Tiles
    offered: bool

    def word(self, exchange: Exchange | None) -> str:
        if exchange is None:
            return Hint.CLOSED
        return exchange_word(exchange, self.identification.clock())

    def page(self) -> str:
        exchange = self.identification.current(self.door.current_or_new())
        waits = exchange is not None and exchange.closed_at is None
        return render_template(
            "identify_alone.html",
            exchange=exchange if waits else None,
            closed=exchange is not None and not waits,
            watch_url=url_for("identify_alone.watch"),
            word=self.word(exchange),
            **(self._waiting(exchange) if exchange is not None else {}),
        )

    def _waiting(self, exchange: Exchange) -> dict[str, object]:
        awaits = self.identification.confirmation.awaits_code(exchange)
        return {
            "code_input": awaits,
            "wrong_code": exchange.code_tries > 0,
            "tries_left": max(0, MAX_CODE_TRIES - exchange.code_tries),
            **shallow(self.tiles.of(exchange)),
        }


def identify_alone_blueprint(pages: LonePages) -> Blueprint:
    bp = Blueprint("identify_alone", __name__)

    @bp.before_request
    def only_where_offered() -> None:
        pages.door.check_form()
        if not pages.offered:
            abort(404)

    @bp.get("/identify")
    def page() -> ResponseReturnValue:
        return pages.page()

    @bp.post("/identify")
    def start() -> ResponseReturnValue:
        started_on = device_words(request.user_agent.string)
        pages.identification.open(pages.door.current(), started_on)
        return _to_page()

    @bp.post("/identify/confirm")
    def confirm() -> ResponseReturnValue:
        typed = request.form.get("code", "")
        cookie = pages.identification.confirm(pages.door.current(), typed)
        if cookie is not None:
            pages.door.rotated(cookie)
        return _to_page()

    @bp.post("/identify/stop")
    def stop() -> ResponseReturnValue:
        pages.identification.close(pages.door.current())
        return _to_page()

    @bp.get("/identify/watch")
    def watch() -> ResponseReturnValue:
        exchange = pages.identification.current(pages.door.current())
        return word(pages.word(exchange))

    return bp


def _to_page() -> ResponseReturnValue:
    return redirect(url_for("identify_alone.page"), 303)
