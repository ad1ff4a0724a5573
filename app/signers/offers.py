"""The offer of a signing pass: OpenID4VCI 1.0 §4.1, by value, with both grants.

Only the page a browser reaches with its response_code shows it. Code and issuer_state
are derived from the exchange, so a reload shows the same ones; the offer is redeemed
once, by whichever grant comes first, within five minutes.

Where the person typed a code, the offer is on a phone whose browser is not the one
that is identified: there it holds no ``authorization_code``, which could not end well.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.database import Database
from app.signers import store
from app.signers.session_kinds import SessionKind
from app.signers.sessions import hashed
from app.signers.store import Exchange, PassOffer
from app.web_secret import Purpose, WebSecret

CONFIGURATION_ID: Final = "signing_pass"
AUTHORIZATION_CODE: Final = "authorization_code"
PRE_AUTHORIZED_CODE: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
OFFER_LIFETIME: Final = timedelta(minutes=5)


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
        db.add(
            PassOffer(
                code_hash=hashed(self._code(exchange.tx)),
                state_hash=hashed(self._issuer_state(exchange.tx)),
                tx=exchange.tx,
                handle=exchange.handle,
                expires_at=self._clock() + OFFER_LIFETIME,
            )
        )

    def of(self, tx: str) -> Offer | None:
        with self._database.read() as db:
            offer = store.offer_of(db, tx)
            exchange = store.exchange(db, tx)
        if offer is None or exchange is None:
            return None
        grants: dict[str, object] = {}
        if exchange.confirmed_by == SessionKind.SAME_DEVICE:
            grants[AUTHORIZATION_CODE] = {"issuer_state": self._issuer_state(tx)}
        grants[PRE_AUTHORIZED_CODE] = {"pre-authorized_code": self._code(tx)}
        link = offer_link(self._base_url, grants)
        return Offer(link, offer.expires_at, offer.redeemed_at is not None)

    def _code(self, tx: str) -> str:
        return self._secret.derive(Purpose.PRE_AUTHORIZED_CODE, tx)

    def _issuer_state(self, tx: str) -> str:
        return self._secret.derive(Purpose.ISSUER_STATE, tx)


def offer_link(base_url: str, grants: dict[str, object]) -> str:
    offer = {
        "credential_issuer": base_url,
        "credential_configuration_ids": [CONFIGURATION_ID],
        "grants": grants,
    }
    value = json.dumps(offer, separators=(",", ":"))
    return "openid-credential-offer://?" + urlencode({"credential_offer": value})
