"""What every message is made of: frozen, closed to unknown members, and how long."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_DOCUMENTS = 20
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
MAX_ANSWER_BYTES = 256 * 1024
MAX_METADATA = 16 * 1024
MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_TRUST_LIST_BYTES = 16 * 1024 * 1024

TransactionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
Handle = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

ProfileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
"""Of the SAM's list (``Info.profiles``); where none is named, the first counts."""
CredentialId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]


class Message(BaseModel):
    """Frozen, strict, and closed: an unknown member is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Nothing(Message):
    """A call without arguments."""


class Refusal(Message):
    """The body of every answer that is not 200."""

    code: str
    detail: str
