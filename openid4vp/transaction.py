"""The memory of one question to one wallet.

``begin`` draws everything random, once; asking again and verifying the answer only
read it. As text (``to_json``) it survives a restart: it then holds the private
response key, so it is to be stored like a secret. Every string comes back byte for
byte, because the wallet's proofs are over those bytes.
"""

import dataclasses
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from openid4vp import jwk, members, strict_json, transaction_data
from openid4vp.dcql import DcqlQuery
from openid4vp.errors import InvalidRequestError
from openid4vp.profile import PRODUCTION, Profile

X509_HASH: Final = "x509_hash:"
X509_SAN_DNS: Final = "x509_san_dns:"
MIN_LIFETIME: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """All that verifying the answer needs, and all that asking again needs.

    ``client_id`` is the one in force at the start: certificates are renewed, and the
    answer is over the old one. ``response_key`` is a private JWK as JSON text. Times
    are aware, UTC, whole seconds. With ``origin`` a page of that origin asks by the
    Digital Credentials API (``dc_api``): ``state`` and ``response_uri`` are empty then.
    ``profile`` and ``verifier_info`` (§5.11) stay as they were at the start too.
    """

    client_id: str
    nonce: str
    state: str
    response_uri: str
    response_key: str = field(repr=False)
    query: DcqlQuery
    transaction_data: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime
    origin: str | None = None
    profile: Profile = PRODUCTION
    verifier_info: tuple[Mapping[str, object], ...] = ()

    def __post_init__(self) -> None:
        if self.origin is not None and self.transaction_data:
            raise InvalidRequestError("nothing is approved through a browser's API")

    @property
    def audience(self) -> str:
        """For whom holder proofs are made: the whole client_id, or A.4's origin."""
        return self.client_id if self.origin is None else f"origin:{self.origin}"

    def with_transaction_data(self, *strings: str) -> "Transaction":
        """The same transaction, asking for approval of exactly these strings.

        Raises ``InvalidTransactionDataError``.
        """
        dialect = self.profile.transaction_data
        transaction_data.check_request(strings, self.query, dialect)
        return dataclasses.replace(self, transaction_data=strings)

    def public_response_jwk(self) -> dict[str, object]:
        """The encryption key as the wallet gets it: kty, crv, use, alg, kid, x, y."""
        return jwk.public_part(self.response_key)

    def to_json(self) -> str:
        """Everything, private key included."""
        return json.dumps(
            {
                "client_id": self.client_id,
                "nonce": self.nonce,
                "state": self.state,
                "response_uri": self.response_uri,
                "response_key": self.response_key,
                "query": self.query.to_json(),
                "transaction_data": list(self.transaction_data),
                "created_at": int(self.created_at.timestamp()),
                "expires_at": int(self.expires_at.timestamp()),
                **({} if self.origin is None else {"origin": self.origin}),
                "profile": self.profile.to_json(),
                "verifier_info": list(self.verifier_info),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Transaction":
        """The inverse of ``to_json``; raises ``Openid4vpError`` for other texts."""
        # half a surrogate pair becomes no UTF-8, and is refused as that
        raw = text.encode("utf-8", "surrogatepass")
        stored = strict_json.parse_object(raw, "transaction")
        return cls(
            client_id=members.required(stored, "client_id", str),
            nonce=members.required(stored, "nonce", str),
            state=members.required(stored, "state", str),
            response_uri=members.required(stored, "response_uri", str),
            response_key=members.required(stored, "response_key", str),
            query=DcqlQuery.from_json(members.required(stored, "query", dict)),
            transaction_data=tuple(members.required(stored, "transaction_data", list)),
            created_at=_time(stored, "created_at"),
            expires_at=_time(stored, "expires_at"),
            origin=members.optional(stored, "origin", str),
            # absent in what an earlier release stored
            profile=Profile.from_json(members.optional(stored, "profile", str) or "{}"),
            verifier_info=tuple(members.optional(stored, "verifier_info", list) or ()),
        )


def begin(
    *,
    client_id: str,
    response_uri: str,
    query: DcqlQuery,
    lifetime: timedelta,
    now: datetime,
    profile: Profile = PRODUCTION,
    verifier_info: tuple[Mapping[str, object], ...] = (),
) -> Transaction:
    """Start a transaction with its own nonce, state and response key.

    ``client_id`` carries its prefix; ``lifetime`` is at least ``MIN_LIFETIME``, which
    is also how long a wallet may take to answer. Raises ``InvalidRequestError``.
    """
    if lifetime < MIN_LIFETIME:
        raise InvalidRequestError(f"a request lives at least {MIN_LIFETIME}")
    if not client_id.startswith((X509_HASH, X509_SAN_DNS)):
        raise InvalidRequestError("a signed request needs an x509 client_id prefix")
    check_url(response_uri)
    created_at = now.replace(microsecond=0)
    return Transaction(
        client_id=client_id,
        nonce=secrets.token_urlsafe(32),
        state=secrets.token_urlsafe(32),
        response_uri=response_uri,
        response_key=jwk.generate_response_key(),
        query=query,
        created_at=created_at,
        expires_at=created_at + lifetime,
        profile=profile,
        verifier_info=verifier_info,
    )


def check_url(url: str) -> None:
    """Refuse what is no absolute http(s) URL; production forbids http elsewhere."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        raise InvalidRequestError("this is no URL") from None
    if not usable or parts.fragment:
        raise InvalidRequestError("a URL here is absolute and without fragment")


def _time(stored: dict[str, object], name: str) -> datetime:
    return datetime.fromtimestamp(members.required(stored, name, int), UTC)
