"""The signing pass: issued, listed, taken back."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from sam.messages.message import Handle, Message

PassReference = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]
ALL_PASSES: Final = "all"


class KeyAttestationPolicy(StrEnum):
    """Whether a wallet provider has to vouch for a pass's key (OpenID4VCI App. D)."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class AttackPotential(StrEnum):
    """OpenID4VCI 1.0 App. D.2, from the least to the most resistant."""

    BASIC = "iso_18045_basic"
    ENHANCED_BASIC = "iso_18045_enhanced-basic"
    MODERATE = "iso_18045_moderate"
    HIGH = "iso_18045_high"


class PassNonce(Message):
    c_nonce: str
    expires_in: int


class IssuePass(Message):
    """``proof``: as the wallet sent it (OpenID4VCI 1.0 App. F.1 or F.3)."""

    handle: Handle
    proof: str = Field(max_length=16 * 1024)


class IssuedPass(Message):
    credential: str


class PassState(StrEnum):
    VALID = "valid"
    ENDED = "ended"
    REVOKED = "revoked"


class ListPasses(Message):
    handle: Handle


class HeldPass(Message):
    """``reference`` means something only beside the handle it was listed for. ``own``:
    it came of this very identification."""

    reference: PassReference
    issued_at: datetime
    expires_at: datetime
    state: PassState
    own: bool


class Passes(Message):
    """A person's latest passes, the youngest first."""

    passes: tuple[HeldPass, ...]


class RevokePass(Message):
    handle: Handle
    reference: PassReference | Literal["all"]


class RevokedPasses(Message):
    """How many passes this call took back: 0 if they were of no use before."""

    revoked: int


class StatusListNumber(Message):
    number: int = Field(ge=1, le=10_000)


class SignedStatusList(Message):
    """A statuslist+jwt over our own passes, and how many seconds it may be cached."""

    token: str
    ttl: int
