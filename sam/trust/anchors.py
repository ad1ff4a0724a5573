"""Many anchors as one ``IssuerTrust``: a provider may have several, old and new.

The decision is ``openid4vp.trust.AnchorStore``'s. Added is the provider's id per
certificate, and, where the operator allowed it, trust in a listed signing certificate
for itself alone (TS 119 602 Annexes D and E list either).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from openid4vp.errors import IssuerNotTrustedError
from openid4vp.trust import AnchorStore

UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)
"""What reading a certificate may raise long after it was parsed."""


Named = tuple[str, x509.Certificate]
"""A provider's id and a certificate of it."""


class Anchors:
    """``IssuerTrust`` over certificates with ids; of two ids for one the first holds.

    ``authorities`` are what a chain may end in. ``signers`` sign credentials
    themselves: the chain is that certificate, alone.
    """

    def __init__(
        self, authorities: Iterable[Named], signers: Iterable[Named] = ()
    ) -> None:
        self.authorities: Mapping[x509.Certificate, str] = _first_of_each(authorities)
        self.signers: Mapping[x509.Certificate, str] = _first_of_each(signers)
        self._by_digest = {
            certificate.fingerprint(hashes.SHA256()).hex(): certificate
            for certificate in self.authorities
        }
        self._store = AnchorStore(self._by_digest)

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        """Return the provider's id, or raise ``IssuerNotTrustedError``."""
        if chain and chain[0] in self.signers:
            _check_signer(chain, now)
            return self.signers[chain[0]]
        return self.authorities[self._by_digest[self._store.resolve(chain, now)]]

    @property
    def providers(self) -> frozenset[str]:
        return frozenset((*self.authorities.values(), *self.signers.values()))


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether it says of itself that it is a CA, and may sign certificates."""
    try:
        extensions = certificate.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints)
        if not constraints.value.ca:
            return False
        usage = extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound as absent:
        return absent.oid == x509.KeyUsage.oid
    except UNREADABLE:
        return False
    return usage.value.key_cert_sign


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether it is an end entity's, for digital signatures."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        return usage.value.digital_signature and not is_ca(certificate)
    except (*UNREADABLE, x509.ExtensionNotFound):
        return False


def _check_signer(chain: Sequence[x509.Certificate], now: datetime) -> None:
    signer = chain[0]
    if len(chain) != 1:
        raise IssuerNotTrustedError("x5c holds more than the listed certificate")
    if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
        raise IssuerNotTrustedError("the listed certificate is not valid now")


def _first_of_each(named: Iterable[Named]) -> dict[x509.Certificate, str]:
    providers: dict[x509.Certificate, str] = {}
    for provider, certificate in named:
        providers.setdefault(certificate, provider)
    return providers
