"""The good way through the SAM, and what it leaves behind."""

from tests.sam.world import Holder, World


def test_an_approved_document_is_signed(world: World, erika: Holder) -> None:
    tx = world.approved(erika)

    finished = world.finish(tx)

    assert finished.release == 1
