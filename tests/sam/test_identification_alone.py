"""Identification alone: a name and an issuer, and nothing that anything can come of."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from sam import audit, errors
from sam import messages as m
from sam.identification_alone import UnusableQueryError, load_query
from sam.start import StartError
from tests.sam.callers import Holder
from tests.sam.test_deviations import IDENTIFYING_REFUSED, without_count
from tests.sam.world import World
from wallet_emulator.deviations import DEVIATIONS
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.wallet import MDOC_FORMAT, Wallet, receive_pid

PID = "eu.europa.ec.eudi.pid.1"
SD_JWT_QUERY: Mapping[str, Any] = {
    "id": "only",
    "format": "dc+sd-jwt",
    "meta": {"vct_values": ["urn:eudi:pid:1"]},
    "claims": [{"path": ["family_name"]}, {"path": ["given_name"]}],
}
MDOC_QUERY: Mapping[str, Any] = {
    "id": "only",
    "format": "mso_mdoc",
    "meta": {"doctype_value": PID},
    "claims": [{"path": [PID, "family_name"]}, {"path": [PID, "given_name"]}],
}


def open_alone(world: World) -> str:
    return world.client.open_identify(m.OpenIdentify(grants=(), alone=True)).tx


def configured(world: World, tmp_path: Path, **settings: object) -> None:
    """Restarted under an operator's settings; a query is written to its file."""
    query = settings.pop("query", None)
    if query is not None:
        settings["identification_query"] = tmp_path / "query.json"
        (tmp_path / "query.json").write_text(json.dumps(query))
    world.restart(world.sam.config.model_copy(update=settings))


def test_a_name_and_the_issuer_come_back(world: World, erika: Holder) -> None:
    tx = open_alone(world)

    submitted = world.submit(tx, erika.answer(tx))

    assert submitted == m.Submitted(
        outcome="identified_alone",
        display_name="Erika Mustermann",
        issued_by="demo-pid-provider",
    )


def test_only_one_credential_and_two_claims_are_asked_for(
    world: World, erika: Holder
) -> None:
    (asked,) = erika.request(open_alone(world)).query.credentials

    assert asked.format == "dc+sd-jwt"
    assert [[claim.path for claim in claims] for claims in asked.claim_choices] == [
        [("family_name",), ("given_name",)]
    ]


def test_the_operators_query_is_asked_instead(
    world: World, erika: Holder, tmp_path: Path
) -> None:
    configured(world, tmp_path, query=MDOC_QUERY)
    tx = open_alone(world)

    submitted = world.submit(tx, erika.answer(tx, prefer=MDOC_FORMAT))

    assert [q.id for q in erika.request(open_alone(world)).query.credentials] == [
        "only"
    ]
    assert submitted.display_name == "Erika Mustermann"


def test_the_query_stays_what_it_was_when_opened(
    world: World, erika: Holder, tmp_path: Path
) -> None:
    tx = open_alone(world)
    configured(world, tmp_path, query=MDOC_QUERY)

    assert world.submit(tx, erika.answer(tx)).outcome == "identified_alone"


def test_no_person_is_known_by_it(world: World, erika: Holder) -> None:
    tx = open_alone(world)
    world.submit(tx, erika.answer(tx))

    row = world.row(tx)
    record = json.loads(world.audited(audit.Event.ANSWER_VERIFIED)[-1])
    assert row["state"] == m.State.VERIFIED
    assert row["signer_id"] is row["subject"] is row["protocol"] is None
    assert world.handles_of(tx) == 0
    assert record["purpose"] == "identify_alone"
    assert "signer_id" not in record


def test_the_name_is_forgotten_with_the_transaction(
    world: World, erika: Holder
) -> None:
    tx = open_alone(world)
    world.submit(tx, erika.answer(tx))
    world.client.abort(tx)

    assert world.row(tx)["display_name"] is None


def test_the_same_answer_gets_the_same_reply(world: World, erika: Holder) -> None:
    tx = open_alone(world)
    body = erika.answer(tx)

    assert world.submit(tx, body) == world.submit(tx, body)


def test_another_answer_changes_nothing(
    world: World, erika: Holder, asa: Holder
) -> None:
    tx = open_alone(world)
    other = asa.answer(tx)
    world.submit(tx, erika.answer(tx))

    with pytest.raises(errors.AlreadyAnsweredError):
        world.submit(tx, other)


@pytest.mark.parametrize(("name", "kind"), IDENTIFYING_REFUSED)
def test_a_deviating_answer_shows_no_name(
    shared_world: World, villain: Holder, name: str, kind: str
) -> None:
    tx = open_alone(shared_world)
    if name == "replayed-response":
        villain.answer(open_alone(shared_world))
    body = villain.answer(tx, DEVIATIONS[name].change(kind))
    before = shared_world.row(tx)

    with pytest.raises(errors.AnswerRefusedError):
        shared_world.submit(tx, body)

    assert without_count(shared_world.row(tx)) == without_count(before)
    assert shared_world.submit(tx, villain.answer(tx)).outcome == "identified_alone"


def answered(world: World, person: Holder) -> str:
    tx = open_alone(world)
    world.submit(tx, person.answer(tx))
    return tx


def test_it_is_never_finished(world: World, erika: Holder) -> None:
    tx = answered(world, erika)
    before = world.key_operations

    with pytest.raises(errors.NotVerifiedError):
        world.finish(tx)

    assert world.key_operations == before
    assert world.row(tx)["state"] == m.State.VERIFIED


def test_it_is_never_counted(world: World, erika: Holder) -> None:
    call = m.QuotaTag(policy="p", period="2026-11", tx=answered(world, erika))

    with pytest.raises((errors.NoPolicyError, errors.NotVerifiedError)):
        world.client.quota_tag(call)


def test_a_stranger_of_the_pid_providers_is_refused(world: World) -> None:
    """A PID that only identification alone believes in: the suite's issuer, say."""
    stranger = Holder(world, Wallet(world.folder / "stranger"))
    other = PidProvider.create(world.clock.now)
    receive_pid(stranger.wallet, other, PERSONS["erika"], world.clock.now)
    tx = open_alone(world)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, stranger.answer(tx))


def test_anchors_of_its_own_identify_alone_and_no_signer(
    world: World, erika: Holder, tmp_path: Path
) -> None:
    """A suite's issuer is believed here, and makes nobody a signer anywhere else."""
    suite = PidProvider.create(world.clock.now)
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    (anchors / "suite.pem").write_bytes(suite.ca.public_bytes(Encoding.PEM))
    configured(world, tmp_path, identification_trust_anchors=anchors)
    tester = Holder(world, Wallet(world.folder / "tester"))
    receive_pid(tester.wallet, suite, PERSONS["erika"], world.clock.now)
    alone, signer, own = open_alone(world), world.open_identify(), open_alone(world)

    assert world.submit(alone, tester.answer(alone)).issued_by == "suite"
    with pytest.raises(errors.AnswerRefusedError):
        world.submit(signer, tester.answer(signer))
    with pytest.raises(errors.AnswerRefusedError):
        world.submit(own, erika.answer(own))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"grants": ["pass"]}, id="pass"),
        pytest.param({"grants": ["credential"]}, id="credential"),
        pytest.param(
            {"match_rules": [{"claim": "birthdate", "equals": "1984-08-12"}]},
            id="match-rule",
        ),
    ],
)
def test_nothing_more_can_be_asked_along(more: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match="alone"):
        m.OpenIdentify.model_validate_json(
            json.dumps({"grants": [], "alone": True, **more})
        )


def test_alone_without_more_can_be_asked() -> None:
    """Guards the table above."""
    call = m.OpenIdentify.model_validate_json('{"grants": [], "alone": true}')

    assert call.alone


def changed(query: Mapping[str, Any], **members: object) -> str:
    made = {**query, **members}
    return json.dumps({name: value for name, value in made.items() if value is not ...})


QUERIES = [
    ("", "empty"),
    ("[]", "a-list"),
    (changed(SD_JWT_QUERY, format="jwt_vc_json"), "unknown-format"),
    (changed(SD_JWT_QUERY, meta={"vct_values": ["urn:other"]}), "another-type"),
    (
        changed(SD_JWT_QUERY, meta={"vct_values": ["urn:eudi:pid:1", "urn:other"]}),
        "a-type-too-many",
    ),
    (changed(MDOC_QUERY, meta={"doctype_value": "org.iso.18013.5.1.mDL"}), "mdl"),
    (changed(SD_JWT_QUERY, multiple=True), "several"),
    (changed(SD_JWT_QUERY, claims=...), "no-claims"),
    (changed(SD_JWT_QUERY, claims=[{"path": ["family_name"]}]), "one-name"),
    (
        changed(MDOC_QUERY, claims=[{"path": [PID, "family_name"]}]),
        "one-name-of-an-mdoc",
    ),
    (
        changed(
            SD_JWT_QUERY,
            claims=[
                {"id": "f", "path": ["family_name"]},
                {"id": "g", "path": ["given_name"]},
            ],
            claim_sets=[["f", "g"], ["f"]],
        ),
        "one-name-will-do",
    ),
    (
        changed(SD_JWT_QUERY, require_cryptographic_holder_binding=False),
        "no-holder-proof",
    ),
]


@pytest.mark.parametrize("text", [pytest.param(q, id=i) for q, i in QUERIES])
def test_a_query_that_is_no_pids_name_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "query.json"
    file.write_text(text)

    with pytest.raises(UnusableQueryError, match=r"query\.json"):
        load_query(file)


@pytest.mark.parametrize("query", [SD_JWT_QUERY, MDOC_QUERY])
def test_the_unchanged_queries_are_taken(
    tmp_path: Path, query: Mapping[str, Any]
) -> None:
    """Guards the table above."""
    file = tmp_path / "query.json"
    file.write_text(json.dumps(query))

    assert load_query(file).to_json() == query


def test_a_bad_query_stops_the_start(world: World, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="identification query"):
        configured(world, tmp_path, query=[])


def test_a_bad_anchor_stops_the_start(world: World, tmp_path: Path) -> None:
    (tmp_path / "suite.pem").write_text("nothing")

    with pytest.raises(StartError, match="identification anchors"):
        configured(world, tmp_path, identification_trust_anchors=tmp_path)


@pytest.mark.parametrize("name", ["Erika\u202e", "Eri\x00ka", "E" * 400])
def test_a_name_no_page_should_show_is_refused(world: World, name: str) -> None:
    person = replace(PERSONS["erika"], given_name=name)
    holder = Holder(world, Wallet(world.folder / "odd"))
    receive_pid(holder.wallet, world.provider, person, world.clock.now)
    tx = open_alone(world)

    with pytest.raises(errors.UnfitNameError):
        world.submit(tx, holder.answer(tx))
