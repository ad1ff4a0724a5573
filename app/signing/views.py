"""The pages of a signing request: each view translates and decides nothing.

Only the browser the request belongs to sees anything of it. GET moves no state that a
person or a wallet has to move: a page in ``signing`` only helps the worker.
"""

import re
from contextlib import closing
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from app.signers.device_words import device_words
from app.signing.intake import Upload
from app.signing.request_pages import SigningPages, to_page, word
from app.signing.states import State
from app.signing.step_views import add_steps, add_undoing
from app.signing.store import RequestNotFoundError
from app.signing.watch import Hint, exchange_word, request_word

NUMBER: Final = re.compile(r"[0-9]{1,5}")


def signing_blueprint(pages: SigningPages) -> Blueprint:
    """Reading and watching; the steps are ``step_views``."""
    bp = Blueprint("signing", __name__)
    bp.before_request(pages.door.check_form)
    add_steps(bp, pages)
    add_undoing(bp, pages)

    @bp.post("/requests")
    def receive() -> ResponseReturnValue:
        chosen = [f for f in request.files.getlist("document") if f.filename]
        browser = pages.door.current()
        started_on = device_words(request.user_agent.string)
        uploads = [_upload(file) for file in chosen]
        request_id = pages.intake.receive(browser, uploads, started_on)
        return to_page(request_id)

    @bp.get("/requests/<request_id>")
    def page(request_id: str) -> ResponseReturnValue:
        owned = pages.unless_moved(request_id)
        if owned is None:
            return render_template("moved.html")
        owned = pages.helped_along(owned)
        at = _number("document"), _number("page")
        browser = pages.door.current()
        return pages.shower.page(owned, pages.exchange(owned), browser, at)

    @bp.get("/requests/<request_id>/watch")
    def watch(request_id: str) -> ResponseReturnValue:
        owned = pages.unless_moved(request_id)
        if owned is None:
            return word(Hint.MOVED)
        now = pages.shower.clock()
        return word(request_word(State(owned.state), pages.exchange(owned), now))

    @bp.get("/requests/<request_id>/identification")
    def identification(request_id: str) -> ResponseReturnValue:
        owned = pages.owned(request_id)
        exchange = pages.steps.identification.current(request_id)
        if exchange is None or exchange.confirmed_at is not None:
            return to_page(request_id)
        return pages.shower.identification(owned, exchange)

    @bp.get("/requests/<request_id>/identification/watch")
    def watch_identification(request_id: str) -> ResponseReturnValue:
        owned = pages.owned(request_id)
        exchange = pages.steps.identification.current(owned.id)
        if exchange is None:
            raise RequestNotFoundError(request_id)
        return word(exchange_word(exchange, pages.shower.clock()))

    return bp


def _upload(file: FileStorage) -> Upload:
    with closing(file):
        return Upload(file.filename, file.read())


def _number(name: str) -> int:
    """A query's page number; what is none is page 1."""
    value = request.args.get(name, "1")
    return int(value) if NUMBER.fullmatch(value) else 1
