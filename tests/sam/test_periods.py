"""Which calendar period contains a moment: zones, clock changes, turns of years."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam.periods import Unit, period_at

WARSAW = "Europe/Warsaw"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# fmt: off
CASES: dict[str, tuple[Unit, str, str, str, str, str]] = {
    # unit, zone, moment → name, starts_at, ends_at
    "day": (
        "day", WARSAW, "2026-11-20T12:00Z",
        "2026-11-20", "2026-11-19T23:00Z", "2026-11-20T23:00Z",
    ),
    "week": (
        "week", WARSAW, "2026-11-20T12:00Z",
        "2026-W47", "2026-11-15T23:00Z", "2026-11-22T23:00Z",
    ),
    "month": (
        "month", WARSAW, "2026-11-20T12:00Z",
        "2026-11", "2026-10-31T23:00Z", "2026-11-30T23:00Z",
    ),
    "year": (
        "year", WARSAW, "2026-11-20T12:00Z",
        "2026", "2025-12-31T23:00Z", "2026-12-31T23:00Z",
    ),
    "day-of-23-hours": (
        "day", WARSAW, "2027-03-28T12:00Z",
        "2027-03-28", "2027-03-27T23:00Z", "2027-03-28T22:00Z",
    ),
    "day-of-25-hours": (
        "day", WARSAW, "2026-10-25T12:00Z",
        "2026-10-25", "2026-10-24T22:00Z", "2026-10-25T23:00Z",
    ),
    "month-with-a-clock-change": (
        "month", WARSAW, "2027-03-10T12:00Z",
        "2027-03", "2027-02-28T23:00Z", "2027-03-31T22:00Z",
    ),
    "leap-february": (
        "month", WARSAW, "2028-02-29T12:00Z",
        "2028-02", "2028-01-31T23:00Z", "2028-02-29T23:00Z",
    ),
    "leap-year": (
        "year", "UTC", "2028-12-31T23:59:59Z",
        "2028", "2028-01-01T00:00Z", "2029-01-01T00:00Z",
    ),
    "week-53-ends-in-january": (
        "week", "UTC", "2027-01-03T23:59:59Z",
        "2026-W53", "2026-12-28T00:00Z", "2027-01-04T00:00Z",
    ),
    "week-1-begins-in-december": (
        "week", "UTC", "2025-12-29T00:00Z",
        "2026-W01", "2025-12-29T00:00Z", "2026-01-05T00:00Z",
    ),
    "last-second": (
        "month", WARSAW, "2026-11-30T22:59:59Z",
        "2026-11", "2026-10-31T23:00Z", "2026-11-30T23:00Z",
    ),
    "first-instant": (
        "month", WARSAW, "2026-11-30T23:00Z",
        "2026-12", "2026-11-30T23:00Z", "2026-12-31T23:00Z",
    ),
    "fourteen-hours-ahead": (
        "month", "Pacific/Kiritimati", "2026-10-31T10:00Z",
        "2026-11", "2026-10-31T10:00Z", "2026-11-30T10:00Z",
    ),
    "midnight-is-skipped": (
        "day", "Africa/Cairo", "2026-04-24T12:00Z",
        "2026-04-24", "2026-04-23T22:00Z", "2026-04-24T21:00Z",
    ),
    "midnight-comes-twice": (
        "day", "America/Havana", "2026-11-01T12:00Z",
        "2026-11-01", "2026-11-01T04:00Z", "2026-11-02T05:00Z",
    ),
    "yesterday-shows-once-more": (
        "day", "America/St_Johns", "2010-11-07T03:00Z",
        "2010-11-07", "2010-11-07T02:30Z", "2010-11-08T03:30Z",
    ),
    "tomorrow-never-was": (
        "day", "Pacific/Apia", "2011-12-30T09:59:59Z",
        "2011-12-29", "2011-12-29T10:00Z", "2011-12-30T10:00Z",
    ),
}
# fmt: on


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_moment_lies_in_one_calendar_period_of_the_zone(
    case: tuple[Unit, str, str, str, str, str],
) -> None:
    unit, zone, moment, *expected = case

    period = period_at(at(moment), unit, ZoneInfo(zone))

    name, starts_at, ends_at = expected
    assert period.name == name
    assert (period.starts_at, period.ends_at) == (at(starts_at), at(ends_at))


ZONES = (
    "Africa/Cairo",
    "America/Havana",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    WARSAW,
    "Pacific/Apia",
    "UTC",
)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["day", "week", "month", "year"]),
    st.sampled_from(ZONES),
)
def test_periods_leave_no_gap_and_do_not_overlap(
    moment: datetime, unit: Unit, zone: str
) -> None:
    period = period_at(moment, unit, ZoneInfo(zone))

    following = period_at(period.ends_at, unit, ZoneInfo(zone))
    last = period_at(period.ends_at - timedelta(microseconds=1), unit, ZoneInfo(zone))
    assert period.starts_at <= moment < period.ends_at
    assert following.starts_at == period.ends_at
    assert last == period
