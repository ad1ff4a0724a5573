"""How many distinct hostile answers the SAM refuses: counted as they are refused.

``test_deviations`` says of each what must come of it; ``end_to_end/test_bad_input``
posts them over HTTP and sees 400 and no signer key used. Here they are all posted in a
row, so that the numbers in ``docs/reference/proofs.md`` are of what was refused and not
of what a table holds. A defect shown on two credentials counts once.
"""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from openid4vp.errors import Openid4vpError
from sam import errors
from tests.sam.callers import Holder
from tests.sam.test_deviations import SIGNING_REFUSED, answered, last_reason
from tests.sam.world import World
from wallet_emulator.deviations import GROUPS

SD_JWT = ("Forge a card", "Prove possession wrongly", "Approve wrongly")
MDOC = (
    "Forge an mdoc",
    "Prove possession of an mdoc wrongly",
    "Write an mdoc wrongly",
)
JWE = ("Encrypt wrongly",)
FORM = ("Answer out of form",)


def codes_of(error: type[Openid4vpError]) -> set[str]:
    return {error.code}.union(*(codes_of(kind) for kind in error.__subclasses__()))


# What the SAM adds to the verifier's own codes: who the two credentials are of.
CODES = codes_of(Openid4vpError) | {"pass_of_another_signer"}


@dataclass
class Posted:
    """What became of all of them."""

    refused: dict[str, set[str]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    not_refused: list[str] = field(default_factory=list)
    operations: int = 0

    def names(self, *titles: str) -> set[str]:
        return set().union(*(self.refused.get(title, set()) for title in titles))


def group_of(name: str) -> str:
    return next(t for t, group in GROUPS.items() if name in {d.name for d in group})


@pytest.fixture(scope="module")
def posted(shared_world: World, villain: Holder) -> Posted:
    found = Posted()
    before = shared_world.key_operations
    for row in SIGNING_REFUSED:
        name, kind = row.values  # type: ignore[attr-defined]
        tx = shared_world.open_sign().tx
        body = answered(villain, tx, name, kind)
        try:
            shared_world.submit(tx, body)
        except errors.AnswerRefusedError:
            found.refused.setdefault(group_of(name), set()).add(name)
            found.reasons[last_reason(shared_world)] += 1
        else:
            found.not_refused.append(f"{name} on {kind}")
    found.operations = shared_world.key_operations - before
    return found


def test_none_of_them_is_accepted(posted: Posted) -> None:
    assert posted.not_refused == []


def test_each_refusal_has_a_code_of_the_verifier(posted: Posted) -> None:
    assert posted.reasons.keys() <= CODES
    assert posted.reasons.total() == len(SIGNING_REFUSED)


def test_no_key_of_a_signer_is_used_for_any_of_them(posted: Posted) -> None:
    assert posted.operations == 0


@pytest.mark.parametrize(
    ("titles", "at_least"),
    [
        pytest.param(SD_JWT, 184, id="sd-jwt"),
        pytest.param(MDOC, 212, id="mdoc"),
        pytest.param(JWE, 33, id="jwe"),
        pytest.param(FORM, 28, id="form"),
    ],
)
def test_as_many_defects_are_refused_as_the_documents_say(
    posted: Posted, titles: tuple[str, ...], at_least: int
) -> None:
    assert len(posted.names(*titles)) >= at_least


def test_every_defect_is_in_one_of_the_counts(posted: Posted) -> None:
    counted = posted.names(*SD_JWT, *MDOC, *JWE, *FORM)

    assert counted == posted.names(*GROUPS)
