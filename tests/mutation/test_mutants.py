"""What the tool takes for a check, and what it makes of it."""

import ast

import pytest

from tests.mutation.mutants import mutants

CHANGES = {
    "a-refusal": ("if n in held:\n    raise E", {"n in held → False"}),
    "a-handler": (
        "try:\n    f()\nexcept V:\n    raise E from None",
        {"raise E from None → pass"},
    ),
    "a-call": ("cose.verify_sign1(a, b)", {"cose.verify_sign1(a, b) → pass"}),
    "another-call": ("log.info(a)", set()),
    "a-limit": (
        "MAX_SIZE: Final = 64 * 1024",
        {"MAX_SIZE: Final = 2 * (64 * 1024) + 1"},
    ),
    "a-window": ("skew = timedelta(seconds=60)", {"skew = 2 * timedelta(seconds=60)"}),
    "a-name": ('ALG = "ES256"', set()),
    "a-bound": ("ok = n < 5\n", {"ok = n <= 5"}),
    "two-bounds": (
        "ok = 0 <= n < 5\n",
        {"ok = 0 < n < 5", "ok = 0 <= n <= 5", "0 <= → nothing", "< 5 → nothing"},
    ),
    "half-a-condition": ("ok = f(a) and g(b)", {"f(a) → True", "g(b) → True"}),
    "a-default": ("value = given or {}", set()),
    "secrets": ("ok = hmac.compare_digest(a, b)", {"hmac.compare_digest(a, b) → True"}),
    "a-row": ("q.where(t.c.a == 1)", {"t.c.a == 1 → 1 == 1"}),
}


@pytest.mark.parametrize(("source", "expected"), CHANGES.values(), ids=CHANGES)
def test_each_check_is_deleted_or_weakened(source: str, expected: set[str]) -> None:
    made = list(mutants(source))

    assert {_short(mutant.name) for mutant in made} == {_short(e) for e in expected}
    assert all(ast.dump(ast.parse(m.applied(source))) for m in made)


def _short(name: str) -> str:
    """Without the function; of a whole line that changed, what it became."""
    before, _, after = name.removeprefix(": ").rpartition(" → ")
    kept = after in ("False", "True", "pass", "nothing", "1 == 1")
    return f"{before} → {after}" if kept else after


def test_offsets_are_characters_where_syntax_trees_count_bytes() -> None:
    source = 'x = "Å" if a else 1\nif "Å" in held: raise E("Å")\n'

    (only,) = mutants(source)

    assert only.applied(source).endswith('if False: raise E("Å")\n')
