"""A person takes a signing pass back: by handle, at once, for good, nobody else's."""

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update

from sam import approvals, audit, errors, pass_store, schema
from sam import messages as m
from sam.config import PASS_LIFETIME
from sam.pass_revocation import revoke_pass
from tests.sam.callers import Holder
from tests.sam.world import World, second_process
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.sd_jwt import SdJwt
from wallet_emulator.wallet import SIGNING_PASS

Key = ec.EllipticCurvePrivateKey


def held(world: World, handle: str) -> tuple[m.HeldPass, ...]:
    return world.client.list_passes(handle).passes


def states(world: World, handle: str) -> list[str]:
    return [each.state for each in held(world, handle)]


def revoke(world: World, person: Holder, which: int = 0) -> str:
    """As the person's browser would have it done; returns the handle used."""
    handle = world.identify(person)
    world.client.revoke_pass(handle, held(world, handle)[which].reference)
    return handle


def test_a_person_sees_their_own_passes_the_youngest_first(
    world: World, erika: Holder, asa: Holder
) -> None:
    world.clock.pass_by(hours=1)
    handle = world.identify(erika)
    world.issue_pass(handle, erika.proof(new_key()))

    first, second = held(world, handle)

    assert first.issued_at == world.clock.now
    assert first.expires_at == world.clock.now + PASS_LIFETIME
    assert second.issued_at < first.issued_at
    assert (first.own, second.own) == (True, False)
    assert states(world, handle) == ["valid", "valid"]


def test_what_is_listed_names_nothing_of_the_pass_and_nobody(
    world: World, erika: Holder
) -> None:
    handle = world.identify(erika)
    said = world.client.list_passes(handle).model_dump_json()
    signer = _signer(world, handle)
    with world.sam.database.begin() as connection:
        row = pass_store.passes_of(connection, signer, 1)[0]

    assert row.pass_id not in said
    assert row.key_thumbprint not in said
    assert row.signer_id.hex() not in said
    assert str(row.status_index) not in said
    assert "Mustermann" not in said


def test_a_reference_means_nothing_beside_another_handle(
    world: World, erika: Holder
) -> None:
    """Otherwise references would tie two visits of one person together."""
    (here,) = held(world, world.identify(erika))
    handle = world.identify(erika)
    (there,) = held(world, handle)

    assert here.reference != there.reference
    with pytest.raises(errors.UnknownPassError):
        world.client.revoke_pass(handle, here.reference)
    assert states(world, handle) == ["valid"]


def test_a_revoked_pass_approves_nothing_from_that_moment_on(
    world: World, erika: Holder
) -> None:
    tx = world.open_sign().tx
    body = erika.answer(tx)
    revoke(world, erika)

    with pytest.raises(errors.PassRefusedError):
        world.submit(tx, body)

    assert world.client.status(tx).state is m.State.OPEN
    assert '"reason":"pass_revoked"' in world.audited(audit.Event.ANSWER_REFUSED)[-1]


def test_an_approval_given_before_is_refused_before_there_is_a_key(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    revoke(world, erika)

    with pytest.raises(errors.TransactionClosedError):
        world.finish(tx)

    assert world.key_operations == 0
    assert world.ends_of_keys() == []
    assert not world.client.releases(0).releases


def test_one_that_slipped_in_between_is_refused_before_there_is_a_key(
    world: World, erika: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken back after the answer was checked, before it was recorded."""
    tx = world.open_sign().tx
    body = erika.answer(tx)
    genuine = approvals.approve

    def slow(*arguments: Any) -> Any:
        approval = genuine(*arguments)
        with world.sam.database.begin() as connection:
            connection.execute(update(schema.passes).values(revoked_at=world.clock.now))
        return approval

    monkeypatch.setattr(approvals, "approve", slow)
    world.submit(tx, body)

    with pytest.raises(errors.TransactionClosedError):
        world.finish(tx)
    assert world.key_operations == 0


def test_what_was_signed_before_stays_signed(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    signed = world.finish(tx)
    revoke(world, erika)

    assert world.finish(tx) == signed


def test_anothers_revocation_touches_nobody_else(
    world: World, erika: Holder, asa: Holder
) -> None:
    revoke(world, asa)

    assert world.finish(world.approved(erika)).release


def test_one_pass_is_taken_back_and_the_other_still_approves(
    world: World, erika: Holder
) -> None:
    world.clock.pass_by(seconds=1)
    handle = world.identify(erika)
    world.issue_pass(handle, erika.proof(new_key()))

    revoke(world, erika, which=0)

    assert states(world, handle) == ["revoked", "valid"]
    assert world.finish(world.approved(erika)).release


def test_all_are_taken_back_at_once(world: World, erika: Holder) -> None:
    handle = world.identify(erika)
    world.issue_pass(handle, erika.proof(new_key()))

    taken = world.client.revoke_pass(handle, m.ALL_PASSES)

    assert taken.revoked == 2
    assert states(world, handle) == ["revoked", "revoked"]


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_pass_is_taken_back_once(
    world: World, erika: Holder, all_of_them: bool
) -> None:
    handle = revoke(world, erika)
    world.clock.pass_by(minutes=1)
    reference = m.ALL_PASSES if all_of_them else held(world, handle)[0].reference

    assert world.client.revoke_pass(handle, reference).revoked == 0
    assert len(world.audited(audit.Event.PASS_REVOKED)) == 1


def test_two_processes_take_it_back_once(world: World, erika: Holder) -> None:
    call = m.RevokePass(handle=world.identify(erika), reference=m.ALL_PASSES)
    sams = (world.sam, second_process(world))
    threads = [threading.Thread(target=revoke_pass, args=(sam, call)) for sam in sams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(world.audited(audit.Event.PASS_REVOKED)) == 1


def test_an_ended_pass_is_not_taken_back(world: World, erika: Holder) -> None:
    world.clock.pass_by(seconds=PASS_LIFETIME.total_seconds())
    person = world.person("erika", holds_pass=False)
    handle = world.identify(person)

    assert states(world, handle) == ["ended"]
    assert world.client.revoke_pass(handle, m.ALL_PASSES).revoked == 0


def test_a_revocation_says_whose_pass_it_was_in_the_audit_log_alone(
    world: World, erika: Holder
) -> None:
    handle = revoke(world, erika)

    (record,) = world.audited(audit.Event.PASS_REVOKED)

    assert _signer(world, handle).hex() in record
    assert handle not in record


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda c, handle: c.list_passes(handle), id="list"),
        pytest.param(lambda c, handle: c.revoke_pass(handle, "all"), id="all"),
        pytest.param(lambda c, handle: c.revoke_pass(handle, "A" * 22), id="one"),
    ],
)
@pytest.mark.parametrize("unknown", [True, False], ids=["made-up", "over"])
def test_without_a_live_handle_nothing_is_listed_or_taken_back(
    world: World, erika: Holder, call: Callable[[Any, str], object], unknown: bool
) -> None:
    handle = "A" * 43 if unknown else world.identify(erika)
    if not unknown:
        world.clock.pass_by(minutes=30)

    with pytest.raises(errors.UnknownHandleError):
        call(world.client, handle)

    assert world.audited(audit.Event.PASS_REVOKED) == []


def test_nobody_takes_back_anothers_pass(
    world: World, erika: Holder, asa: Holder
) -> None:
    handle = world.identify(erika)
    (hers,) = held(world, handle)

    with pytest.raises(errors.UnknownPassError):
        world.client.revoke_pass(world.identify(asa), hers.reference)

    assert states(world, handle) == ["valid"]


def test_the_store_itself_takes_back_nobody_elses(
    world: World, erika: Holder, asa: Holder
) -> None:
    """Guards the call above: even a right pass_id is not enough."""
    handle = world.identify(erika)
    signer, other = _signer(world, handle), _signer(world, world.identify(asa))
    with world.sam.database.begin() as connection:
        hers = pass_store.passes_of(connection, signer, 1)[0]
        taken = pass_store.revoke(connection, other, hers.pass_id, world.clock.now)

    assert taken == []
    assert states(world, handle) == ["valid"]


def test_a_revoked_pass_is_not_given_out_again(world: World, key: Key) -> None:
    person = world.person("erika", holds_pass=False)
    handle = world.identify(person)
    world.issue_pass(handle, person.proof(key))
    world.client.revoke_pass(handle, m.ALL_PASSES)

    with pytest.raises(errors.PassAlreadyIssuedError):
        world.issue_pass(handle, person.proof(key))


def test_the_key_of_a_revoked_pass_gets_no_other(world: World, erika: Holder) -> None:
    old = erika.wallet.credential(SIGNING_PASS)
    assert old is not None
    revoke(world, erika)
    handle = world.identify(erika)

    with pytest.raises(errors.ProofRefusedError):
        world.issue_pass(handle, erika.proof(old.key))


def test_after_identifying_anew_another_wallet_gets_a_pass_of_its_own(
    world: World, erika: Holder
) -> None:
    """Renewal and a new phone are the same: the old pass lives until it is ended."""
    world.clock.pass_by(seconds=1)
    new_phone = world.person("erika")

    assert world.finish(world.approved(new_phone)).release
    assert world.finish(world.approved(erika)).release

    handle = world.identify(new_phone)
    _, older = held(world, handle)
    world.client.revoke_pass(handle, older.reference)

    assert world.finish(world.approved(new_phone)).release
    with pytest.raises(errors.PassRefusedError):
        world.approved(erika)


def test_a_pass_without_a_place_is_taken_back_as_well(
    world: World, erika: Holder
) -> None:
    """Issued before there was a status list."""
    key = new_key()
    handle = world.identify(erika)
    world.issue_pass(handle, erika.proof(key))
    old = world.sam.pass_issuer.issue(
        "old", public_jwk(key.public_key()), world.clock.now
    )
    with world.sam.database.begin() as connection:
        connection.execute(
            update(schema.passes)
            .where(schema.passes.c.handle_sha256 == _sha256(handle))
            .values(pass_id="old", credential=old, status_list=None, status_index=None)
        )
    erika.wallet.hold(SIGNING_PASS, SdJwt.parse(old), key)
    assert world.finish(world.approved(erika)).release

    world.client.revoke_pass(handle, m.ALL_PASSES)

    with pytest.raises(errors.PassRefusedError):
        world.approved(erika)


def _signer(world: World, handle: str) -> bytes:
    with world.sam.database.begin() as connection:
        signer: bytes = connection.execute(
            select(schema.handles.c.signer_id).where(
                schema.handles.c.handle_sha256 == _sha256(handle)
            )
        ).scalar_one()
    return signer


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
