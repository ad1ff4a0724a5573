"""The free-tier policy, as far as the SAM reads it: its id, version and period.

The file is the operator's, the same that the web tier reads. What a person may do in a
period is the web tier's to say and to count; the SAM only knows whose periods they are.
"""

from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sam.periods import Unit

MAX_FILE_BYTES: Final = 64 * 1024


class UnusablePolicyError(Exception):
    """The policy file cannot be read, or lacks what the SAM needs; says which."""

    code = "unusable_policy"


def _known(zone: str) -> str:
    if zone not in available_timezones():
        raise ValueError("no time zone of that name")
    return zone


class PeriodRule(BaseModel):
    """Calendar periods of ``zone``, a name of the IANA time zone database."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    unit: Unit
    zone: Annotated[str, AfterValidator(_known)]

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


class FreeTierPolicy(BaseModel):
    """Strict about these three; other members belong to the web tier."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    version: str = Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")
    period: PeriodRule


def load(file: Path) -> FreeTierPolicy:
    """Raises ``UnusablePolicyError``, which names everything that is wrong."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnusablePolicyError(f"{file}: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise UnusablePolicyError(f"{file}: larger than {MAX_FILE_BYTES} bytes")
    try:
        return FreeTierPolicy.model_validate_json(content)
    except ValidationError as error:
        wrong = "; ".join(
            ": ".join((".".join(map(str, found["loc"])) or "JSON", found["msg"]))
            for found in error.errors()
        )
        raise UnusablePolicyError(f"{file}: {wrong}") from error
