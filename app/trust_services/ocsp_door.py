"""OCSP over HTTP: RFC 6960 appendix A.1, and what caches may do by RFC 5019.

    POST /ocsp            application/ocsp-request in, application/ocsp-response out
    GET  /ocsp/{base64}   the same, for questions without a nonce that caches may keep

An answer may be kept for seconds only: a revocation is to show within seconds.
"""

import base64
import binascii
from typing import Final

from app.trust_services.door import Answer, Media, Route
from app.trust_services.ocsp import OcspResponder, Reply

MAX_REQUEST: Final = 4 * 1024  # a request is about 120 bytes
QUESTION: Final = Media(type="application/ocsp-request")
RESPONSE: Final = "application/ocsp-response"
PATH: Final = "/ocsp"
KEPT: Final = "public, no-transform, must-revalidate, max-age=5"


def posted(responder: OcspResponder) -> Route:
    return Route(
        answer=lambda body: _answer(responder.answer(body), "no-store"),
        media=QUESTION,
        max_body=MAX_REQUEST,
    )


def fetched(responder: OcspResponder, rest: str) -> Answer:
    """``rest`` of the path: base64 of the request, already percent-decoded."""
    try:
        request = base64.b64decode(rest, validate=True)
    except (ValueError, binascii.Error):  # not base64, or not even ASCII
        request = b""
    reply = responder.answer(request)
    return _answer(reply, KEPT if reply.cacheable else "no-store")


def _answer(reply: Reply, cache_control: str) -> Answer:
    return Answer(body=reply.der, content_type=RESPONSE, cache_control=cache_control)
