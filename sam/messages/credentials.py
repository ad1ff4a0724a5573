"""Signing credentials that are kept: made, listed, renewed, ended."""

from datetime import datetime
from enum import StrEnum

from sam.messages.message import CredentialId, Handle, Message
from sam.messages.signing import SignatureScheme


class CredentialAlgorithm(StrEnum):
    """Which key a credential has."""

    P256 = "P-256"
    P384 = "P-384"
    RSA3072 = "RSA-3072"
    RSA4096 = "RSA-4096"


class CredentialState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"


class MakeCredential(Message):
    """``algorithm``: of the key; P-256 where none is named."""

    handle: Handle
    algorithm: CredentialAlgorithm | None = None


class RenewCredential(Message):
    """A credential in the place of ``credential_id``."""

    handle: Handle
    credential_id: CredentialId
    algorithm: CredentialAlgorithm | None = None


class ListCredentials(Message):
    handle: Handle


class RevocationReason(StrEnum):
    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key_compromise"
    AFFILIATION_CHANGED = "affiliation_changed"
    SUPERSEDED = "superseded"
    CESSATION = "cessation"


class RevokeCredential(Message):
    handle: Handle
    credential_id: CredentialId
    reason: RevocationReason = RevocationReason.UNSPECIFIED


class DeleteCredential(Message):
    handle: Handle
    credential_id: CredentialId


class HeldCredential(Message):
    """``schemes``: how it can sign, the first unless asked otherwise. ``expires_at``:
    of its certificate. ``certificate_chain``: base64 DER, the signer's first."""

    credential_id: CredentialId
    state: CredentialState
    algorithm: CredentialAlgorithm
    schemes: tuple[SignatureScheme, ...]
    created_at: datetime
    expires_at: datetime
    replaces: CredentialId | None = None
    certificate_chain: tuple[str, ...]


class Credentials(Message):
    """A person's latest credentials, the youngest first."""

    credentials: tuple[HeldCredential, ...]


class EndedCredential(Message):
    """It signs no more, whoever asks."""

    credential_id: CredentialId
