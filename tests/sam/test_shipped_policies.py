"""The SAM and the web tier read one policy file as the same policy and periods."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import plans
from app.plans import policy as web
from sam import policy
from sam.periods import period_at

FILES = sorted((Path(plans.__file__).parent / "policies").glob("*.json"))
HOURS = 24 * 366


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_both_read_the_same_policy(file: Path) -> None:
    ours, theirs = policy.load(file), web.load(file)

    assert (ours.id, ours.version) == (theirs.id, theirs.version)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_both_see_the_same_period_in_every_hour_of_a_year(file: Path) -> None:
    rule, theirs = policy.load(file).period, web.load(file)
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    moments = [begin + timedelta(hours=hour) for hour in range(HOURS)]

    ours = [period_at(moment, rule.unit, rule.zone_info) for moment in moments]

    assert [(p.name, p.starts_at, p.ends_at) for p in ours] == [
        (p.name, p.starts_at, p.ends_at)
        for p in (theirs.period_of(moment) for moment in moments)
    ]
