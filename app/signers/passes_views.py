"""Pages of a person's signing passes (no script needed), and the public status list."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from app.signers.passes import NobodyIdentifiedError, SigningPasses
from app.web.browser import BrowserDoor
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

STATUS_LIST = "application/statuslist+jwt"


def passes_blueprint(door: BrowserDoor, passes: SigningPasses) -> Blueprint:
    bp = Blueprint("passes", __name__)
    bp.before_request(door.check_form)

    @bp.get("/session/passes")
    def page() -> ResponseReturnValue:
        held = passes.of(door.current_or_new())
        return render_template("passes.html", held=held, browser=door.current())

    @bp.get("/session/passes/<which>/end")
    def ask(which: str) -> ResponseReturnValue:
        """Changes nothing: says what would end, and asks."""
        meant = passes.of(door.current_or_new()).named(which)
        if not meant:
            return redirect(url_for("passes.page"), 303)
        return render_template("passes_end.html", meant=meant, which=which)

    @bp.post("/session/passes/<which>/end")
    def end(which: str) -> ResponseReturnValue:
        passes.take_back(door.current(), which)
        return redirect(url_for("passes.page"), 303)

    @bp.errorhandler(NobodyIdentifiedError)
    def nobody(_: NobodyIdentifiedError) -> ResponseReturnValue:
        return redirect(url_for("session.page"), 303)

    return bp


def status_list_blueprint(sam: SamClient) -> Blueprint:
    """Token Status List §8: no cookie, no person; anybody may look, and keep it."""
    bp = Blueprint("status_list", __name__)

    @bp.get("/oid4vci/status/<int(min=1, max=10000):number>")
    def status_list(number: int) -> ResponseReturnValue:
        accept = request.accept_mimetypes
        if accept and accept.best_match([STATUS_LIST]) is None:
            return "", 406
        signed = _signed(number)
        response = Response(signed.token, mimetype=STATUS_LIST)
        response.cache_control.public = True
        response.cache_control.max_age = signed.ttl
        response.vary.add("Accept")
        response.add_etag()
        return response.make_conditional(request)

    def _signed(number: int) -> m.SignedStatusList:
        try:
            return sam.pass_status_list(number)
        except sam_errors.UnknownStatusListError:
            raise NotFound from None

    return bp
