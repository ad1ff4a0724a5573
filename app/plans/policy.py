"""The free tier's rule as one JSON file: what is free, how much, until when.

The operator writes the file, the SAM reads id and period of the same file. It can
limit, never shut out: no cap below one document, and none below what one approval may
hold (Regulation (EU) 2024/1183 Art. 5a(5)(g): free of charge for natural persons).
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    UrlConstraints,
    ValidationError,
    model_validator,
)

from sam.messages import MAX_DOCUMENT_BYTES, MAX_DOCUMENTS

MAX_FILE_BYTES: Final = 64 * 1024


class UnusablePolicyError(Exception):
    """The operator's file is missing or not of this form; the message says where."""


def _existing(zone: str) -> str:
    if zone not in available_timezones():
        raise ValueError("no such time zone")
    return zone


Text = Annotated[str, Field(min_length=1, max_length=600)]
Zone = Annotated[str, AfterValidator(_existing)]
HttpsUrl = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["https"], max_length=300)]


class Member(BaseModel):
    """Frozen, strict and closed: an unknown member is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Texts(Member):
    """Sentences for people, shown as they are."""

    rule: Text
    used_up: Text
    too_large: Text
    for_work: Text
    appeal: Text


class Alternative(Member):
    """Another way to sign; the order in the file is no preference."""

    name: str = Field(min_length=1, max_length=80)
    url: HttpsUrl
    note: str = Field(min_length=1, max_length=200)


@dataclass(frozen=True, slots=True)
class Period:
    """``name`` as the SAM knows it; from ``starts_at`` on, before ``ends_at`` (UTC)."""

    name: str
    starts_at: datetime
    ends_at: datetime


class Calendar(Member):
    """Calendar days, ISO weeks, months or years of one time zone."""

    unit: Unit
    zone: Zone

    def period_of(self, now: datetime) -> Period:
        first, after = _dates(self.unit, self.local(now).date())
        if now >= self._midnight(after):
            # Clocks went back across midnight: yesterday's date, in a day that began.
            first, after = _dates(self.unit, after)
        starts_at, ends_at = self._midnight(first), self._midnight(after)
        return Period(_name(self.unit, first), starts_at, ends_at)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.zone))

    def _midnight(self, day: date) -> datetime:
        # Where clocks skip midnight, this is when they do; where it comes twice, the
        # first time.
        return datetime.combine(day, time.min, ZoneInfo(self.zone)).astimezone(UTC)


class Policy(Member):
    """``cap`` counts documents per person and period; ``None``: counted, no limit."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    version: str = Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")
    title: str = Field(min_length=1, max_length=120)
    period: Calendar
    cap: int | None = Field(ge=1, le=1_000_000)
    max_document_bytes: int = Field(ge=1, le=MAX_DOCUMENT_BYTES)
    max_documents: int = Field(ge=1, le=MAX_DOCUMENTS)
    capacity: Literal["natural_person"]
    purpose: Literal["private"]
    texts: Texts
    alternatives: tuple[Alternative, ...] = Field(min_length=1, max_length=20)
    appeal_url: HttpsUrl

    @model_validator(mode="after")
    def _one_approval_fits(self) -> Self:
        if self.cap is not None and self.max_documents > self.cap:
            raise ValueError("max_documents above cap would refuse a first signature")
        return self

    def period_of(self, now: datetime) -> Period:
        return self.period.period_of(now)

    @property
    def digest(self) -> str:
        """SHA-256 of the members, sorted, without spaces: which rule was in force."""
        members = self.model_dump(mode="json")
        text = json.dumps(
            members, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        return hashlib.sha256(text.encode()).hexdigest()


def load(path: Path) -> Policy:
    """The policy in ``path``; ``UnusablePolicyError`` names all that is wrong."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnusablePolicyError(f"{path}: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise UnusablePolicyError(f"{path}: more than {MAX_FILE_BYTES} bytes")
    try:
        return Policy.model_validate_json(content)
    except ValidationError as error:
        raise UnusablePolicyError(f"{path}: {_what_is_wrong(error)}") from error


def _what_is_wrong(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, wrong['loc'])) or 'file'}: {wrong['msg']}"
        for wrong in found
    )


def _dates(unit: Unit, today: date) -> tuple[date, date]:
    """The first day, and the first day of what comes after."""
    match unit:
        case Unit.DAY:
            return today, today + timedelta(days=1)
        case Unit.WEEK:
            monday = today - timedelta(days=today.weekday())
            return monday, monday + timedelta(days=7)
        case Unit.MONTH:
            first = today.replace(day=1)
            return first, (first + timedelta(days=31)).replace(day=1)
        case Unit.YEAR:
            first = today.replace(month=1, day=1)
            return first, first.replace(year=first.year + 1)


def _name(unit: Unit, first: date) -> str:
    year, week, _ = first.isocalendar()
    names = {
        Unit.DAY: first.isoformat(),
        Unit.WEEK: f"{year:04}-W{week:02}",
        Unit.MONTH: first.isoformat()[:7],
        Unit.YEAR: first.isoformat()[:4],
    }
    return names[unit]
