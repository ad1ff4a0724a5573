"""Who may issue: from a certificate chain to the id of a provider.

Path validation is that of ``cryptography.x509.verification`` (RFC 5280 §6: names,
signatures, validity, path length, name constraints, unknown critical extensions).
Added here: what HAIP 1.0 §6.1.1 says of ``x5c`` (the path without its anchor, so no
self-signed certificate either), the key usages, and the length. Revocation is not
looked at: nothing here may fetch.

The provider's id comes from the configured anchor and from nowhere else: no name
in a certificate or claim decides who issued.

A path that held is remembered, because few certificates issue many credentials. Of all
that was checked only the validity of its certificates depends on the time: it counts
while all of them, the anchor's too, are valid, and is validated anew at other times.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from openid4vp.errors import IssuerNotTrustedError

MAX_CHAIN = 4
MAX_REMEMBERED: Final = 256
"""Paths that one store remembers; with a chain of 4 they take about 1 MB."""


class IssuerTrust(Protocol):
    """Decides for one query which issuers are believed."""

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        """Return the provider's id for a chain (leaf first), or raise.

        Raises ``IssuerNotTrustedError`` and nothing else, whatever the chain holds.
        """
        ...


# The last two: names and extensions are parsed when they are first read.
_DOES_NOT_HOLD: Final = (
    verification.VerificationError,
    ValueError,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class _HeldPath:
    """The anchor's provider, and when every certificate of the path is valid."""

    provider: str
    starts: datetime
    ends: datetime


class AnchorStore:
    """``IssuerTrust`` over trust anchors, each with its provider's id.

    Keep one store per category: a PID anchor proves nothing about other types. Anchors
    never change: other anchors are another store, which remembers nothing of this one.
    """

    def __init__(self, anchors: Mapping[str, x509.Certificate]) -> None:
        self._providers = {anchor: provider for provider, anchor in anchors.items()}
        if len(self._providers) != len(anchors):
            raise ValueError("one anchor certificate has two provider ids")
        self._store = verification.Store(list(anchors.values())) if anchors else None
        self._held: dict[tuple[bytes, ...], _HeldPath] = {}

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        """Return the id of the anchor that the chain leads to."""
        if not 1 <= len(chain) <= MAX_CHAIN:
            raise IssuerNotTrustedError(f"x5c must hold 1 to {MAX_CHAIN} certificates")
        exactly = tuple(certificate.public_bytes(Encoding.DER) for certificate in chain)
        held = self._held.get(exactly)
        if held is not None and held.starts <= now <= held.ends:
            return held.provider
        path = self._path(chain, now)
        provider = self._providers[path[-1]]
        self._remember(exactly, path, provider)
        return provider

    def _remember(
        self, exactly: tuple[bytes, ...], path: list[x509.Certificate], provider: str
    ) -> None:
        # Only who holds a certificate under an anchor gets here, so strangers can
        # neither fill this nor empty it. Emptied when full: no order to keep.
        if len(self._held) >= MAX_REMEMBERED:
            self._held.clear()
        self._held[exactly] = _HeldPath(
            provider,
            starts=max(certificate.not_valid_before_utc for certificate in path),
            ends=min(certificate.not_valid_after_utc for certificate in path),
        )

    def _path(
        self, chain: Sequence[x509.Certificate], now: datetime
    ) -> list[x509.Certificate]:
        if self._store is None:
            raise IssuerNotTrustedError("no anchor is configured")
        try:
            path = self._verifier(self._store, now).verify(chain[0], list(chain[1:]))
        except _DOES_NOT_HOLD as error:
            raise IssuerNotTrustedError(f"no path to an anchor: {error}") from None
        if len(path.chain) != len(chain) + 1:  # the path is x5c and one anchor, no more
            raise IssuerNotTrustedError("x5c holds the anchor, or ballast")
        return path.chain

    @staticmethod
    def _verifier(
        store: verification.Store, now: datetime
    ) -> verification.ClientVerifier:
        return (
            verification.PolicyBuilder()
            .store(store)
            .time(now)
            .max_chain_depth(MAX_CHAIN - 1)
            .extension_policies(ca_policy=_CA_POLICY, ee_policy=_LEAF_POLICY)
            .build_client_verifier()
        )


class PinnedIssuer:
    """``IssuerTrust`` in exactly one end-entity certificate, ours."""

    def __init__(self, provider_id: str, certificate: x509.Certificate) -> None:
        self._provider_id = provider_id
        self._certificate = certificate

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        """Return the provider's id if the leaf is the pinned certificate, in time."""
        if not chain or chain[0] != self._certificate:
            raise IssuerNotTrustedError("the leaf is not the pinned certificate")
        pinned = self._certificate
        if not pinned.not_valid_before_utc <= now <= pinned.not_valid_after_utc:
            raise IssuerNotTrustedError("the pinned certificate is not valid now")
        return self._provider_id


def _may_sign_certificates(
    _policy: verification.Policy,
    _certificate: x509.Certificate,
    usage: x509.KeyUsage | None,
) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("an issuer may not sign certificates")


def _may_sign(
    _policy: verification.Policy, _certificate: x509.Certificate, usage: x509.KeyUsage
) -> None:
    if not usage.digital_signature:
        raise ValueError("the leaf may not sign")


def _is_no_ca(
    _policy: verification.Policy,
    _certificate: x509.Certificate,
    constraints: x509.BasicConstraints | None,
) -> None:
    if constraints is not None and constraints.ca:
        raise ValueError("the leaf is a CA")


_ANY = verification.Criticality.AGNOSTIC
_CA_POLICY = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, _ANY, None)
    .may_be_present(x509.KeyUsage, _ANY, _may_sign_certificates)
    # RFC 5280 §4.2.1.10 wants it critical; what is not critical would be read over
    .may_be_present(x509.NameConstraints, verification.Criticality.CRITICAL, None)
)
_LEAF_POLICY = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.KeyUsage, _ANY, _may_sign)
    .may_be_present(x509.BasicConstraints, _ANY, _is_no_ca)
)
