"""Serve the test PID provider's lists, on loopback: what ``status_lists`` publishes.

A list is signed anew when somebody was revoked, and once in an hour: in between every
reader gets the same bytes, as from a static file.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from flask import Flask, Response, request

from wallet_emulator.list_tokens import (
    CWT_TYPE,
    IDENTIFIER_CWT_TYPE,
    JWT_TYPE,
    TTL,
    ListSigner,
)
from wallet_emulator.status_lists import (
    IDENTIFIER_PATH,
    STATUS_PATH,
    Register,
    StatusLists,
)

SIGNED_ANEW: Final = timedelta(hours=1)
STATUS_JWT: Final = f"application/{JWT_TYPE}"
_NOT_ACCEPTABLE: Final = 406

Sign: TypeAlias = Callable[[str, Register, datetime], bytes]


@dataclass(frozen=True, slots=True)
class _Signed:
    register: Register
    at: datetime
    token: bytes

    def serves(self, register: Register, now: datetime) -> bool:
        """Whether a new token would say the same; places given are not in it."""
        return (
            now - self.at < SIGNED_ANEW
            and self.register.revoked == register.revoked
            and self.register.revoked_names == register.revoked_names
        )


class SignedLists:
    """The lists as last signed, by media type."""

    def __init__(
        self, lists: StatusLists, signer: ListSigner, clock: Callable[[], datetime]
    ) -> None:
        self._lists = lists
        self._clock = clock
        self._ways: Mapping[str, tuple[Sign, str]] = {
            STATUS_JWT: (signer.status_jwt, lists.status_uri),
            CWT_TYPE: (signer.status_cwt, lists.status_uri),
            IDENTIFIER_CWT_TYPE: (signer.identifier_cwt, lists.identifier_uri),
        }
        self._signed: dict[str, _Signed] = {}
        self._lock = threading.Lock()

    def get(self, media_type: str) -> bytes:
        """The list in this encoding, as it stands now."""
        with self._lock:
            register, now = self._lists.register(), self._clock()
            held = self._signed.get(media_type)
            if held is None or not held.serves(register, now):
                sign, uri = self._ways[media_type]
                held = _Signed(register, now, sign(uri, register, now))
                self._signed[media_type] = held
            return held.token


def create_app(signed: SignedLists) -> Flask:
    """The two addresses; a status list in the encoding that is asked for, else JWT."""
    app = Flask(__name__, static_folder=None)

    @app.get(STATUS_PATH)
    def status_list() -> Response:
        return _answer(signed, (STATUS_JWT, CWT_TYPE))

    @app.get(IDENTIFIER_PATH)
    def identifier_list() -> Response:
        return _answer(signed, (IDENTIFIER_CWT_TYPE,))

    return app


def _answer(signed: SignedLists, offered: tuple[str, ...]) -> Response:
    wanted = request.accept_mimetypes.best_match(offered)
    if wanted is None and request.accept_mimetypes:
        return Response(status=_NOT_ACCEPTABLE)
    media_type = wanted or offered[0]
    response = Response(signed.get(media_type), content_type=media_type)
    response.headers["Cache-Control"] = f"max-age={int(TTL.total_seconds())}"
    response.headers["Vary"] = "Accept"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
