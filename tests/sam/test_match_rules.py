"""What a caller may learn by comparing: one verdict, and nothing else."""

import json

import pytest

from sam import approvals, audit
from sam import messages as m
from tests.sam.callers import Holder
from tests.sam.world import World

NFC_NAME, NFD_NAME = "Ångström-Provperson", "A\u030angstro\u0308m-Provperson"


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        pytest.param({"birthdate": "1991-02-28"}, True, id="right"),
        pytest.param({"birthdate": "1991-02-27"}, False, id="wrong"),
        pytest.param({"family_name": NFC_NAME}, True, id="nfc"),
        pytest.param({"family_name": NFD_NAME}, True, id="nfd"),
        pytest.param({"family_name": NFC_NAME.upper()}, False, id="case"),
        pytest.param({"document_number": "TEST-SE-AA0000001"}, True, id="document"),
        pytest.param(
            {"birthdate": "1991-02-28", "issuing_country": "SE"}, True, id="both"
        ),
        pytest.param(
            {"birthdate": "1991-02-28", "issuing_country": "DE"}, False, id="one-wrong"
        ),
    ],
)
def test_the_match_is_one_verdict_over_all_rules(
    shared_world: World, asa_in_shared: Holder, rules: dict[str, str], verdict: bool
) -> None:
    tx = shared_world.open_identify(rules=rules)

    submitted = shared_world.submit(tx, asa_in_shared.answer(tx))

    assert submitted.match is verdict


@pytest.fixture(scope="module")
def asa_in_shared(shared_world: World) -> Holder:
    return shared_world.person("asa")


@pytest.mark.parametrize("claimed", [NFC_NAME, NFD_NAME], ids=["nfc", "nfd"])
@pytest.mark.parametrize("equals", [NFC_NAME, NFD_NAME], ids=["nfc", "nfd"])
def test_the_spelling_of_neither_side_matters(claimed: str, equals: str) -> None:
    rule = m.MatchRule(claim="family_name", equals=equals)

    assert approvals.matches({"family_name": claimed}, [rule])


def test_without_rules_there_is_no_verdict(world: World, erika: Holder) -> None:
    tx = world.open_identify()

    assert world.submit(tx, erika.answer(tx)).match is None


def test_the_wallet_is_asked_for_what_a_rule_compares(
    world: World, erika: Holder
) -> None:
    tx = world.open_identify(rules={"birthdate": "1984-08-12"})

    queries = erika.request(tx).query.credentials

    choices = [{c.path[-1] for c in one} for q in queries for one in q.claim_choices]
    assert len(choices) == 4
    assert all(choice & {"birthdate", "birth_date"} for choice in choices)


def test_the_log_says_what_was_compared_and_not_with_what(
    world: World, erika: Holder
) -> None:
    tx = world.open_identify(rules={"birthdate": "1984-08-12", "given_name": "E"})
    world.submit(tx, erika.answer(tx))

    record = world.audited(audit.Event.ANSWER_VERIFIED)[-1]

    assert json.loads(record)["match_rules"] == ["birthdate", "given_name"]
    assert "1984" not in record


def test_what_a_rule_compared_with_goes_with_the_transaction(
    world: World, erika: Holder
) -> None:
    tx = world.open_identify(rules={"birthdate": "1984-08-12"})
    world.submit(tx, erika.answer(tx))
    world.client.abort(tx)

    assert world.row(tx)["match_rules"] == []
