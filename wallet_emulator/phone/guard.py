"""Whom the phone's pages listen to: this machine's browser, and its own forms.

    Host            a loopback name, so that no rebound name of a stranger reaches us
    POST            Sec-Fetch-Site same-origin where the browser says it, and the token
    every answer    no script, nothing from elsewhere, no frame, no referrer, no store

The token is one for the life of the process and stands in every form. Another site can
make a browser post here but cannot read a page, so it cannot know it; a cookie would
add nothing, and cookies of ``localhost`` are shared by all its ports.
"""

import hmac
import secrets
from typing import Final

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from wallet_emulator.phone.words import Words

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_FORBIDDEN: Final = 403
_MISDIRECTED: Final = 421
_NOT_OURS: Final = Words(
    title="The phone did nothing",
    what="That form was not of this phone's pages, or the phone was restarted since.",
    remedy="Open the wallet anew and repeat it there.",
)
_NOT_HERE: Final = Words(
    title="There is no such page on this phone",
    what="The address is wrong, or too much was sent at once.",
    remedy="Go to the wallet.",
)


class Guard:
    """``token`` is what the phone's forms carry."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)

    def init_app(self, app: Flask) -> None:
        app.jinja_env.globals["form_token"] = self.token
        app.before_request(self._check)
        app.after_request(_add_headers)
        app.register_error_handler(HTTPException, _in_words)

    def _check(self) -> tuple[str, int] | None:
        if _name_of(request.host) not in LOOPBACK_NAMES:
            return "This test phone answers on this machine only.\n", _MISDIRECTED
        if request.method == "POST" and not self._own_form():
            return render_template("problem.html", words=_NOT_OURS), _FORBIDDEN
        return None

    def _own_form(self) -> bool:
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return False
        sent = request.form.get("token", "").encode("utf-8", "replace")
        return hmac.compare_digest(sent, self.token.encode())


def _name_of(host: str) -> str:
    """``host`` without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and (port.isdecimal() or not port) else host


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _in_words(error: HTTPException) -> tuple[str, int]:
    return render_template("problem.html", words=_NOT_HERE), error.code or _FORBIDDEN
