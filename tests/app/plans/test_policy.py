"""What a policy file may say, and what its periods are."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plans.policy import Calendar, Period, Policy, Unit, UnusablePolicyError, load
from sam.periods import period_at
from sam.policy import load as load_for_sam
from tests.app.plans.conftest import POLICIES

NAMES = ["at-like", "demo", "ee-like", "pl-like", "pt-like"]
BANNED = {
    *("hash", "digest", "qscd", "pades", "lta", "dtbs", "credential"),
    *("verifier", "payload", "transaction"),
}
MAX_WORDS = 20


def pl_like() -> dict[str, Any]:
    members: dict[str, Any] = json.loads((POLICIES / "pl-like.json").read_text())
    return members


def sentences(policy: Policy) -> list[str]:
    texts = [policy.title, *policy.texts.model_dump().values()]
    texts += [other.note for other in policy.alternatives]
    return [s for text in texts for s in re.split(r"(?<=[.?!]) ", text)]


def test_the_policies_are_those_of_the_contract() -> None:
    assert sorted(file.stem for file in POLICIES.iterdir()) == NAMES


@pytest.mark.parametrize(
    ("name", "cap", "unit"),
    [
        ("demo", None, Unit.MONTH),
        ("pl-like", 5, Unit.MONTH),
        ("ee-like", 50, Unit.MONTH),
        ("at-like", None, Unit.MONTH),
        ("pt-like", None, Unit.MONTH),
    ],
)
def test_a_policy_says_what_its_model_country_does(
    name: str, cap: int | None, unit: Unit
) -> None:
    policy = load(POLICIES / f"{name}.json")

    assert (policy.id, policy.cap, policy.period.unit) == (name, cap, unit)


def test_five_megabytes_are_the_limit_of_the_polish_model() -> None:
    assert load(POLICIES / "pl-like.json").max_document_bytes == 5_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_leaves_nothing_unsaid(name: str) -> None:
    policy = load(POLICIES / f"{name}.json")

    assert all(policy.texts.model_dump().values())
    assert policy.alternatives
    assert policy.appeal_url.scheme == "https"


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_written_for_everybody(name: str) -> None:
    said = sentences(load(POLICIES / f"{name}.json"))

    assert [s for s in said if len(s.split()) > MAX_WORDS] == []
    assert {w.lower() for s in said for w in re.findall(r"\w+", s)} & BANNED == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_names_its_own_cap(name: str) -> None:
    policy = load(POLICIES / f"{name}.json")
    number = {5: "five", 50: "50", None: "no limit"}[policy.cap]

    assert number in policy.texts.rule


def test_the_estonian_model_says_that_other_services_do_not_count() -> None:
    assert "does not count" in load(POLICIES / "ee-like.json").texts.rule


def without(member: str) -> dict[str, Any]:
    return {key: value for key, value in pl_like().items() if key != member}


def with_text(text: str) -> dict[str, Any]:
    return {"texts": {**pl_like()["texts"], "rule": text}}


def with_url(url: str) -> dict[str, Any]:
    return {"alternatives": [{"name": "A", "url": url, "note": "B"}]}


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        pytest.param({}, True, id="unchanged"),
        pytest.param({"cap": None}, True, id="no-cap"),
        pytest.param({"cap": 1, "max_documents": 1}, True, id="a-cap-of-one"),
        pytest.param({"cap": 0, "max_documents": 1}, False, id="a-cap-of-none"),
        pytest.param({"cap": -1}, False, id="negative-cap"),
        pytest.param({"cap": "5"}, False, id="cap-as-text"),
        pytest.param({"cap": True}, False, id="cap-as-truth"),
        pytest.param({"cap": 4}, False, id="first-approval-does-not-fit"),
        pytest.param({"max_documents": 21}, False, id="more-than-the-sam-takes"),
        pytest.param({"max_documents": 0}, False, id="no-document"),
        pytest.param({"max_document_bytes": 1 << 30}, False, id="larger-than-the-sam"),
        pytest.param({"fee": 1}, False, id="unknown-member"),
        pytest.param({"id": "../x"}, False, id="id-with-a-path"),
        pytest.param({"capacity": "company"}, False, id="not-a-person"),
        pytest.param({"purpose": "business"}, False, id="not-private"),
        pytest.param(with_text(""), False, id="empty-text"),
        pytest.param(with_text("a" * 601), False, id="endless-text"),
        pytest.param({"alternatives": []}, False, id="no-alternative"),
        pytest.param(with_url("https://a.example/"), True, id="https"),
        pytest.param(with_url("http://a.example/"), False, id="plain-http"),
        pytest.param(with_url("javascript:alert(1)"), False, id="a-script"),
        pytest.param(with_url("https://"), False, id="no-host"),
        pytest.param({"appeal_url": "mailto:a@b.example"}, False, id="appeal-by-mail"),
        pytest.param(
            {"period": {"unit": "month", "zone": "Europe/Atlantis"}},
            False,
            id="no-such-zone",
        ),
        pytest.param(
            {"period": {"unit": "month", "zone": "../../etc/localtime"}},
            False,
            id="zone-with-a-path",
        ),
        pytest.param(
            {"period": {"unit": "hour", "zone": "Europe/Warsaw"}},
            False,
            id="no-such-unit",
        ),
    ],
)
def test_a_file_of_another_form_is_refused(
    tmp_path: Path, change: dict[str, Any], *, fits: bool
) -> None:
    assert loads(tmp_path, {**pl_like(), **change}) is fits


@pytest.mark.parametrize("member", sorted(Policy.model_fields))
def test_every_member_is_required(tmp_path: Path, member: str) -> None:
    assert not loads(tmp_path, without(member))


def loads(folder: Path, members: dict[str, Any]) -> bool:
    file = folder / "policy.json"
    file.write_text(json.dumps(members))
    try:
        load(file)
    except UnusablePolicyError:
        return False
    return True


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b"\xff", id="no-text"),
        pytest.param(b"[" * 60_000, id="deep"),
        pytest.param(
            (POLICIES / "pl-like.json").read_bytes() + b" " * 65_536, id="long"
        ),
    ],
)
def test_what_is_no_policy_at_all_is_refused_by_name(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "policy.json"
    file.write_bytes(content)

    with pytest.raises(UnusablePolicyError, match=r"policy\.json"):
        load(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusablePolicyError, match=r"none\.json"):
        load(tmp_path / "none.json")


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({**pl_like(), "cap": 0, "id": ""}))

    with pytest.raises(UnusablePolicyError, match=r"id: .*; cap: "):
        load(file)


def test_the_digest_is_of_the_sorted_members(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(dict(reversed(pl_like().items())), indent=7))

    assert load(file).digest == load(POLICIES / "pl-like.json").digest


def test_another_text_is_another_digest() -> None:
    policy = load(POLICIES / "pl-like.json")

    assert policy.model_copy(update={"title": "Other"}).digest != policy.digest


# --- periods


@pytest.mark.parametrize(
    ("unit", "zone", "now", "expected"),
    [
        pytest.param(
            "month",
            "Europe/Warsaw",
            "2026-11-20T10:00",
            ("2026-11", "2026-10-31T23:00", "2026-11-30T23:00"),
            id="month",
        ),
        pytest.param(
            "month",
            "Europe/Warsaw",
            "2026-11-30T23:00",
            ("2026-12", "2026-11-30T23:00", "2026-12-31T23:00"),
            id="first-instant-of-the-next-month",
        ),
        pytest.param(
            "month",
            "Europe/Warsaw",
            "2026-10-10T10:00",
            ("2026-10", "2026-09-30T22:00", "2026-10-31T23:00"),
            id="a-month-in-which-clocks-change",
        ),
        pytest.param(
            "week",
            "Europe/Tallinn",
            "2027-01-02T10:00",
            ("2026-W53", "2026-12-27T22:00", "2027-01-03T22:00"),
            id="an-iso-week-over-the-new-year",
        ),
        pytest.param(
            "week",
            "Europe/Tallinn",
            "2024-12-30T10:00",
            ("2025-W01", "2024-12-29T22:00", "2025-01-05T22:00"),
            id="an-iso-week-before-its-year",
        ),
        pytest.param(
            "day",
            "Africa/Cairo",
            "2026-04-24T10:00",
            ("2026-04-24", "2026-04-23T22:00", "2026-04-24T21:00"),
            id="a-day-without-midnight",
        ),
        pytest.param(
            "day",
            "America/Havana",
            "2026-11-01T10:00",
            ("2026-11-01", "2026-11-01T04:00", "2026-11-02T05:00"),
            id="a-day-with-two-midnights",
        ),
        pytest.param(
            "day",
            "America/St_Johns",
            "2010-11-07T02:40",
            ("2010-11-07", "2010-11-07T02:30", "2010-11-08T03:30"),
            id="a-day-that-goes-on-when-clocks-show-yesterday-again",
        ),
        pytest.param(
            "year",
            "Europe/Vienna",
            "2026-12-31T23:00",
            ("2027", "2026-12-31T23:00", "2027-12-31T23:00"),
            id="year",
        ),
    ],
)
def test_a_period_is_the_calendars(
    unit: str, zone: str, now: str, expected: tuple[str, str, str]
) -> None:
    calendar = Calendar(unit=Unit(unit), zone=zone)

    period = calendar.period_of(utc(now))

    name, starts_at, ends_at = expected
    assert period == Period(name, utc(starts_at), utc(ends_at))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


moments = st.datetimes(
    datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)
)
units = st.sampled_from(Unit)
zones = st.sampled_from(sorted(available_timezones()))


@given(unit=units, zone=zones, now=moments)
def test_periods_follow_each_other_without_gap_or_overlap(
    unit: Unit, zone: str, now: datetime
) -> None:
    calendar = Calendar(unit=unit, zone=zone)

    period = calendar.period_of(now)
    after = calendar.period_of(period.ends_at)
    just_before = calendar.period_of(period.ends_at - timedelta(microseconds=1))

    assert period.starts_at <= now < period.ends_at
    assert after.starts_at == period.ends_at
    assert after.name != period.name
    assert just_before == period


@given(unit=units, zone=zones, now=moments)
def test_a_period_is_the_sams(unit: Unit, zone: str, now: datetime) -> None:
    ours = Calendar(unit=unit, zone=zone).period_of(now)

    theirs = period_at(now, unit.value, ZoneInfo(zone))

    assert ours == Period(theirs.name, theirs.starts_at, theirs.ends_at)


@pytest.mark.parametrize("name", NAMES)
def test_the_sam_reads_the_same_file(name: str) -> None:
    file = POLICIES / f"{name}.json"
    ours, theirs = load(file), load_for_sam(file)

    assert (ours.id, ours.version) == (theirs.id, theirs.version)
    assert (ours.period.unit, ours.period.zone) == (
        theirs.period.unit,
        theirs.period.zone,
    )


def test_a_moment_is_told_in_the_policys_zone() -> None:
    calendar = Calendar(unit=Unit.MONTH, zone="Europe/Warsaw")

    assert calendar.local(utc("2026-11-30T23:00")) == datetime(
        2026, 12, 1, tzinfo=ZoneInfo("Europe/Warsaw")
    )
