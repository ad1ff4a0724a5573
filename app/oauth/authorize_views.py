"""``/oauth2/authorize`` (RFC 6749 §4.1.1, RFC 9126 §4): the person's page.

It takes a pushed request and nothing else from the address, is shown only in the
browser that is identified, and does nothing without a click. What cannot be decided
here goes nowhere: an error is shown, never sent to a redirect URI we cannot rely on.
"""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from app.oauth.authorizations import OtherBrowserError, UnknownRequestError
from app.oauth.redirect_uris import form_target, shown_target
from app.oauth.server import AUTHORIZE, OneServer
from app.oauth.store import Authorization
from app.signers.sessions import ForgedFormError, UnknownBrowserError
from app.web.browser import BrowserDoor
from app.web.headers import CONTENT_SECURITY_POLICY

MAX_FORM: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the person reads."""

    status: int
    title: str
    happened: str
    next_step: str


_AGAIN: Final = "Go back to your wallet and begin again with the link on our page."
_ELSEWHERE: Final = Refusal(
    403,
    "This is not the browser where you identified yourself",
    "A signing pass is given only there, to the person who came by their wallet.",
    "Go to the page that offered the pass and open your wallet from it.",
)
REFUSALS: Final[dict[type[Exception], Refusal]] = {
    UnknownRequestError: Refusal(
        400,
        "This request no longer works",
        "It was answered, it is older than two minutes, or your wallet has its pass.",
        _AGAIN,
    ),
    OtherBrowserError: _ELSEWHERE,
    UnknownBrowserError: _ELSEWHERE,
    ForgedFormError: Refusal(
        403,
        "This page was out of date",
        "The button you pressed came from an old page or from another site.",
        _AGAIN,
    ),
}


def authorize_blueprint(server: OneServer, door: BrowserDoor) -> Blueprint:
    bp = Blueprint("authorize", __name__)

    def waiting(values: dict[str, str]) -> Authorization:
        return server.authorizations.waiting(
            door.current(), values.get("request_uri", ""), values.get("client_id", "")
        )

    @bp.before_request
    def limit_body() -> None:
        request.max_content_length = MAX_FORM

    @bp.get(AUTHORIZE)
    def ask() -> ResponseReturnValue:
        asked = waiting(request.args)
        page = render_template(
            "authorize.html",
            name=door.current().display_name,
            target=shown_target(asked.redirect_uri),
            request_uri=request.args["request_uri"],
            client_id=asked.client_id,
        )
        return _may_leave_to(asked.redirect_uri, make_response(page))

    @bp.post(AUTHORIZE)
    def decide() -> ResponseReturnValue:
        door.check_form()
        asked = waiting(request.form)
        answer = server.decide(asked, allowed=request.form.get("decision") == "allow")
        if answer is None:
            raise UnknownRequestError
        answer.status_code = 303  # RFC 9700 §4.12: never 307 after a form
        return answer

    def refuse(error: Exception) -> ResponseReturnValue:
        refusal = REFUSALS[type(error)]
        page = render_template("authorize_refused.html", refusal=refusal)
        return page, refusal.status

    for kind in REFUSALS:
        bp.register_error_handler(kind, refuse)
    return bp


def _may_leave_to(redirect_uri: str, page: Response) -> Response:
    """Browsers hold a form's redirects to ``form-action`` too."""
    ours = "form-action 'self'"
    policy = CONTENT_SECURITY_POLICY.replace(
        ours, f"{ours} {form_target(redirect_uri)}"
    )
    page.headers["Content-Security-Policy"] = policy
    return page
