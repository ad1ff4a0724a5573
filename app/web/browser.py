"""The browser's cookie at the edge: read once, set when new, never more than opaque.

With https: ``__Host-`` and Secure, so that no sibling host can plant or shadow it.
SameSite=Lax because a wallet brings the person back by a link (Strict would lose it).
"""

from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, g, request

from app.signers.sessions import (
    BrowserSessions,
    Cookie,
    ForgedFormError,
    UnknownBrowserError,
    check_csrf_token,
)
from app.signers.store import BrowserSession


@dataclass(frozen=True, slots=True)
class BrowserDoor:
    sessions: BrowserSessions
    secure: bool

    @property
    def cookie_name(self) -> str:
        return "__Host-qes" if self.secure else "qes"

    def init_app(self, app: Flask) -> None:
        app.after_request(self._set_cookie)
        app.jinja_env.globals["csrf_token"] = lambda: self.current().csrf_token

    def current(self) -> BrowserSession:
        """The browser that asks; ``UnknownBrowserError`` without a live cookie."""
        if "browser" not in g:
            g.browser = self.sessions.find(request.cookies.get(self.cookie_name))
        return cast("BrowserSession", g.browser)

    def current_or_new(self) -> BrowserSession:
        try:
            return self.current()
        except UnknownBrowserError:
            g.browser, g.new_cookie = self.sessions.start()
            return cast("BrowserSession", g.browser)

    def rotated(self, cookie: Cookie) -> BrowserSession:
        """From here on this response speaks for the session's new cookie."""
        g.new_cookie = cookie
        g.browser = self.sessions.find(cookie.value)
        return cast("BrowserSession", g.browser)

    def check_form(self) -> None:
        """Every state-changing form carries this browser's token (threat WB1).

        Sec-Fetch-Site rather than Origin: under our Referrer-Policy browsers send
        ``Origin: null`` even for our own forms.
        """
        if request.method != "POST":
            return
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise ForgedFormError("from another site")
        check_csrf_token(self.current(), request.form.get("csrf_token", ""))

    def _set_cookie(self, response: Response) -> Response:
        cookie: Cookie | None = g.pop("new_cookie", None)
        if cookie is not None:
            response.set_cookie(
                self.cookie_name,
                cookie.value,
                max_age=cookie.max_age,
                path="/",
                secure=self.secure,
                httponly=True,
                samesite="Lax",
            )
        return response
