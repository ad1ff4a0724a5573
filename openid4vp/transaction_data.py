"""What a signer approves: the ``qes-approval`` transaction data."""

from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDigest:
    """One document: ``label`` shown by the wallet, ``hash`` raw SHA-256 bytes."""

    label: str
    hash: bytes
    hash_type: Literal["sdr", "dtbsr"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QesApprovalRequest:
    """CSC Data Model Bindings 1.0 §7.1, in the spelling EUDI wallets accept."""

    TYPE: ClassVar[str] = "https://cloudsignatureconsortium.org/2025/qes-approval"
    SHA256_OID: ClassVar[str] = "2.16.840.1.101.3.4.2.1"

    credential_ids: tuple[str, ...]
    qualifier: str
    documents: tuple[DocumentDigest, ...]

    def encode(self) -> str:
        """The string sent to the wallet. Keep it: hashes are over it, not its JSON."""
        raise NotImplementedError
