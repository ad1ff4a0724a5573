"""What verification yields. A value of these types exists only if every check held.

They cannot be built by hand: the constructors want a token that only the modules
which verify pass. That stops mistakes, not malice, as everything in Python.
"""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from openid4vp.key_binding import KbJwtClaims

ALL_CHECKS_HELD: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCredential:
    """One SD-JWT VC and its holder proof, over this transaction's nonce and audience.

    ``provider`` is the id of the trust anchor entry. ``claims`` holds what the query
    asked for and nothing else. ``holder_key`` is the public JWK of ``cnf`` and
    ``holder_key_thumbprint`` its RFC 7638 SHA-256, base64url. ``presentation`` is the
    exact text. ``approved`` holds the transaction data strings this holder proof
    approves, exactly as sent; usually none.
    """

    query_id: str
    vct: str
    provider: str
    claims: Mapping[str, object]
    holder_key_thumbprint: str
    holder_key: Mapping[str, object]
    presentation: str
    issuer_certificate: x509.Certificate
    expires_at: datetime | None
    key_binding: KbJwtClaims
    approved: tuple[str, ...]
    token: InitVar[object]

    def __post_init__(self, token: object) -> None:
        _require(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPresentation:
    """The whole answer: one verified credential per answered query id."""

    credentials: Mapping[str, VerifiedCredential]
    token: InitVar[object]

    def __post_init__(self, token: object) -> None:
        _require(token)


def _require(token: object) -> None:
    if token is not ALL_CHECKS_HELD:
        raise RuntimeError("only verification makes this value")
