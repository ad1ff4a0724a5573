"""Whose a credential is, which session may use it, and what its end leaves."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from sam import errors
from sam import messages as m
from sam.credentials import ending
from sam.schema import credentials, handles
from tests.sam.callers import Holder
from tests.sam.credentials.holding import (
    approved_with,
    identified,
    make,
    of_erika,
)
from tests.sam.scripted_ca import altered, common_name
from tests.sam.test_finish import honest_ca
from tests.sam.world import World


def test_anothers_credential_is_nobodys(
    world: World, erika: Holder, asa: Holder
) -> None:
    _, hers = of_erika(world, erika)
    handle, named = identified(world, asa), hers.credential_id

    for act in (
        lambda: world.open_sign(handle=handle, credential=named),
        lambda: world.client.renew_credential(
            m.RenewCredential(handle=handle, credential_id=named)
        ),
        lambda: world.client.revoke_credential(
            m.RevokeCredential(handle=handle, credential_id=named)
        ),
        lambda: world.client.delete_credential(
            m.DeleteCredential(handle=handle, credential_id=named)
        ),
    ):
        with pytest.raises(errors.UnknownCredentialError):
            act()


def test_a_second_session_voids_the_first(world: World, erika: Holder) -> None:
    handle, mine = of_erika(world, erika)
    first = approved_with(world, erika, handle, mine.credential_id)

    second = approved_with(world, erika, handle, mine.credential_id)

    with pytest.raises(errors.TransactionClosedError):
        world.finish(first)
    assert world.client.status(first).reason == "superseded"
    assert world.finish(second).release == 1


def test_only_the_session_that_the_row_names_can_sign(
    world: World, erika: Holder
) -> None:
    """As if both had been opened at once, and neither had seen the other."""
    handle, mine = of_erika(world, erika)
    tx = approved_with(world, erika, handle, mine.credential_id)
    with world.sam.database.begin() as connection:
        connection.execute(update(credentials).values(current_tx="another"))

    with pytest.raises(errors.TransactionClosedError):
        world.finish(tx)


def test_another_credentials_session_is_left_alone(world: World, erika: Holder) -> None:
    other = make(world, erika)
    handle, mine = of_erika(world, erika)
    first = approved_with(world, erika, handle, mine.credential_id)
    plain = world.approved(erika, handle=handle)

    second = approved_with(world, erika, handle, other.credential_id)

    assert [world.finish(tx).release for tx in (first, plain, second)] == [1, 2, 3]


def test_what_is_revoked_while_it_signs_is_not_released(
    world: World, erika: Holder
) -> None:
    handle, mine = of_erika(world, erika)
    tx = approved_with(world, erika, handle, mine.credential_id)
    good = world.sam
    call = m.RevokeCredential(handle=handle, credential_id=mine.credential_id)

    def fault(here: str) -> None:
        if here == "before-result":
            ending.revoke_credential(good, call)

    world.serve(replace(good, fault=fault))

    with pytest.raises(errors.SigningFailedError):
        world.finish(tx)
    assert world.client.releases(0).releases == ()


@pytest.mark.parametrize("how", ["revoke", "delete", "renew"])
def test_an_end_destroys_the_key(world: World, erika: Holder, how: str) -> None:
    handle, mine = of_erika(world, erika)
    named = mine.credential_id
    if how == "revoke":
        world.client.revoke_credential(
            m.RevokeCredential(handle=handle, credential_id=named)
        )
    elif how == "delete":
        world.client.delete_credential(
            m.DeleteCredential(handle=handle, credential_id=named)
        )
    else:
        world.client.renew_credential(
            m.RenewCredential(handle=identified(world, erika), credential_id=named)
        )

    own = credentials.c.credential_id == named
    with world.sam.database.begin() as connection:
        row = connection.execute(select(credentials).where(own)).one()
    assert row.blob == b""
    assert bool(row.chain) == (how != "delete")


def test_what_the_ca_certified_otherwise_is_no_credential(
    world: World, erika: Holder
) -> None:
    """For the key that was asked for, and another person."""
    handle = identified(world, erika)
    other = altered(subject=common_name("TEST Another"))
    world.serve(replace(world.sam, issuer=replace(honest_ca(world), script=other)))

    with pytest.raises(errors.SamUnavailableError):
        world.client.make_credential(handle)
    assert world.client.list_credentials(handle).credentials == ()


@pytest.mark.parametrize(
    ("grant", "subject"),
    [(m.Grant.PASS, b"0\x00"), (m.Grant.CREDENTIAL, None)],
    ids=["no-grant", "no-subject"],
)
def test_a_handle_needs_the_grant_and_a_subject(
    world: World, erika: Holder, grant: m.Grant, subject: bytes | None
) -> None:
    """Each alone; a handle of before there were credentials has no subject."""
    handle = world.identify(erika, grant)
    with world.sam.database.begin() as connection:
        connection.execute(update(handles).values(subject=subject))

    with pytest.raises(errors.NotGrantedError):
        world.client.make_credential(handle)
    assert world.key_operations == 0
