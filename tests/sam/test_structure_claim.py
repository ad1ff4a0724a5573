"""What the web tier claims of a document's structure is kept, under its own name."""

import io
import json

import pytest
from pydantic import ValidationError

from sam import messages as m
from tests.sam.callers import Holder
from tests.sam.files import described, prepared
from tests.sam.world import World

LEASE = prepared(b"%PDF the lease ")
TOOL = "app.ades.increments 1, pyHanko 0.38.0"


def structure(world: World, erika: Holder, claimed: str | None) -> object:
    """What the statement of a release says of the one document's structure."""
    document = described(LEASE, structure_checked_by=claimed)
    opened = world.client.open_sign(
        m.OpenSign(documents=(document,)), [io.BytesIO(LEASE)]
    )
    world.submit(opened.tx, erika.answer(opened.tx))
    stated = json.loads(world.finish(opened.tx).evidence["statement.json"])
    return stated["documents"][0]["structure"]


def test_a_claim_is_labelled_as_the_documents_process_s(
    world: World, erika: Holder
) -> None:
    assert structure(world, erika, TOOL) == {
        "claim": "Only a signature was added to the original file.",
        "made_by": TOOL,
        "standing": "asserted by the documents process, not verified by the SAM",
    }


def test_no_claim_is_none(world: World, erika: Holder) -> None:
    assert structure(world, erika, None) is None


@pytest.mark.parametrize(
    "claimed", ["", "x" * 121, "verified by the SAM\n", "<b>proven</b>", "x\u202ey"]
)
def test_a_claim_is_a_short_plain_name(claimed: str) -> None:
    with pytest.raises(ValidationError):
        described(LEASE, structure_checked_by=claimed)
