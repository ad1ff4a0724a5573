"""Wrapping keys change while credentials live on; killed anywhere, it is taken up."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from hsm.errors import KeyNotFoundError
from sam import audit
from sam import messages as m
from sam.credentials import ledger, rows
from sam.credentials.rewrapping import Rewrapped, rewrap
from sam.schema import credentials, transactions
from tests.sam.callers import Holder
from tests.sam.credentials.holding import approved_with, make, of_erika, sign_with
from tests.sam.world import World


class Killed(BaseException):
    """What nobody catches: the process ends here."""


def run(world: World, *, new_key: bool = False) -> Rewrapped:
    return rewrap(world.sam, world.device, new_key=new_key)


def wrapping_keys_in_use(world: World) -> set[bytes]:
    with world.sam.database.begin() as connection:
        return set(connection.scalars(select(credentials.c.wrapping_key)))


def test_every_key_goes_under_the_new_one_and_the_older_is_destroyed(
    world: World, erika: Holder, asa: Holder
) -> None:
    handle, mine = of_erika(world, erika)
    make(world, asa, m.CredentialAlgorithm.RSA3072)
    (older,) = world.device.wrapping_keys()

    done = run(world, new_key=True)

    assert (done.count, done.destroyed, done.kept, done.left) == (2, (older,), (), ())
    assert wrapping_keys_in_use(world) == set(world.device.wrapping_keys())
    assert sign_with(world, erika, handle, mine.credential_id).release == 1
    assert len(world.audited(audit.Event.CREDENTIAL_REWRAPPED)) == 2
    assert ledger.verify(world.sam) == 4


def test_the_older_blob_is_of_no_use_any_more(world: World, erika: Holder) -> None:
    _, mine = of_erika(world, erika)
    before = rows.load(world.sam, mine.credential_id)
    assert before is not None
    run(world, new_key=True)

    with pytest.raises(KeyNotFoundError):
        world.device.rewrap(before.wrapped)


def test_once_more_changes_nothing(world: World, erika: Holder) -> None:
    of_erika(world, erika)
    run(world, new_key=True)

    assert run(world) == Rewrapped(count=0, destroyed=(), kept=(), left=())


@pytest.mark.parametrize(
    "point",
    [
        "before-rewrap",
        "after-rewrap",
        "before-credential-change",
        "after-credential-change",
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_killed_anywhere_it_is_taken_up_again(
    world: World, erika: Holder, asa: Holder, point: str, which: int
) -> None:
    handle, mine = of_erika(world, erika)
    make(world, asa)
    seen: list[str] = []

    def fault(here: str) -> None:
        seen.append(here)
        if here == point and seen.count(point) == which + 1:
            raise Killed

    broken = replace(world.sam, fault=fault)
    with pytest.raises(Killed):
        rewrap(broken, world.device, new_key=True)
    assert sign_with(world, erika, handle, mine.credential_id).release == 1

    run(world)

    assert wrapping_keys_in_use(world) == set(world.device.wrapping_keys())
    assert len(world.device.wrapping_keys()) == 1
    assert sign_with(world, erika, handle, mine.credential_id).release == 2


def test_no_key_is_destroyed_while_a_call_may_hold_a_blob_under_it(
    world: World, erika: Holder
) -> None:
    handle, mine = of_erika(world, erika)
    tx = approved_with(world, erika, handle, mine.credential_id)
    own = transactions.c.tx == tx
    with world.sam.database.begin() as connection:
        connection.execute(update(transactions).where(own).values(state="signing"))

    done = run(world, new_key=True)

    assert (done.count, done.destroyed) == (1, ())
    assert len(done.kept) == 1
    with world.sam.database.begin() as connection:
        connection.execute(update(transactions).where(own).values(state="failed"))
    assert len(run(world).destroyed) == 1


def test_an_altered_row_is_left_and_keeps_its_wrapping_key(
    world: World, erika: Holder, asa: Holder
) -> None:
    _, mine = of_erika(world, erika)
    make(world, asa)
    with world.sam.database.begin() as connection:
        connection.execute(
            update(credentials)
            .where(credentials.c.credential_id == mine.credential_id)
            .values(policy="another")
        )

    done = run(world, new_key=True)

    assert done.left == (f"{mine.credential_id}: credential_altered",)
    assert done.count == 1
    assert done.destroyed == ()


def test_signing_goes_on_between_rewrapping_and_the_commit(
    world: World, erika: Holder
) -> None:
    handle, mine = of_erika(world, erika)
    tx = approved_with(world, erika, handle, mine.credential_id)
    good = world.sam

    def sign_meanwhile(here: str) -> None:
        if here == "after-rewrap":
            assert world.finish(tx).release == 1

    done = rewrap(replace(good, fault=sign_meanwhile), world.device, new_key=True)

    assert done.count == 1
