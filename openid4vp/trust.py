"""Who may issue: from a certificate chain to the id of a provider."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cryptography import x509


class IssuerTrust(Protocol):
    """Decides for one query which issuers are believed."""

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        """Return the provider's id for a chain (leaf first), or raise.

        Raises ``IssuerNotTrustedError``.
        """
        ...


class AnchorStore:
    """``IssuerTrust`` over trust anchors, each with its provider's id."""

    def __init__(self, anchors: Mapping[str, x509.Certificate]) -> None:
        self._anchors = dict(anchors)

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        """Return the id of the anchor that the chain leads to."""
        raise NotImplementedError


class PinnedIssuer:
    """``IssuerTrust`` in exactly one end-entity certificate."""

    def __init__(self, provider_id: str, certificate: x509.Certificate) -> None:
        self._provider_id = provider_id
        self._certificate = certificate

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        """Return the provider's id if the leaf is the pinned certificate."""
        raise NotImplementedError
