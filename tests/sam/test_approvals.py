"""Who a PID says is there, and whose approval counts."""

import json
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from sqlalchemy import update

from hsm.memory_device import MemoryDevice
from sam import approvals, audit, errors, schema
from sam import messages as m
from sam.answers import TOLD
from sam.config import PASS_LIFETIME
from tests.sam.callers import Holder
from tests.sam.world import World
from wallet_emulator import sd_jwt
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.persons import PERSONS, Person
from wallet_emulator.pid_provider import PidProvider, holder_jwk, pid_claims
from wallet_emulator.wallet import PID, SIGNING_PASS


def refusal(world: World, tx: str, body: str) -> str:
    """The reason in the log for refusing ``body``."""
    with pytest.raises(errors.AnswerRefusedError) as refused:
        world.submit(tx, body)
    assert world.row(tx)["state"] == m.State.OPEN
    reason: str = json.loads(world.audited(audit.Event.ANSWER_REFUSED)[-1])["reason"]
    assert type(refused.value) is TOLD.get(reason, errors.AnswerRefusedError)
    return reason


def give_pid(holder: Holder, person: Person, provider: PidProvider) -> None:
    key, now = new_key(), holder.world.clock.now
    pid = provider.issue(pid_claims(person, now), holder_jwk(key.public_key()), now)
    holder.wallet.hold(PID, pid, key)


# --- the person ------------------------------------------------------------------


def test_a_person_without_unique_identifier_cannot_be_identified(
    world: World,
) -> None:
    nemo = world.person("nemo", holds_pass=False)
    tx = world.open_identify()
    give_pid(nemo, replace(PERSONS["nemo"], document_number=" "), world.provider)

    assert refusal(world, tx, nemo.answer(tx)) == "no_unique_identifier"
    assert world.handles_of(tx) == 0


def test_a_document_number_identifies_where_there_is_no_other(world: World) -> None:
    jean = world.person("jean")

    finished = world.finish(world.approved(jean))

    leaf = x509.load_der_x509_certificate(b64decode(finished.certificate_chain[0]))
    serial = leaf.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value
    assert serial == "IDCFR-TEST-FR-000000075"


def test_the_same_person_is_the_same_signer(world: World, erika: Holder) -> None:
    first, second = world.approved(erika), world.approved(erika)

    assert world.row(first)["signer_id"] == world.row(second)["signer_id"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"personal_administrative_number": "TEST-DE-1"}, id="number"),
        pytest.param({"personal_administrative_number": None}, id="kind"),
    ],
)
def test_a_namesake_is_another_signer(
    world: World, erika: Holder, change: dict[str, str | None]
) -> None:
    tx = world.open_sign().tx
    give_pid(erika, replace(PERSONS["erika"], **change), world.provider)  # type: ignore[arg-type]

    assert refusal(world, tx, erika.answer(tx)) == "pass_of_another_signer"


def test_the_same_person_under_another_provider_is_another_signer(
    world: World, erika: Holder
) -> None:
    other = PidProvider.create(world.clock.now)
    world.trust_pid_provider("second-provider", other)
    tx = world.open_sign().tx
    give_pid(erika, PERSONS["erika"], other)

    assert refusal(world, tx, erika.answer(tx)) == "pass_of_another_signer"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("a", "bc", "d"), ("ab", "c", "d"), id="provider-and-kind"),
        pytest.param(("a", "b", "cd"), ("a", "bc", "d"), id="kind-and-value"),
        pytest.param(("a", "b", "c"), ("a", "b", "c "), id="space"),
        pytest.param(("a", "b", "c"), ("x", "b", "c"), id="provider"),
        pytest.param(("a", "b", "c"), ("a", "x", "c"), id="kind"),
        pytest.param(("a", "b", "c"), ("a", "b", "x"), id="value"),
    ],
)
def test_no_two_identities_share_a_signer_id(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    device = MemoryDevice()

    assert approvals.signer_id(device, *one) != approvals.signer_id(device, *other)


def test_two_spellings_of_one_identifier_are_one_signer() -> None:
    device = MemoryDevice()

    composed = approvals.signer_id(device, "provider", "kind", "\u00c51")
    decomposed = approvals.signer_id(device, "provider", "kind", "A\u030a1")

    assert composed == decomposed


def test_a_signer_id_needs_the_key_of_the_device() -> None:
    identity = ("provider", "kind", "value")

    first = approvals.signer_id(MemoryDevice(), *identity)
    second = approvals.signer_id(MemoryDevice(), *identity)

    assert first != second


def test_a_name_no_certificate_can_hold_is_refused(world: World, erika: Holder) -> None:
    tx = world.open_identify()
    give_pid(erika, replace(PERSONS["erika"], given_name="E" * 60), world.provider)

    assert refusal(world, tx, erika.answer(tx)) == "unfit_name"


# --- the pass --------------------------------------------------------------------


def test_the_handle_that_opened_a_transaction_names_its_signer(
    world: World, erika: Holder, asa: Holder
) -> None:
    tx = world.open_sign(handle=world.identify(erika)).tx

    assert refusal(world, tx, asa.answer(tx)) == "another_signer"
    assert world.submit(tx, erika.answer(tx)).outcome == "approved"


def test_another_persons_pass_is_no_approval(
    world: World, erika: Holder, asa: Holder
) -> None:
    stolen = asa.wallet.credential(SIGNING_PASS)
    assert stolen is not None
    erika.wallet.hold(SIGNING_PASS, stolen.sd_jwt, stolen.key)
    tx = world.open_sign().tx

    assert refusal(world, tx, erika.answer(tx)) == "pass_of_another_signer"


def test_a_pass_past_its_end_in_the_sams_own_record_is_no_approval(
    world: World, erika: Holder
) -> None:
    tx = world.open_sign().tx
    expire_passes(world)

    assert refusal(world, tx, erika.answer(tx)) == "pass_unknown_or_expired"


def expire_passes(world: World) -> None:
    with world.sam.database.begin() as connection:
        connection.execute(update(schema.passes).values(expires_at=world.clock.now))


def test_a_pass_past_its_own_end_is_no_approval(world: World, erika: Holder) -> None:
    world.clock.pass_by(seconds=PASS_LIFETIME.total_seconds() + 61)
    give_pid(erika, PERSONS["erika"], world.provider)
    tx = world.open_sign().tx

    assert refusal(world, tx, erika.answer(tx)) == "credential_expired"


def test_a_pass_unknown_to_the_sam_is_no_approval(world: World, erika: Holder) -> None:
    """Our key signed it and still we did not issue it: a restored database."""
    key = new_key()
    forged = world.sam.pass_issuer.issue(
        "never-issued", public_jwk(key.public_key()), world.clock.now
    )
    erika.wallet.hold(SIGNING_PASS, sd_jwt.SdJwt.parse(forged), key)
    tx = world.open_sign().tx

    assert refusal(world, tx, erika.answer(tx)) == "pass_unknown_or_expired"


def test_a_second_text_of_a_known_pass_is_no_approval(
    world: World, erika: Holder
) -> None:
    held = erika.wallet.credential(SIGNING_PASS)
    assert held is not None
    altered = world.sam.pass_issuer.issue(
        str(held.sd_jwt.payload["pass_id"]),
        public_jwk(held.key.public_key()),
        world.clock.now + timedelta(seconds=1),
    )
    erika.wallet.hold(SIGNING_PASS, sd_jwt.SdJwt.parse(altered), held.key)
    tx = world.open_sign().tx

    assert refusal(world, tx, erika.answer(tx)) == "pass_not_as_issued"


def test_a_pass_counts_only_with_the_key_it_was_issued_to(
    world: World, erika: Holder
) -> None:
    """The row says another key: someone edited the database."""
    tx = world.open_sign().tx
    body = erika.answer(tx)
    with world.sam.database.begin() as connection:
        connection.execute(update(schema.passes).values(key_thumbprint="another"))

    assert refusal(world, tx, body) == "pass_key_mismatch"


def test_only_the_very_text_that_was_sent_is_approved(
    world: World, erika: Holder
) -> None:
    """The stored text is another: what the wallet approved does not match it."""
    tx = world.open_sign().tx
    body = erika.answer(tx)
    with world.sam.database.begin() as connection:
        connection.execute(
            update(schema.transactions)
            .where(schema.transactions.c.tx == tx)
            .values(transaction_data="another")
        )

    assert refusal(world, tx, body) == "nothing_approved"
