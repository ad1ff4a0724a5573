"""What a credential's row says, and the HSM MAC that binds all of it together.

The wrapped blob says nothing of its owner, so the row does; whoever can write rows and
not use the HSM can neither move a blob to another owner nor change what may be done
with it. That a row is the newest is the ledger's matter (``sam.credentials.ledger``).
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from sqlalchemy import Row

from hsm.key_ids import KeyId
from hsm.port import MacKey, SigningDevice
from hsm.wrapped import WrappedKey
from sam.database import Database
from sam.messages import CredentialAlgorithm
from sam.module import SamDevice

POLICY: Final = "test-lasting-1"
"""What a credential was made under; another profile is another name."""


class Keeper(Protocol):
    """What keeping credentials takes of a SAM; an operator's desk has it, too."""

    @property
    def database(self) -> Database: ...
    @property
    def device(self) -> SamDevice: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def fault(self) -> Callable[[str], None]: ...


class State(StrEnum):
    """MAKING → ACTIVE → REVOKED | REPLACED; any of them but MAKING → DELETED."""

    MAKING = "making"
    ACTIVE = "active"
    REVOKED = "revoked"
    REPLACED = "replaced"
    DELETED = "deleted"


class AlteredCredentialError(Exception):
    """A row is not what this SAM wrote, or not the last that it wrote."""

    code = "credential_altered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A row whose MAC held. ``blob`` is empty once the key is destroyed."""

    credential_id: str
    signer_id: bytes
    state: State
    algorithm: CredentialAlgorithm
    policy: str
    created_at: datetime
    replaces: str | None
    public_key: bytes
    blob: bytes
    wrapping_key: KeyId
    chain: tuple[bytes, ...]
    version: int

    @property
    def wrapped(self) -> WrappedKey:
        return WrappedKey(
            blob=self.blob, public_key=self.public_key, wrapping_key=self.wrapping_key
        )

    def columns(self) -> dict[str, object]:
        """The row, but for its MAC."""
        return {
            "signer_id": self.signer_id,
            "state": self.state,
            "algorithm": self.algorithm.value,
            "policy": self.policy,
            "created_at": self.created_at,
            "replaces": self.replaces,
            "public_key": self.public_key,
            "blob": self.blob,
            "wrapping_key": self.wrapping_key,
            "chain": [base64.b64encode(der).decode("ascii") for der in self.chain],
            "version": self.version,
        }

    def mac(self, device: SigningDevice) -> bytes:
        return mac_of(
            device,
            "credential-row",
            self.credential_id.encode(),
            self.signer_id,
            self.state.encode(),
            self.algorithm.encode(),
            hashlib.sha256(self.public_key).digest(),
            hashlib.sha256(self.blob).digest(),
            self.wrapping_key,
            self.policy.encode(),
            self.created_at.astimezone(UTC).isoformat().encode(),
            (self.replaces or "").encode(),
            hashlib.sha256(_prefixed(self.chain)).digest(),
            number(self.version),
        )


def opened(device: SigningDevice, row: Row[Any]) -> Credential:
    """Return what ``row`` says if its MAC holds; the blob is not looked at.

    Raises ``AlteredCredentialError``.
    """
    try:
        credential = Credential(
            credential_id=row.credential_id,
            signer_id=row.signer_id,
            state=State(row.state),
            algorithm=CredentialAlgorithm(row.algorithm),
            policy=row.policy,
            created_at=row.created_at,
            replaces=row.replaces,
            public_key=row.public_key,
            blob=row.blob,
            wrapping_key=KeyId(row.wrapping_key),
            chain=tuple(base64.b64decode(each) for each in row.chain),
            version=row.version,
        )
        holds = hmac.compare_digest(row.mac, credential.mac(device))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise AlteredCredentialError("a row that this SAM never wrote") from error
    if not holds:
        raise AlteredCredentialError("the row does not go with its MAC")
    return credential


def mac_of(device: SigningDevice, purpose: str, *parts: bytes) -> bytes:
    """32 bytes over ``purpose`` and ``parts``, each with its length before it."""
    message = _prefixed((purpose.encode(), *parts))
    return device.mac(MacKey.CREDENTIAL, message)


def number(value: int) -> bytes:
    return value.to_bytes(8, "big")


def _prefixed(parts: Sequence[bytes]) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
