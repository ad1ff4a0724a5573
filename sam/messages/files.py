"""Signed files that others fetch and the SAM verifies."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from sam.messages.message import MAX_FILE_BYTES, MAX_TRUST_LIST_BYTES, Message


class FileKind(StrEnum):
    """Signed files that the SAM verifies and others fetch for it."""

    STATUS_LIST = "status_list"
    IDENTIFIER_LIST = "identifier_list"
    LOTE = "lote"
    TRUSTED_LIST = "trusted_list"

    @property
    def max_bytes(self) -> int:
        """Above it a file of this kind is neither fetched nor read."""
        return MAX_TRUST_LIST_BYTES if self in _TRUST_LISTS else MAX_FILE_BYTES


_TRUST_LISTS = frozenset({FileKind.LOTE, FileKind.TRUSTED_LIST})


class KeepFile(Message):
    """Hands over what was fetched from ``uri``; ``length`` bytes follow on the wire."""

    kind: FileKind
    uri: str = Field(max_length=2048, pattern=r"^https?://[!-~]+$")
    length: int = Field(gt=0)

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        if self.length > self.kind.max_bytes:
            raise ValueError("length")
        return self


class KeptFile(Message):
    """It holds, and is what the SAM goes by until ``usable_until`` at the latest."""

    usable_until: datetime


class WantedFile(Message):
    """A file the SAM looks things up in: who is in it, and where, it never says.

    ``fetch_at``: when to hand over the next one. ``usable_until``: that of the one
    held, if one is.
    """

    kind: FileKind
    uri: str
    fetch_at: datetime
    usable_until: datetime | None = None


class TrustSource(Message):
    """A trust list that the operator configured, and how it stands.

    ``state``: absent, stale, broken, empty or fresh; ``says`` explains it and what to
    do. ``providers``: how many of its category it makes known now.
    """

    name: str
    category: str
    kind: FileKind
    uri: str
    state: str
    says: str
    providers: int
    sequence: int | None = None
    issued_at: datetime | None = None
    next_update: datetime | None = None
