"""Evidence in every dialect can be read by who knows the standards only."""

from collections.abc import Iterator

import pytest

from app.verification import wallet_checks
from tests.sam import kinds
from tests.sam.world import World

PROFILES = (
    "production",
    "eudi-reference-wallet",
    "credo",
    "walt-id",
    "we-build-cs-03",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with kinds.world_of_kinds(tmp_path_factory.mktemp("kinds")) as world:
        yield world


@pytest.mark.parametrize("profile", PROFILES)
def test_what_was_approved_is_read_from_the_evidence(
    world: World, profile: str
) -> None:
    erika = world.person("erika")
    opened = world.open_sign(profile=profile)
    world.submit(opened.tx, kinds.answer_by(kinds.kind_of(profile), erika, opened))
    files = {n: t.encode() for n, t in world.finish(opened.tx).evidence.items()}

    asked = wallet_checks.request(files["request-object.jwt"])
    data = wallet_checks.transaction_data(files["transaction-data.txt"], asked)
    held = wallet_checks.signing_pass(files["pass-presentation.txt"], asked, data)
    wallet_checks.check_approval(wallet_checks.holder_proof(held, asked), data)

    assert [d.digest.hex() for d in data.documents] == [opened.documents[0].sdr]
