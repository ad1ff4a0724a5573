"""A person's pseudonym in one period of the free-tier policy."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from sam.messages.message import Handle, Message, Sha256Hex, TransactionId


class QuotaTag(Message):
    """Asks for a person's pseudonym in one period of the free-tier policy.

    ``policy``: the policy's id. ``period``: a calendar period by its name (day
    ``2026-11-20``, ISO week ``2026-W47``, month ``2026-11`` or year ``2026``), which
    must be the one that contains the SAM's now. The person is named by a ``handle``, or
    by a ``tx`` whose verified approval is for private use: exactly one of the two.
    """

    policy: str = Field(min_length=1, max_length=64)
    period: str = Field(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?|-W[0-9]{2})?$")
    handle: Handle | None = None
    tx: TransactionId | None = None

    @model_validator(mode="after")
    def _one_person(self) -> Self:
        if (self.handle is None) == (self.tx is None):
            raise ValueError("exactly one of handle and tx")
        return self


class QuotaTagged(Message):
    """``tag``: the same for one person all through ``period``, whether by handle or by
    tx; of no relation to any tag of another period, policy or person. From ``ends_at``
    on nobody can compute it again."""

    tag: Sha256Hex
    period: str
    ends_at: datetime
