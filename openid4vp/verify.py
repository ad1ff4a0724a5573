"""Verify a wallet's answer: a value that holds whole, or an exception."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from openid4vp.request import Transaction
from openid4vp.trust import IssuerTrust


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPolicy:
    """What the verifier accepts beyond what the standards fix."""

    accept_absent_status: bool
    accepted_vcts: Mapping[str, frozenset[str]]
    kb_iat_past: timedelta = timedelta(seconds=300)
    kb_iat_future: timedelta = timedelta(seconds=60)
    skew: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class KbJwtClaims:
    """RFC 9901 §4.3, with the transaction data members of OpenID4VP 1.0 B.3.3.1."""

    iat: int
    aud: str
    nonce: str
    sd_hash: str
    transaction_data_hashes: tuple[str, ...] | None = None
    transaction_data_hashes_alg: str | None = None
    qes_approval: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCredential:
    """One presentation, every check passed."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPresentation:
    """The whole answer, every check passed."""

    credentials: Mapping[str, VerifiedCredential]


def verify_response(
    transaction: Transaction,
    body: bytes,
    trust: Mapping[str, IssuerTrust],
    *,
    policy: VerificationPolicy,
    now: datetime,
) -> VerifiedPresentation:
    """Verify ``body``, the form the wallet posted to ``response_uri``.

    Raises ``WalletRefusedError`` for a wallet's error, else an ``Openid4vpError``.
    """
    raise NotImplementedError
