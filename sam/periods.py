"""Calendar periods of a time zone: which one contains a moment, and when it ends.

Calendar arithmetic is done on dates, and each date's midnight is then turned into UTC:
a day may have 23, 24 or 25 hours, and some midnights do not exist or come twice. Where
clocks skip midnight the day begins at the skip, where it comes twice at the first.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["day", "week", "month", "year"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """``starts_at`` ≤ moment < ``ends_at``, both in UTC.

    ``name``: ``2026-11-20``, ``2026-W47`` (ISO 8601 week, of its own year),
    ``2026-11`` or ``2026``.
    """

    name: str
    starts_at: datetime
    ends_at: datetime


def period_at(moment: datetime, unit: Unit, zone: ZoneInfo) -> Period:
    """The one period of ``zone`` that contains ``moment``, an aware time."""
    first = _first_day(unit, moment.astimezone(zone).date())
    period = _period(unit, first, zone)
    if moment < period.ends_at:
        return period
    # Clocks were put back across midnight: yesterday's date shows once more, in a day
    # that has begun.
    return _period(unit, _next_first_day(unit, first), zone)


def _period(unit: Unit, first: date, zone: ZoneInfo) -> Period:
    return Period(
        name=_name(unit, first),
        starts_at=_midnight(first, zone),
        ends_at=_midnight(_next_first_day(unit, first), zone),
    )


def _first_day(unit: Unit, day: date) -> date:
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)


def _next_first_day(unit: Unit, first: date) -> date:
    longest = {"day": 1, "week": 7, "month": 31, "year": 366}[unit]
    return _first_day(unit, first + timedelta(days=longest))


def _name(unit: Unit, first: date) -> str:
    match unit:
        case "day":
            return first.isoformat()
        case "week":
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return first.isoformat()[:7]
        case "year":
            return first.isoformat()[:4]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of ``day``: zoneinfo takes fold=0 where there is a choice."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)
