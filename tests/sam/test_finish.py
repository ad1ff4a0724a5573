"""One verified approval becomes one set of signatures, or nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import update

from sam import audit, errors, finish, schema
from sam import messages as m
from tests.sam.callers import Holder
from tests.sam.scripted_ca import CertifiesOnly, Issuer, ScriptedCa, honest
from tests.sam.world import World, end_lease, second_process


def assert_nothing_came_of(world: World, tx: str, reason: str) -> None:
    """FAILED for this reason, without release, key or open plan."""
    status = world.client.status(tx)
    assert (status.state, status.reason) == (m.State.FAILED, reason)
    assert world.client.releases(0).releases == ()
    assert world.audited(audit.Event.SIGNATURE_RELEASED) == []
    assert len(world.audited(audit.Event.SIGNING_FAILED)) == 1
    assert world.device.one_time_keys() == ()
    assert world.row(tx)["result"] is None
    assert world.key_plans_open() == 0
    with pytest.raises(errors.SigningFailedError, match=reason):
        world.finish(tx)


def test_what_nobody_approved_is_not_signed(world: World) -> None:
    tx = world.open_sign().tx

    with pytest.raises(errors.NotVerifiedError):
        world.finish(tx)

    assert world.key_operations == 0
    assert world.client.status(tx).state == m.State.OPEN


def test_an_identification_is_never_signed(world: World, erika: Holder) -> None:
    tx = world.open_identify()
    world.submit(tx, erika.answer(tx))

    with pytest.raises(errors.NotVerifiedError):
        world.finish(tx)

    assert world.key_operations == 0
    assert world.client.status(tx).state == m.State.VERIFIED


def test_a_closed_transaction_is_not_signed(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    world.client.abort(tx)

    with pytest.raises(errors.TransactionClosedError):
        world.finish(tx)

    assert world.key_operations == 0


def test_an_unknown_transaction_is_not_signed(world: World) -> None:
    with pytest.raises(errors.UnknownTransactionError):
        world.finish("A" * 32)


def test_an_approval_of_ten_minutes_is_too_old(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    world.clock.pass_by(minutes=10)

    with pytest.raises(errors.TransactionClosedError):
        finish.finish(world.sam, m.Finish(tx=tx))

    assert world.key_operations == 0
    assert world.row(tx)["state"] == m.State.VERIFIED


def test_an_approval_in_its_last_second_is_signed(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    world.clock.pass_by(minutes=9, seconds=59)

    assert world.finish(tx).release == 1


def test_an_old_approval_is_swept_away(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    world.clock.pass_by(minutes=10)

    status = world.client.status(tx)

    assert (status.state, status.reason) == (m.State.CLOSED, "expired")
    closed = world.audited(audit.Event.TRANSACTION_CLOSED)
    assert [tx in record for record in closed].count(True) == 1
    assert world.row(tx)["subject"] is None


@dataclass(frozen=True, slots=True)
class SlowCa(CertifiesOnly):
    """Answers rightly, after a while in which ``meanwhile`` happens."""

    world: World
    meanwhile: Callable[[], object]

    def certify(
        self, csr: bytes, transaction_id: int, *, lasting: bool = False
    ) -> tuple[bytes, ...]:
        self.meanwhile()
        return honest_ca(self.world).certify(csr, transaction_id)


def honest_ca(world: World) -> ScriptedCa:
    ca = world.authorities.issuers["issuing-ca"]
    issuer = Issuer(certificate=ca.certificate, key=ca.key)
    return ScriptedCa(issuer=issuer, clock=world.clock, script=honest)


def with_ca(world: World, meanwhile: Callable[[], object]) -> None:
    world.serve(replace(world.sam, issuer=SlowCa(world, meanwhile)))


def test_an_approval_that_grew_old_at_the_ca_is_not_signed(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    world.clock.pass_by(minutes=9)
    with_ca(world, lambda: world.clock.pass_by(minutes=1))

    with pytest.raises(errors.SigningFailedError, match="approval_too_old"):
        world.finish(tx)

    assert_nothing_came_of(world, tx, "approval_too_old")


def test_a_ca_that_takes_its_time_within_the_ten_minutes_is_waited_for(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    with_ca(world, lambda: world.clock.pass_by(minutes=9, seconds=59))

    assert world.finish(tx).release == 1


def test_who_lost_the_transaction_meanwhile_releases_nothing(
    world: World, erika: Holder
) -> None:
    """Its lease ended, and another process ended it: that one's word stands."""
    tx = world.approved(erika)

    def be_taken_for_dead() -> None:
        end_lease(world)
        finish.fail_interrupted(second_process(world))

    with_ca(world, be_taken_for_dead)

    with pytest.raises(errors.SigningFailedError, match="no_longer_the_owner"):
        world.finish(tx)

    assert_nothing_came_of(world, tx, "interrupted")


def test_nothing_of_another_owner_is_released_or_ended(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    with_ca(world, lambda: give_away(world, tx))

    with pytest.raises(errors.SigningFailedError, match="no_longer_the_owner"):
        world.finish(tx)

    row = world.row(tx)
    assert (row["state"], row["owner"]) == (m.State.SIGNING, "another")
    assert world.audited(audit.Event.SIGNATURE_RELEASED) == []
    assert world.device.one_time_keys() == ()


def give_away(world: World, tx: str) -> None:
    with world.sam.database.begin() as connection:
        connection.execute(
            update(schema.transactions)
            .where(schema.transactions.c.tx == tx)
            .values(owner="another")
        )


def test_a_transaction_is_signed_at_most_once_at_a_time(
    world: World, erika: Holder
) -> None:
    """The second call arrives while the first is at the CA."""
    tx, codes = world.approved(erika), list[str]()
    other = second_process(world)

    def finish_too() -> None:
        with pytest.raises(errors.SamUnavailableError) as caught:
            finish.finish(other, m.Finish(tx=tx))
        codes.append(caught.value.code)

    with_ca(world, finish_too)

    assert world.finish(tx).release == 1
    assert codes == ["sam_unavailable"]
    assert [r.signatures for r in world.client.releases(0).releases] == [1]


def test_the_ca_is_asked_under_the_same_number_for_the_same_transaction(
    world: World, erika: Holder
) -> None:
    asked: list[int] = []

    @dataclass(frozen=True, slots=True)
    class Listening(CertifiesOnly):
        ca: ScriptedCa

        def certify(
            self, csr: bytes, transaction_id: int, *, lasting: bool = False
        ) -> tuple[bytes, ...]:
            asked.append(transaction_id)
            return self.ca.certify(csr, transaction_id)

    world.serve(replace(world.sam, issuer=Listening(honest_ca(world))))
    world.finish(world.approved(erika))
    world.finish(world.approved(erika))

    assert len(set(asked)) == 2
    assert all(0 < number < 2**128 for number in asked)


def test_the_signature_is_dated_by_the_sams_own_clock(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    world.clock.pass_by(minutes=3)
    world.finish(tx)

    (release,) = world.client.releases(0).releases
    assert release.at == world.clock.now


def test_a_failed_transaction_holds_nothing_personal(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    with_ca(world, lambda: world.clock.pass_by(minutes=10))
    with pytest.raises(errors.SigningFailedError):
        world.finish(tx)

    row = world.row(tx)

    assert row["subject"] is row["display_name"] is row["protocol"] is None
    assert row["pid_provider"] == "demo-pid-provider"


def test_a_new_approval_after_a_failure_is_signed(world: World, erika: Holder) -> None:
    good, failing = world.sam, world.approved(erika)
    with_ca(world, lambda: world.clock.pass_by(minutes=10))
    with pytest.raises(errors.SigningFailedError):
        world.finish(failing)
    world.serve(good)

    assert world.finish(world.approved(erika)).release == 1


def test_the_intent_is_written_before_the_key_is_used(
    world: World, erika: Holder
) -> None:
    tx, seen = world.approved(erika), list[object]()

    def look(point: str) -> None:
        if point == "after-intent":
            seen.extend(d.dtbsr for d in world.documents_of(tx))
            seen.append(world.key_operations)

    world.serve(replace(world.sam, fault=look))
    world.finish(tx)

    dtbsr, operations = seen
    assert isinstance(dtbsr, bytes)
    assert operations == 2  # made, and its request proven: nothing signed yet
    assert world.key_operations == 3
