"""DPoP proofs (RFC 9449 §4.3): a request shows that its sender holds a key.

    1. one proof, of type ``dpop+jwt``, ES256, signed by the public ``jwk`` it carries
    2. for this method and this address
    3. made now, within minutes
    4. with an access token: over that very token

That it is used for the only time is ``store.remember_proof``, in the transaction that
gives what was asked for: whom we give nothing cannot fill the memory. We demand no
server nonce: the memory covers the whole time a proof is accepted.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import urlsplit

from app.oauth import jwts
from app.signers.sessions import hashed

TYPE: Final = "dpop+jwt"
PAST: Final = timedelta(minutes=5)
FUTURE: Final = timedelta(minutes=1)
MAX_ID: Final = 256


class ProofRefusedError(Exception):
    """RFC 9449 §5, §7.1: the error code at both endpoints."""

    code: ClassVar[str] = "invalid_dpop_proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceOnly:
    """What has to be remembered of a proof until nobody would accept it anyway."""

    proof_hash: str
    thumbprint: str
    expires_at: datetime


def check_proof(
    text: str, *, method: str, url: str, now: datetime, token: str | None = None
) -> OnceOnly:
    """``url``: ours as configured, without query. Raises ``ProofRefusedError``."""
    try:
        proof = jwts.by_stated_key(text, typ=TYPE)
        if proof.text("htm") != method:
            raise ProofRefusedError("htm is another method")
        if address(proof.text("htu")) != address(url):
            raise ProofRefusedError("htu is another address")
        once = fresh(proof, TYPE, now)
        if token is not None and proof.text("ath") != token_hash(token):
            raise ProofRefusedError("ath is another token's")
    except jwts.JwtRefusedError as error:
        raise ProofRefusedError(str(error)) from error
    return once


def fresh(proof: jwts.SignedClaims, kind: str, now: datetime) -> OnceOnly:
    """``iat`` of now and a ``jti``; ``JwtRefusedError``."""
    made, identifier = proof.time("iat"), proof.text("jti")
    if not 1 <= len(identifier) <= MAX_ID:
        raise jwts.JwtRefusedError("jti is empty or too long")
    if made is None:
        raise jwts.JwtRefusedError("iat is missing")
    age = now.timestamp() - made
    if not -FUTURE.total_seconds() <= age < PAST.total_seconds():
        raise jwts.JwtRefusedError("iat is not of now")
    return OnceOnly(
        proof_hash=hashed(f"{kind} {proof.thumbprint} {identifier}"),
        thumbprint=proof.thumbprint,
        expires_at=datetime.fromtimestamp(made, UTC) + PAST,
    )


def token_hash(token: str) -> str:
    """``ath`` (RFC 9449 §4.2)."""
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def address(url: str) -> tuple[str, str, int | None, str]:
    """Without query and fragment, normalised as RFC 9449 §4.3 wants it compared."""
    try:
        parts = urlsplit(url)
        default = {"https": 443, "http": 80}.get(parts.scheme)
        port = parts.port or default
    except ValueError as error:
        raise ProofRefusedError("htu is no address") from error
    if parts.username is not None or parts.password is not None:
        raise ProofRefusedError("htu names a user")
    return parts.scheme, parts.hostname or "", port, parts.path or "/"
