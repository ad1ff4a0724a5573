"""What one SAM process holds, put together once and passed to every call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cryptography import x509

from hsm.port import SigningDevice
from hsm.wrapped import WrappedKeys
from openid4vp.dcql import CredentialQuery
from openid4vp.profile import Profile
from openid4vp.request import x509_hash_client_id
from openid4vp.trust import IssuerTrust
from sam.algorithms.rules import AlgorithmRules
from sam.config import SamConfig
from sam.database import Database
from sam.messages import Purpose
from sam.owners import Owner
from sam.parsed_lists import ParsedLists
from sam.policy import FreeTierPolicy
from sam.registration import Registration
from sam.service_keys import PassIssuer, RequestSigner
from sam.signed_texts import SignedTexts
from sam.trust.categories import Category
from sam.trust.held_lists import CategoryTrust, TrustLists


class SamDevice(SigningDevice, WrappedKeys, Protocol):
    """All that the SAM asks of its device; wrapping keys are the operator's."""


class CertificateIssuer(Protocol):
    """The CA as the SAM sees it: asked under the registration authority's key."""

    def certify(
        self, csr: bytes, transaction_id: int, *, lasting: bool = False
    ) -> tuple[bytes, ...]:
        """Return DER certificates, in any order, for a DER PKCS#10.

        ``lasting``: for a key that is kept, else for one signature.

        The same ``transaction_id`` and ``csr`` yield the same certificate. Raises
        ``SamUnavailableError``; nothing about them has been checked yet.
        """
        ...

    def revoke(self, certificate: bytes, reason: x509.ReasonFlags) -> None:
        """Ask to revoke a DER certificate of ours; asking again changes nothing.

        Raises ``SamUnavailableError``; that it did not proves nothing.
        """
        ...

    def status(self, question: bytes) -> bytes:
        """Return what the responder says to a DER OCSPRequest, unchecked.

        Raises ``SamUnavailableError``.
        """
        ...


def no_fault(_point: str) -> None:
    """The place where a test kills the process; in service nothing happens."""


@dataclass(slots=True)
class Tally:
    """How often a signer's key was generated or used in this process."""

    signer_key_operations: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sam:
    """One signer process: its keys, its database, its trust, its clock."""

    config: SamConfig
    database: Database
    device: SamDevice
    device_name: str
    request_signer: RequestSigner
    pass_issuer: PassIssuer
    issuer: CertificateIssuer
    ca_anchor: bytes
    trust: Mapping[str, IssuerTrust]
    """Query id → who may issue what is asked for there."""
    identification_query: CredentialQuery
    identification_trust: IssuerTrust
    """What identification alone asks for, and of whom; neither makes a signer."""
    anchors: Mapping[Category, CategoryTrust]
    """Category → its anchors, whatever is asked for."""
    trust_lists: TrustLists
    pid_providers: tuple[str, ...]
    """Those of the operator's files, as the SAM started with them."""
    profiles: Mapping[str, Profile]
    """Name → kind of wallet, in the operator's order; the first is the default."""
    registrations: Mapping[Purpose, Registration]
    policy: FreeTierPolicy | None
    algorithms: AlgorithmRules
    """What may still be used, for what; narrows what the code can do."""
    clock: Callable[[], datetime]
    owner: Owner
    tally: Tally = field(default_factory=Tally)
    lists: ParsedLists = field(default_factory=ParsedLists)
    signed_texts: SignedTexts = field(default_factory=SignedTexts)
    fault: Callable[[str], None] = field(default=no_fault)

    @property
    def client_id(self) -> str:
        return self.client_id_for(next(iter(self.profiles.values())))

    def client_id_for(self, profile: Profile) -> str:
        leaf = self.request_signer.certificate_chain[0]
        prefix = profile.client_id_prefix or self.config.client_id_prefix
        if prefix == "x509_hash":
            return x509_hash_client_id(leaf)
        return f"x509_san_dns:{self.request_signer.dns_name}"
