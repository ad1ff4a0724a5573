"""The survivors that the page argues for are still there to be argued for."""

import re
from pathlib import Path

import pytest

from tests.mutation.mutants import mutants

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/mutation.md").read_text()
ROWS = re.findall(
    r"^\| `([a-z0-9_/]+\.py)` \| `(.+)` \| ([^|]+) \|$", PAGE, re.MULTILINE
)
AFTER = PAGE.partition("## Survivors")[2]


@pytest.mark.parametrize(("module", "mutant", "why"), ROWS)
def test_a_survivor_of_the_page_can_still_be_made(
    module: str, mutant: str, why: str
) -> None:
    made = {one.name for one in mutants((ROOT / module).read_text())}

    assert mutant in made, "the code has changed: try it again, or drop the row"
    assert why.strip()


def test_every_row_was_read() -> None:
    """Guards the test above: a row of another form would not be looked at."""
    assert len(ROWS) == AFTER.count("\n| `")
