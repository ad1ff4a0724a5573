"""Access tokens: five minutes, for one offer, random; only their hash is kept.

Code used, offer redeemed, proof remembered, token kept: one transaction, so that of
two requests with one code exactly one gets a token.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from sqlalchemy.orm import Session

from app.database import Database
from app.oauth import store
from app.oauth.dpop import OnceOnly, ProofRefusedError
from app.signers import store as signers
from app.signers.sessions import TOKEN_BYTES, hashed
from app.signers.store import AccessToken, PassOffer

TOKEN_LIFETIME: Final = timedelta(minutes=5)


class CodeRefusedError(Exception):
    """Unknown, over, used, or its offer was redeemed in another way."""

    code: ClassVar[str] = "invalid_grant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """To whom a token is given, and what it names."""

    client_id: str | None
    proof: OnceOnly | None
    """Of DPoP; without one the token is a bearer token."""
    by_identifier: bool


class Tokens:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def for_offer(self, pre_authorized_code: str, terms: Terms) -> str:
        now = self._clock()
        with self._database.write() as db:
            offer = signers.redeem_offer(db, hashed(pre_authorized_code), now)
            return self._give(db, offer, terms, now)

    def for_authorization(self, code: str, tx: str, terms: Terms) -> str:
        """The caller has checked that the code is this client's, key's and verifier's.

        ``CodeRefusedError`` and ``ProofRefusedError`` leave all as it was.
        """
        now = self._clock()
        with self._database.write() as db:
            if not store.redeem(db, hashed(code), now):
                raise CodeRefusedError("the code is over or used")
            return self._give(db, signers.redeem_offer_of(db, tx, now), terms, now)

    def live(self, token: str) -> AccessToken | None:
        with self._database.read() as db:
            return signers.live_token(db, hashed(token), self._clock())

    def _give(
        self, db: Session, offer: PassOffer | None, terms: Terms, now: datetime
    ) -> str:
        if offer is None:
            raise CodeRefusedError("the offer is unknown, over or redeemed")
        if terms.proof and not store.remember_proof(db, terms.proof, now):
            raise ProofRefusedError("the proof was used before")
        token = secrets.token_urlsafe(TOKEN_BYTES)
        db.add(
            AccessToken(
                token_hash=hashed(token),
                tx=offer.tx,
                handle=offer.handle,
                client_id=terms.client_id,
                thumbprint=terms.proof and terms.proof.thumbprint,
                by_identifier=terms.by_identifier,
                expires_at=now + TOKEN_LIFETIME,
            )
        )
        return token
