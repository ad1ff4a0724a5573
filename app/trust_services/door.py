"""A very small WSGI door: one method and media type per path, bounded bodies.

Paths are exact; below a few a GET carries its question in the rest of the path.

A door knows nothing of what lies behind it. In this order it refuses:

    404 unknown path · 405 other method · 415 other media type
    411 no Content-Length (so no chunked bodies) · 413 too long · 400 cut off

and turns a ``TrustServicesError`` into its status with one line of text. Anything else
that is raised is a fault of ours, for the server to log.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.http import parse_options_header

from app.trust_services.errors import TrustServicesError

TEXT: Final = "text/plain; charset=utf-8"
_MAX_DIGITS: Final = 9

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back: 200 unless said otherwise."""

    body: bytes
    content_type: str = TEXT
    status: HTTPStatus = HTTPStatus.OK
    cache_control: str = "no-store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """The one media type a route takes; ``parameter`` must match case-insensitively."""

    type: str
    parameter: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """GET (and HEAD) without ``media``, POST with it. ``answer`` gets the body."""

    answer: Callable[[bytes], Answer]
    media: Media | None = None
    max_body: int = 0

    @property
    def methods(self) -> tuple[str, ...]:
        return ("GET", "HEAD") if self.media is None else ("POST",)


class _RefusedError(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Door:
    """A WSGI application over a fixed table of routes."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        below: Mapping[str, Callable[[str], Answer]] | None = None,
    ) -> None:
        """``below``: path with its last slash → what answers the rest, decoded."""
        self._routes = dict(routes)
        self._below = dict(below or {})

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        route = self._route(environ.get("PATH_INFO", ""))
        answer = self._answer(route, environ)
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("Cache-Control", answer.cache_control),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED and route is not None:
            headers.append(("Allow", ", ".join(route.methods)))
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _route(self, path: str) -> Route | None:
        for start, answer in self._below.items():
            if path.startswith(start):
                return _below(answer, path.removeprefix(start))
        return self._routes.get(path)

    def _answer(self, route: Route | None, environ: WSGIEnvironment) -> Answer:
        try:
            return _admitted(route, environ)
        except _RefusedError as refused:
            return _refusal(refused.status, "http", refused.status.phrase)
        except TrustServicesError as error:
            _log.warning("refused: %s", error.code)
            return _refusal(HTTPStatus(error.status), error.code, str(error))


def _below(answer: Callable[[str], Answer], rest: str) -> Route:
    return Route(answer=lambda _: answer(rest))


def _admitted(route: Route | None, environ: WSGIEnvironment) -> Answer:
    if route is None:
        raise _RefusedError(HTTPStatus.NOT_FOUND)
    if environ["REQUEST_METHOD"] not in route.methods:
        raise _RefusedError(HTTPStatus.METHOD_NOT_ALLOWED)
    if route.media is None:
        return route.answer(b"")
    _check_media(route.media, environ.get("CONTENT_TYPE", ""))
    return route.answer(_body(environ, route.max_body))


def _check_media(media: Media, content_type: str) -> None:
    value, parameters = parse_options_header(content_type)
    fits = value.lower() == media.type
    if fits and media.parameter is not None:
        name, wanted = media.parameter
        fits = parameters.get(name, "").lower() == wanted.lower()
    if not fits:
        raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _body(environ: WSGIEnvironment, limit: int) -> bytes:
    declared = environ.get("CONTENT_LENGTH", "")
    if not declared:
        raise _RefusedError(HTTPStatus.LENGTH_REQUIRED)
    if not (declared.isascii() and declared.isdigit()):
        raise _RefusedError(HTTPStatus.BAD_REQUEST)
    if len(declared) > _MAX_DIGITS or int(declared) > limit:
        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = environ["wsgi.input"].read(int(declared))
    if len(body) != int(declared):
        raise _RefusedError(HTTPStatus.BAD_REQUEST)
    return bytes(body)


def _refusal(status: HTTPStatus, code: str, text: str) -> Answer:
    line = " ".join(f"{code}: {text}".split())[:300]
    return Answer(body=line.encode() + b"\n", status=status)
