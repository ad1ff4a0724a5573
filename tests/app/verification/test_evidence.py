"""The verifier of evidence, on real evidence: the good case, and every changed byte."""

import pytest

from app.verification import archive as a
from app.verification.report import Outcome, Report
from tests.app.verification.conftest import Home

MASKS = (0x01, 0x20, 0x80, 0x04, 0x10)
POSITIONS_PER_FILE = 60


def named(report: Report) -> set[str]:
    """The files that failing checks name."""
    return {file for check in report.failed for file in check.files}


def failing(report: Report) -> list[str]:
    return [check.name for check in report.failed]


def outcome(report: Report, name: str) -> Outcome:
    (found,) = [check for check in report.checks if check.name == name]
    return found.outcome


def test_real_evidence_holds_in_every_check(home: Home) -> None:
    report = home.judged()

    assert {check.outcome for check in report.checks} == {Outcome.HOLDS}
    assert [check.number for check in report.checks] == list(range(1, 26))


def flips(content: bytes) -> list[tuple[int, int]]:
    """Positions spread over the whole file, ends included, with changing bits."""
    last = len(content) - 1
    spread = {round(i * last / (POSITIONS_PER_FILE - 1)) for i in range(60)}
    return [(p, MASKS[i % len(MASKS)]) for i, p in enumerate(sorted(spread))]


def flipped(content: bytes, position: int, mask: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= mask
    return bytes(changed)


@pytest.mark.parametrize("name", a.FILES)
def test_every_changed_byte_is_caught_by_a_check_that_names_its_file(
    home: Home, name: str
) -> None:
    content = home.files[name]
    files = dict(home.files)

    missed = [
        (position, mask)
        for position, mask in flips(content)
        if name
        not in named(
            home.judged(
                files={**files, name: flipped(content, position, mask)}, documents={}
            )
        )
    ]

    assert len(flips(content)) == POSITIONS_PER_FILE
    assert missed == []
