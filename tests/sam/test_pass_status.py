"""The status lists of our passes: right for whoever looks, silent about the rest."""

import secrets
import zlib
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import update

from openid4vp import status_list
from openid4vp.errors import Openid4vpError
from openid4vp.trust import PinnedIssuer
from sam import errors, pass_status, schema
from sam import messages as m
from sam.pass_status import PLACES, TTL, Place
from sam.signed_texts import LIFETIME
from tests.sam.callers import BASE_URL, Holder
from tests.sam.world import World
from wallet_emulator import jws
from wallet_emulator.encoding import b64url_decode
from wallet_emulator.keys import new_key
from wallet_emulator.sd_jwt import SdJwt

URI = f"{BASE_URL}/oid4vci/status/1"


def place_of(text: str) -> int:
    status: Any = SdJwt.parse(text).payload["status"]
    assert status["status_list"]["uri"] == URI
    index: int = status["status_list"]["idx"]
    return index


def published(world: World) -> str:
    return world.client.pass_status_list(1).token


def as_others_read_it(world: World) -> status_list.StatusList:
    """By the reader for lists of others: signature, type, subject, dates."""
    ours = PinnedIssuer("us", world.sam.pass_issuer.certificate_chain[0])
    token = published(world).encode()
    return status_list.parse(token, uri=URI, trust=ours, now=world.clock.now)


def claims(token: str) -> dict[str, Any]:
    return jws.parse(token).claims()


def issue(world: World, person: Holder) -> int:
    return place_of(world.issue_pass(world.identify(person), person.proof(new_key())))


def revoke_all(world: World, person: Holder) -> None:
    world.client.revoke_pass(world.identify(person), m.ALL_PASSES)


def test_a_pass_is_valid_in_the_list_until_it_is_taken_back(
    world: World, erika: Holder, asa: Holder
) -> None:
    hers, anothers = issue(world, erika), issue(world, asa)
    assert as_others_read_it(world).value(hers) == 0

    revoke_all(world, erika)

    listed = as_others_read_it(world)
    assert (listed.value(hers), listed.value(anothers)) == (1, 0)


def test_the_list_says_what_the_standard_wants(world: World) -> None:
    header, said = jws.parse(published(world)).header, claims(published(world))
    now = int(world.clock.now.timestamp())

    assert (header["alg"], header["typ"]) == ("ES256", "statuslist+jwt")
    assert len(header["x5c"]) == len(world.client.info().pass_certificate_chain)  # type: ignore[arg-type]
    assert set(said) == {"sub", "iat", "exp", "ttl", "status_list"}
    assert said["iat"] == now
    assert said["exp"] == now + LIFETIME.total_seconds()
    assert said["ttl"] == TTL.total_seconds()
    assert said["status_list"]["bits"] == 1


def test_the_list_is_of_one_size_whatever_is_in_it(world: World, erika: Holder) -> None:
    before = zlib.decompress(
        b64url_decode(claims(published(world))["status_list"]["lst"])
    )
    revoke_all(world, erika)
    after = zlib.decompress(
        b64url_decode(claims(published(world))["status_list"]["lst"])
    )

    assert len(before) == len(after) == PLACES // 8
    assert sum(byte.bit_count() for byte in after) == 1


def test_issuing_passes_leaves_the_list_as_it_is(world: World, erika: Holder) -> None:
    """So that nobody can count them by reading it."""
    before = published(world)
    for _ in range(3):
        issue(world, erika)

    assert published(world) == before


def test_places_come_by_chance_and_tell_no_order(world: World) -> None:
    with world.sam.database.begin() as connection:
        places = [pass_status.free_place(connection).index for _ in range(1000)]
    rising = sum(a < b for a, b in pairwise(places))

    assert 400 < rising < 600
    assert min(places) < PLACES / 50
    assert max(places) > PLACES * 49 / 50
    assert len(set(places)) > 990


def test_a_taken_place_is_nobody_elses(
    world: World, erika: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = issue(world, erika)
    drawn = iter([taken, taken, 7])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(drawn))

    with world.sam.database.begin() as connection:
        assert pass_status.free_place(connection) == Place(1, 7)


def test_a_place_taken_meanwhile_makes_no_second_pass_there(
    world: World, erika: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = issue(world, erika)
    here = Place(1, taken)
    monkeypatch.setattr(pass_status, "free_place", lambda _: here)
    before = world.passes()

    with pytest.raises(errors.ProofRefusedError):
        issue(world, erika)

    assert world.passes() == before


def test_a_list_half_full_is_followed_by_the_next(
    world: World, erika: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pass_status, "PLACES", 8)
    for _ in range(3):
        issue(world, erika)

    credential = world.issue_pass(world.identify(erika), erika.proof(new_key()))

    status: Any = SdJwt.parse(credential).payload["status"]
    assert status["status_list"]["uri"].endswith("/oid4vci/status/2")
    assert claims(world.client.pass_status_list(2).token)["sub"].endswith("/2")


def test_the_list_is_the_same_for_everybody_until_half_of_its_life(
    world: World,
) -> None:
    first = published(world)
    world.clock.pass_by(seconds=LIFETIME.total_seconds() / 2 - 1)
    assert published(world) == first

    world.clock.pass_by(seconds=1)

    assert claims(published(world))["iat"] == int(world.clock.now.timestamp())


def test_the_list_is_made_anew_in_the_moment_of_a_revocation(
    world: World, erika: Holder
) -> None:
    first = published(world)
    world.clock.pass_by(seconds=1)
    revoke_all(world, erika)

    assert claims(published(world))["iat"] > claims(first)["iat"]


def test_after_a_restart_it_says_the_same(world: World, erika: Holder) -> None:
    hers = issue(world, erika)
    revoke_all(world, erika)
    world.restart()

    assert as_others_read_it(world).value(hers) == 1


@pytest.mark.parametrize("number", [2, 10_000])
def test_there_is_no_list_that_no_pass_is_in(world: World, number: int) -> None:
    with pytest.raises(errors.UnknownStatusListError):
        world.client.pass_status_list(number)


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_a_number_that_is_none_is_malformed(world: World, number: int) -> None:
    call = m.StatusListNumber.model_construct(number=number)

    with pytest.raises(errors.MalformedCallError):
        world.client._call("pass_status_list", call, m.SignedStatusList)


def test_a_list_that_was_kept_too_long_is_none(world: World) -> None:
    token = published(world)
    ours = PinnedIssuer("us", world.sam.pass_issuer.certificate_chain[0])

    with pytest.raises(Openid4vpError):
        status_list.parse(
            token.encode(), uri=URI, trust=ours, now=world.clock.now + LIFETIME
        )


def test_the_sam_goes_by_its_own_rows_and_not_by_the_list(
    world: World, erika: Holder
) -> None:
    """A list of ours handed over is wanted by nobody, and changes nothing."""
    body_of = erika.answer
    revoke_all(world, erika)
    with pytest.raises(errors.FileNotWantedError):
        world.client.keep_file(m.FileKind.STATUS_LIST, URI, b"x")
    tx = world.open_sign().tx

    with pytest.raises(errors.PassRefusedError):
        world.submit(tx, body_of(tx))

    assert world.client.info().wanted_files == ()


def test_a_pids_status_is_not_answered_by_our_rows(world: World) -> None:
    """Only a credential that our own key signed is looked up there."""
    from tests.sam.lists import with_status  # noqa: PLC0415

    person = with_status(world, "erika", 3, uri=URI)
    tx = world.open_identify(m.Grant.PASS)

    with pytest.raises(errors.StatusUnknownError):
        world.submit(tx, person.answer(tx))


def test_rows_of_before_there_were_lists_take_no_place(
    world: World, erika: Holder
) -> None:
    with world.sam.database.begin() as connection:
        connection.execute(
            update(schema.passes).values(status_list=None, status_index=None)
        )
    before = published(world)
    revoke_all(world, erika)

    assert published(world) == before
