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
from openid4vp.status import StatusReference

ALL_CHECKS_HELD: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCredential:
    """One credential and its holder proof, over this transaction's nonce and audience.

    ``format`` and ``type`` (``vct`` or docType) are those of the credential;
    ``provider`` is the id of the trust anchor entry. ``claims`` holds what the query
    asked for and nothing else; of an mdoc {namespace: {element: value}}, the values as
    JSON would hold them: dates as text, bytes as base64url (RFC 8949 §6.1).
    ``holder_key`` is the public JWK the issuer bound it to and
    ``holder_key_thumbprint`` its RFC 7638 SHA-256, base64url. ``presentation`` is the
    exact text of the answer. ``issued_sha256`` is the SHA-256 of what the issuer
    signed, without the signature: it tells one credential from another.
    ``key_binding`` is ``None`` for an mdoc, ``status`` where none is stated.
    ``approved`` holds the transaction data strings this holder proof approves, exactly
    as sent; usually none.
    """

    query_id: str
    format: str
    type: str
    provider: str
    claims: Mapping[str, object]
    holder_key_thumbprint: str
    holder_key: Mapping[str, object]
    presentation: str
    issued_sha256: bytes
    issuer_certificate: x509.Certificate
    expires_at: datetime | None
    key_binding: KbJwtClaims | None
    status: StatusReference | None
    approved: tuple[str, ...]
    token: InitVar[object]

    def __post_init__(self, token: object) -> None:
        _require(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPresentation:
    """The whole answer, by query id.

    ``credentials``: the one verified credential of each answered query;
    ``several``: those of each answered query that asked for ``multiple``, in the order
    of the answer. An id is in one of the two.
    """

    credentials: Mapping[str, VerifiedCredential]
    several: Mapping[str, tuple[VerifiedCredential, ...]]
    token: InitVar[object]

    def __post_init__(self, token: object) -> None:
        _require(token)


def _require(token: object) -> None:
    if token is not ALL_CHECKS_HELD:
        raise RuntimeError("only verification makes this value")
