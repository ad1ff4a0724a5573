"""Ask a wallet: one transaction, one signed request object (OpenID4VP 1.0 §5)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509

from openid4vp.dcql import DcqlQuery


class RequestSigner(Protocol):
    """Holds the access certificate's key; ES256."""

    @property
    def certificate_chain(self) -> tuple[x509.Certificate, ...]:
        """Leaf first, without the anchor (HAIP 1.0 §5)."""
        ...

    def sign(self, signing_input: bytes) -> bytes:
        """Return r||s, 64 bytes, over SHA-256 of ``signing_input``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """All that verifying the answer needs, and all that sending again needs."""

    client_id: str
    nonce: str
    state: str
    response_uri: str
    response_key: str = field(repr=False)
    query: DcqlQuery
    transaction_data: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime

    def with_transaction_data(self, *strings: str) -> "Transaction":
        """The same transaction, asking for approval of exactly these strings."""
        raise NotImplementedError

    def public_response_jwk(self) -> dict[str, object]:
        """The encryption key as the wallet gets it."""
        raise NotImplementedError

    def to_json(self) -> str:
        """Everything, private key included: store it like a secret."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, text: str) -> "Transaction":
        """The inverse of ``to_json``; strings come back byte for byte."""
        raise NotImplementedError


def begin(
    *,
    client_id: str,
    response_uri: str,
    query: DcqlQuery,
    lifetime: timedelta,
    now: datetime,
) -> Transaction:
    """Start a transaction with its own nonce, state and response key."""
    raise NotImplementedError


def sign_request_object(
    transaction: Transaction,
    signer: RequestSigner,
    *,
    wallet_nonce: str | None,
    now: datetime,
) -> str:
    """Return the request object as compact JWS; the same for every fetch."""
    raise NotImplementedError


def x509_hash_client_id(leaf: x509.Certificate) -> str:
    """``x509_hash:`` and the unpadded base64url SHA-256 of the leaf (§5.9.3)."""
    raise NotImplementedError


def authorization_link(
    transaction: Transaction, request_uri: str, scheme: str = "openid4vp"
) -> str:
    """The link behind the button and in the QR code."""
    raise NotImplementedError
