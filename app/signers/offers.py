"""The offer of a signing pass: OpenID4VCI 1.0 §4.1, by value, pre-authorised.

Only the page a browser reaches with its response_code shows it. The code is derived
from the exchange, so a reload shows the same one; it works once, for five minutes, and
then yields one bearer token that can do nothing but fetch the pass.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.database import Database
from app.signers import store
from app.signers.sessions import TOKEN_BYTES, hashed
from app.signers.store import AccessToken, Exchange, PassOffer
from app.web_secret import Purpose, WebSecret

CONFIGURATION_ID: Final = "signing_pass"
PRE_AUTHORIZED_CODE: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
OFFER_LIFETIME: Final = timedelta(minutes=5)
TOKEN_LIFETIME: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Offer:
    link: str
    expires_at: datetime
    redeemed: bool


class Offers:
    def __init__(
        self,
        database: Database,
        secret: WebSecret,
        clock: Callable[[], datetime],
        base_url: str,
    ) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock
        self._base_url = base_url

    def make(self, db: Session, exchange: Exchange) -> None:
        """In the transaction that confirms the browser, and nowhere else."""
        code = self._secret.derive(Purpose.PRE_AUTHORIZED_CODE, exchange.tx)
        db.add(
            PassOffer(
                code_hash=hashed(code),
                tx=exchange.tx,
                handle=exchange.handle,
                expires_at=self._clock() + OFFER_LIFETIME,
            )
        )

    def of(self, tx: str) -> Offer | None:
        with self._database.read() as db:
            offer = store.offer_of(db, tx)
        if offer is None:
            return None
        code = self._secret.derive(Purpose.PRE_AUTHORIZED_CODE, tx)
        link = offer_link(self._base_url, code)
        return Offer(link, offer.expires_at, offer.redeemed_at is not None)

    def redeem(self, code: str) -> str | None:
        """The handle behind the code, the first time only."""
        with self._database.write() as db:
            return store.redeem_offer(db, hashed(code), self._clock())

    def new_token(self, handle: str) -> str:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        record = AccessToken(
            token_hash=hashed(token),
            handle=handle,
            expires_at=self._clock() + TOKEN_LIFETIME,
        )
        with self._database.write() as db:
            db.add(record)
        return token

    def handle_of(self, token: str) -> str | None:
        with self._database.read() as db:
            return store.handle_of_token(db, hashed(token), self._clock())


def offer_link(base_url: str, code: str) -> str:
    offer = {
        "credential_issuer": base_url,
        "credential_configuration_ids": [CONFIGURATION_ID],
        "grants": {PRE_AUTHORIZED_CODE: {"pre-authorized_code": code}},
    }
    value = json.dumps(offer, separators=(",", ":"))
    return "openid-credential-offer://?" + urlencode({"credential_offer": value})
