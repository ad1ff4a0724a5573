"""Every way the wallet emulator knows to misbehave, against the SAM itself."""

import json
from collections.abc import Mapping

import pytest

from sam import audit, errors
from sam import messages as m
from tests.sam.callers import Holder
from tests.sam.world import World
from wallet_emulator.deviations import ACCEPTED, DEVIATIONS
from wallet_emulator.wallet import MDOC_FORMAT, PID, PID_MDOC, SIGNING_PASS

# Where the SAM names the same defect otherwise than the catalogue does.
REASONS = {
    "another-persons-pid": "pass_of_another_signer",
    "another-persons-pass": "pass_of_another_signer",
    "mdoc-of-another-person": "pass_of_another_signer",
    "cnf-symmetric-key": "malformed_response",
    "pass-shown-as-pid": "issuer_not_trusted",
}
NEEDS_A_PASS = {
    name for name, deviation in DEVIATIONS.items() if deviation.kinds == (SIGNING_PASS,)
} | {
    "approval-on-pid-only",
    "hashes-in-every-presentation",
    "pass-shown-as-pid",
    "another-persons-pid",  # alone, it identifies that person
}


def rows(*, expected_accepted: bool, kinds: tuple[str, ...]) -> list[object]:
    return [
        pytest.param(name, kind, id=f"{name}-on-{kind}")
        for name, deviation in sorted(DEVIATIONS.items())
        for kind in kinds
        if kind in deviation.kinds
        and (deviation.expected == ACCEPTED) is expected_accepted
        and (SIGNING_PASS in kinds or name not in NEEDS_A_PASS)
    ]


SIGNING = (SIGNING_PASS, PID, PID_MDOC)
SIGNING_REFUSED = rows(expected_accepted=False, kinds=SIGNING)
SIGNING_ACCEPTED = rows(expected_accepted=True, kinds=SIGNING)
# An identification goes the same way: its mdoc rows would say nothing new.
IDENTIFYING_REFUSED = rows(expected_accepted=False, kinds=(PID,))
IDENTIFYING_ACCEPTED = rows(expected_accepted=True, kinds=(PID, PID_MDOC))


def answered(villain: Holder, tx: str, name: str, kind: str) -> str:
    prefer = MDOC_FORMAT if kind == PID_MDOC else None
    if name == "replayed-response":  # there must be something to replay
        villain.answer(villain.world.open_sign().tx, prefer=prefer)
    return villain.answer(tx, DEVIATIONS[name].change(kind), prefer)


def without_count(row: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "refusals"}


def last_reason(world: World) -> str:
    reason = json.loads(world.audited(audit.Event.ANSWER_REFUSED)[-1])["reason"]
    assert isinstance(reason, str)
    return reason


def expected_reason(name: str, kind: str) -> str:
    if (name, kind) == ("replayed-response", PID_MDOC):
        return "signature_invalid"  # the nonce is inside what the holder signed
    return REASONS.get(name, DEVIATIONS[name].expected)


@pytest.mark.parametrize(("name", "kind"), SIGNING_REFUSED)
def test_a_deviating_approval_changes_nothing(
    shared_world: World, villain: Holder, name: str, kind: str
) -> None:
    tx = shared_world.open_sign().tx
    body = answered(villain, tx, name, kind)
    before, operations = shared_world.row(tx), shared_world.key_operations

    with pytest.raises(errors.AnswerRefusedError):
        shared_world.submit(tx, body)

    assert without_count(shared_world.row(tx)) == without_count(before)
    assert before["state"] == m.State.OPEN
    assert shared_world.key_operations == operations
    assert last_reason(shared_world) == expected_reason(name, kind)
    assert shared_world.submit(tx, villain.answer(tx)).outcome == "approved"


@pytest.mark.parametrize(("name", "kind"), IDENTIFYING_REFUSED)
def test_a_deviating_identification_yields_no_handle(
    shared_world: World, villain: Holder, name: str, kind: str
) -> None:
    tx = shared_world.open_identify()
    body = answered(villain, tx, name, kind)
    before = shared_world.row(tx)

    with pytest.raises(errors.AnswerRefusedError):
        shared_world.submit(tx, body)

    assert without_count(shared_world.row(tx)) == without_count(before)
    assert shared_world.handles_of(tx) == 0
    assert last_reason(shared_world) == expected_reason(name, kind)
    assert shared_world.submit(tx, villain.answer(tx)).outcome == "identified"


@pytest.mark.parametrize(("name", "kind"), SIGNING_ACCEPTED)
def test_an_unusual_but_right_approval_is_accepted(
    shared_world: World, villain: Holder, name: str, kind: str
) -> None:
    tx = shared_world.open_sign().tx

    submitted = shared_world.submit(tx, answered(villain, tx, name, kind))

    assert submitted.outcome == "approved"


@pytest.mark.parametrize(("name", "kind"), IDENTIFYING_ACCEPTED)
def test_an_unusual_but_right_identification_is_accepted(
    shared_world: World, villain: Holder, name: str, kind: str
) -> None:
    tx = shared_world.open_identify()

    submitted = shared_world.submit(tx, answered(villain, tx, name, kind))

    assert submitted.outcome == "identified"
