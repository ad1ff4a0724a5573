"""From a pushed request to its code: who may decide, once, for two minutes.

    push      the issuer_state is of an open offer; at most five wait for one offer
    approve   only in the browser that is identified as whom the offer is for, and came
              there by its own wallet's return (same_device)
    code      one minute, once, for the client, key, address and verifier of the push

``issuer_state`` may have been planted by someone else (OpenID4VCI 1.0 §5.1.3). Then the
offer is another person's, and no browser of the victim holds that person's handle.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from app.database import Database
from app.oauth import store
from app.oauth.dpop import OnceOnly, ProofRefusedError
from app.oauth.store import Authorization
from app.oauth.tokens import TOKEN_LIFETIME
from app.signers import store as signers
from app.signers.session_kinds import SessionKind
from app.signers.sessions import TOKEN_BYTES, hashed
from app.signers.store import BrowserSession

REQUEST_URI: Final = "urn:ietf:params:oauth:request_uri:"
REQUEST_LIFETIME: Final = timedelta(minutes=2)
CODE_LIFETIME: Final = timedelta(minutes=1)
MAX_WAITING: Final = 5


class NoSuchOfferError(Exception):
    """The issuer_state belongs to no open offer, or its offer has too many waiting."""

    code: ClassVar[str] = "no_such_offer"


class UnknownRequestError(Exception):
    """Never pushed, over, decided, another client's, or its offer was redeemed."""

    code: ClassVar[str] = "unknown_request"


class OtherBrowserError(Exception):
    """Not the browser in which the person was identified."""

    code: ClassVar[str] = "other_browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What a wallet asks for, checked but for its offer."""

    issuer_state: str
    client_id: str
    client_key: str | None
    redirect_uri: str
    scope: str | None
    state: str | None
    code_challenge: str
    thumbprint: str | None
    proof: OnceOnly | None
    by_identifier: bool


class Authorizations:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def push(self, pushed: Pushed) -> str:
        """The ``request_uri``; ``NoSuchOfferError``, ``ProofRefusedError``."""
        now, name = self._clock(), secrets.token_urlsafe(TOKEN_BYTES)
        with self._database.write() as db:
            store.forget_authorizations(db, now - TOKEN_LIFETIME)
            offer = signers.open_offer(db, hashed(pushed.issuer_state), now)
            if offer is None:
                raise NoSuchOfferError("the issuer_state is of no open offer")
            if store.count_waiting(db, offer.tx, now) >= MAX_WAITING:
                raise NoSuchOfferError("too many requests wait for this offer")
            if pushed.proof and not store.remember_proof(db, pushed.proof, now):
                raise ProofRefusedError("the proof was used before")
            db.add(
                Authorization(
                    request_hash=hashed(name),
                    tx=offer.tx,
                    client_id=pushed.client_id,
                    client_key=pushed.client_key,
                    redirect_uri=pushed.redirect_uri,
                    scope=pushed.scope,
                    state=pushed.state,
                    code_challenge=pushed.code_challenge,
                    thumbprint=pushed.thumbprint,
                    by_identifier=pushed.by_identifier,
                    expires_at=now + REQUEST_LIFETIME,
                )
            )
        return REQUEST_URI + name

    def waiting(
        self, browser: BrowserSession, request_uri: str, client_id: str
    ) -> Authorization:
        """What this browser may decide; ``UnknownRequestError``, ``OtherBrowserError``.

        The offer is not asked for its time: it was open when the request was pushed.
        """
        now, name = self._clock(), request_uri.removeprefix(REQUEST_URI)
        with self._database.read() as db:
            found = store.waiting(db, hashed(name), now)
            offer = None if found is None else signers.offer_of(db, found.tx)
        if not request_uri.startswith(REQUEST_URI) or found is None or offer is None:
            raise UnknownRequestError
        if found.client_id != client_id or offer.redeemed_at is not None:
            raise UnknownRequestError
        if browser.confirmed_by != SessionKind.SAME_DEVICE:
            raise OtherBrowserError
        if browser.live_handle(now) != offer.handle:
            raise OtherBrowserError
        return found

    def allow(self, authorization: Authorization) -> str | None:
        """The code; ``None`` when the request was decided a moment before."""
        code, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        return code if self._decide(authorization, hashed(code), now) else None

    def refuse(self, authorization: Authorization) -> bool:
        return self._decide(authorization, None, self._clock())

    def by_code(self, code: str) -> Authorization | None:
        """The authorization behind a code that was not used; its time is told later.

        A code that comes twice takes back what the first one gave (RFC 6749 §4.1.2).
        """
        with self._database.read() as db:
            found = store.by_code(db, hashed(code))
        if found is None:
            return None
        if found.redeemed_at is not None:
            with self._database.write() as db:
                signers.revoke_tokens(db, found.tx)
            return None
        return found

    def remember(self, proof: OnceOnly) -> bool:
        """False when the proof was used before."""
        with self._database.write() as db:
            return store.remember_proof(db, proof, self._clock())

    def _decide(
        self, authorization: Authorization, code_hash: str | None, now: datetime
    ) -> bool:
        until = now + CODE_LIFETIME if code_hash else now
        with self._database.write() as db:
            return store.decide(
                db, authorization.request_hash, now, code_hash=code_hash, until=until
            )
