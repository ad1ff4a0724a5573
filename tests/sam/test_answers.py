"""The wallet's answer: the first that verifies moves the transaction, nothing else."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from sam import answers, audit, errors
from sam import messages as m
from tests.sam.callers import Holder
from tests.sam.world import World
from wallet_emulator import answer


def without_count(row: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "refusals"}


def test_an_identification_is_no_approval(world: World, erika: Holder) -> None:
    identifying, signing = world.open_identify(), world.open_sign().tx
    body = erika.answer(identifying)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(signing, body)


def test_an_approval_is_no_identification(world: World, erika: Holder) -> None:
    identifying, signing = world.open_identify(), world.open_sign().tx
    body = erika.answer(signing)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(identifying, body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("response=", id="empty-response"),
        pytest.param("response=a.b.c.d.e", id="no-jwe"),
        pytest.param("response=" + "A" * 200_000, id="long"),
        pytest.param("=&" * 100_000, id="many-members"),
        pytest.param("%ff%00%zz&response=%F0%9F", id="bad-percent"),
        pytest.param("response=\u0000\U0010ffff", id="odd-text"),
        pytest.param('{"vp_token":' + "[" * 50_000, id="json-bomb"),
        pytest.param("vp_token=" + "[" * 100_000, id="plain-bomb"),
    ],
)
def test_garbage_is_refused_and_changes_nothing(shared_world: World, body: str) -> None:
    tx = shared_world.open_sign().tx
    before = shared_world.row(tx)

    with pytest.raises(errors.AnswerRefusedError):
        shared_world.submit(tx, body)

    assert without_count(shared_world.row(tx)) == without_count(before)


def test_the_same_answer_gets_the_same_reply(world: World, erika: Holder) -> None:
    tx = world.open_identify()
    body = erika.answer(tx)

    first, second = world.submit(tx, body), world.submit(tx, body)

    assert first == second
    assert first.handle is not None
    assert world.handles_of(tx) == 1


def test_the_same_approval_gets_the_same_reply_after_signing(
    world: World, erika: Holder
) -> None:
    tx = world.open_sign().tx
    body = erika.answer(tx)
    world.submit(tx, body)
    world.finish(tx)

    assert world.submit(tx, body).outcome == "approved"


def test_another_answer_comes_too_late(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    before = world.row(tx)
    body = "response=another"

    with pytest.raises(errors.AlreadyAnsweredError):
        world.submit(tx, body)

    assert world.row(tx) == before


def test_an_answer_that_was_verified_too_slowly_is_not_taken(
    world: World, erika: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    tx = world.open_sign().tx
    body = erika.answer(tx)
    genuine = answers._verify

    def slow(*given: Any) -> object:
        presentation = genuine(*given)
        world.clock.pass_by(minutes=5)
        return presentation

    monkeypatch.setattr("sam.answers._verify", slow)

    with pytest.raises(errors.TransactionClosedError):
        world.submit(tx, body)

    assert world.row(tx)["state"] == m.State.OPEN
    assert world.row(tx)["signer_id"] is None


@pytest.mark.parametrize("body", ["honest", "error=access_denied"])
def test_an_answer_after_the_end_is_refused(
    world: World, erika: Holder, body: str
) -> None:
    tx = world.open_sign().tx
    given = erika.answer(tx) if body == "honest" else body
    world.clock.pass_by(minutes=5)

    with pytest.raises(errors.TransactionClosedError):
        answers.submit(world.sam, m.Submit(tx=tx, body=given))  # before any sweep


def test_the_last_moment_is_still_in_time(world: World, erika: Holder) -> None:
    tx = world.open_sign().tx
    body = erika.answer(tx)
    world.clock.pass_by(minutes=4, seconds=59)

    assert world.submit(tx, body).outcome == "approved"


def test_an_aborted_transaction_takes_no_answer(world: World, erika: Holder) -> None:
    tx = world.open_sign().tx
    body = erika.answer(tx)
    world.client.abort(tx)

    with pytest.raises(errors.TransactionClosedError):
        world.submit(tx, body)


def test_an_aborted_transaction_does_not_repeat_its_reply(
    world: World, erika: Holder
) -> None:
    tx = world.open_identify()
    body = erika.answer(tx)
    world.submit(tx, body)
    world.client.abort(tx)

    with pytest.raises(errors.TransactionClosedError):
        world.submit(tx, body)


def test_an_unknown_transaction_takes_no_answer(world: World) -> None:
    with pytest.raises(errors.UnknownTransactionError):
        world.submit("A" * 32, "response=x")


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_a_wallets_error_is_a_hint_and_no_event(
    world: World, erika: Holder, encrypted: bool
) -> None:
    tx = world.open_sign().tx
    form = answer.error_form(
        erika.request(tx), "access_denied", "no, thanks", encrypted=encrypted
    )
    before = world.row(tx)

    submitted = world.submit(tx, urlencode(form))

    assert (submitted.outcome, submitted.error) == ("wallet_error", "access_denied")
    assert submitted.error_description == "no, thanks"
    assert world.row(tx) == before
    assert world.submit(tx, erika.answer(tx)).outcome == "approved"


def test_a_stranger_cannot_fill_the_log(world: World, erika: Holder) -> None:
    tx = world.open_sign().tx
    bodies = [f"response={number}" for number in range(20)]

    refused = sum(_is_refused(world, tx, body) for body in bodies)

    assert refused == world.row(tx)["refusals"] == len(bodies)
    assert len(world.audited(audit.Event.ANSWER_REFUSED)) == answers.AUDITED_REFUSALS
    assert world.submit(tx, erika.answer(tx)).outcome == "approved"


def _is_refused(world: World, tx: str, body: str) -> bool:
    try:
        world.submit(tx, body)
    except errors.AnswerRefusedError:
        return True
    return False
