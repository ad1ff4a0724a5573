"""Where else trust counts: what wallets are told, and whose status lists are read."""

import pytest

from app.egress import AllowedHosts, Egress
from app.status_fetching import StatusFetching
from openid4vp.errors import StatusUnknownError
from openid4vp.profile import Profile
from openid4vp.status import ListKind, StatusReference
from sam import asking, kept_files
from sam import messages as m
from sam.kept_files import KeptLists
from sam.trust.categories import Category
from tests.app.raw_server import raw_server, response
from tests.sam.lists import URI as STATUS_URI
from tests.sam.lists import Published
from tests.sam.trust.conftest import Configure, table
from tests.sam.trust.handing import (
    LISTED_ID,
    WALLETS,
    a_list,
    keep,
    resolved,
    state,
)
from tests.sam.trust.lists import Lote, entity
from tests.sam.world import World
from wallet_emulator.pid_provider import PidProvider

# --- what wallets are told ---


def test_wallets_are_told_of_listed_providers_too(
    world: World, listed: PidProvider
) -> None:
    keep(world, a_list(world, listed))

    (told,) = asking._authorities(world.sam, telling(world))

    both = asking.key_identifiers([world.provider.ca, listed.ca])
    assert told.values == both


def test_wallets_are_told_of_nobody_where_not_all_can_be_named(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    configure(table(signing_certificates=True))
    keep(world, Lote([entity("P", listed.signer)], issued=world.clock.now))

    assert asking._authorities(world.sam, telling(world)) == ()


def telling(world: World) -> Profile:
    profile = next(iter(world.sam.profiles.values()))
    return profile.model_copy(update={"trusted_authorities": True})


# --- status lists ---


def test_a_status_list_is_looked_up_for_credentials_of_its_category_only(
    world: World, configure: Configure
) -> None:
    """The same URI is wanted for each category, and kept by its own signers."""
    published = Published(world.provider)
    for category in Category:
        kept_files._want(world.sam, "status_list", STATUS_URI, None, category)

    world.client.keep_file(
        m.FileKind.STATUS_LIST, STATUS_URI, published.jwt(world.clock.now)
    )

    reference = StatusReference(kind=ListKind.STATUS_LIST, uri=STATUS_URI, idx=7)
    chain, now = [world.provider.signer], world.clock.now
    assert KeptLists(world.sam).value(reference, chain, now) == 0
    with pytest.raises(StatusUnknownError):
        KeptLists(world.sam, WALLETS).value(reference, chain, now)


# --- the worker ---


@pytest.mark.parametrize("media_type", ["application/jose", "application/json"])
def test_the_worker_brings_the_list_from_where_the_source_says(
    world: World, configure: Configure, listed: PidProvider, media_type: str
) -> None:
    with raw_server(lambda connection, _head: connection.close()) as server:
        configure(table(uri=f"http://127.0.0.1:{server.port}/pid.json"))
        said = response(a_list(world, listed).sign(), media_type=media_type)
        server.talk = lambda connection, _head: connection.sendall(said)
        allowed = AllowedHosts(
            private={f"127.0.0.1:{server.port}"}, http_on_loopback=True
        )

        StatusFetching(world.client, Egress(allowed), world.clock).round()

    assert state(world) == "fresh"
    assert resolved(world, [listed.signer]) == LISTED_ID
