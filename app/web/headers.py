"""Headers of every answer, errors included."""

from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, request

from app.config import is_loopback

CONTENT_SECURITY_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The return page's address holds a response_code: it goes nowhere.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ONE_YEAR: Final = "max-age=31536000"


def init_headers(app: Flask, base_url: str, *, dc_api: bool = False) -> None:
    """No HSTS on loopback: it would hold for every other port of the machine too."""
    parts = urlsplit(base_url)
    strict = parts.scheme == "https" and not is_loopback(parts.hostname or "")

    headers = dict(HEADERS)
    if dc_api:  # pages may ask through the browser, and what they frame may not
        headers["Permissions-Policy"] += ", digital-credentials-get=(self)"

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if strict:
            response.headers["Strict-Transport-Security"] = ONE_YEAR
        if request.endpoint == "static":
            response.headers["Cache-Control"] = "public, max-age=3600"
        elif not response.cache_control.public:  # said by what is nobody's
            response.headers["Cache-Control"] = "no-store"
            response.vary.add("Cookie")
        return response
