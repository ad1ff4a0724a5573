"""A trust list on its way from its publisher into the SAM, and its use there."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.egress import AllowedHosts, Egress
from app.status_fetching import StatusFetching
from openid4vp.errors import IssuerNotTrustedError
from sam.trust.categories import Category
from tests.app.raw_server import RawServer, raw_server, response
from tests.sam.trust.conftest import table, write_sources
from tests.sam.trust.xml_lists import (
    DAY,
    EVIL,
    PROVIDER_PID,
    STATUS,
    Draft,
    Operator,
    Provider,
    Service,
    base64_of,
    der,
    operator,
    stamp,
    tag,
)
from tests.sam.world import World
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.scheme_operator import MEDIA_TYPE, REGISTRATION, SchemeOperator

OPERATOR = Operator()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path)) as world:
        yield world


@pytest.fixture
def server() -> Iterator[RawServer]:
    """The address that the SAM's operator names, with nothing behind it yet."""
    with raw_server(lambda connection, _head: connection.close()) as server:
        yield server


@pytest.fixture
def publisher(world: World, tmp_path: Path, server: RawServer) -> RawServer:
    """A source of XML lists for the SAM."""
    source = table(
        kind="trusted_list",
        name="fi",
        uri=f"http://127.0.0.1:{server.port}/tl.xml",
        service_types=[PROVIDER_PID],
    )
    go_by(world, write_sources(tmp_path / "t", source, operator=OPERATOR.certificate))
    return server


def go_by(world: World, file: Path) -> None:
    """Restart the SAM with this file of sources."""
    world.restart(world.sam.config.model_copy(update={"sam_trust_sources": file}))


@pytest.fixture
def listed(world: World) -> PidProvider:
    """A PID provider that no file names."""
    return PidProvider.create(world.clock.now)


def draft(world: World, provider: PidProvider, **service: str) -> Draft:
    now = world.clock.now
    one = Service(
        since=stamp(now - DAY), certificates=(base64_of(der(provider.ca)),), **service
    )
    return Draft(
        issued=stamp(now),
        next_update=tag("dateTime", stamp(now + 30 * DAY)),
        providers=(Provider(services=(one,)),),
    )


def publish(server: RawServer, xml: bytes, media_type: str = "text/xml") -> None:
    answer = response(xml, media_type=media_type)
    server.talk = lambda connection, _head: connection.sendall(answer)


def fetch(world: World, server: RawServer) -> str:
    """One round of the worker; the source's state after it."""
    allowed = AllowedHosts(private={f"127.0.0.1:{server.port}"}, http_on_loopback=True)
    StatusFetching(world.client, Egress(allowed), world.clock).round()
    (source,) = world.client.info().trust_sources
    return source.state


def resolved(world: World, provider: PidProvider) -> str | None:
    trust = world.sam.anchors[Category.PID_PROVIDERS]
    try:
        return trust.resolve([provider.signer], world.clock.now)
    except IssuerNotTrustedError:
        return None


def test_who_stands_in_a_fetched_list_is_trusted(
    world: World, publisher: RawServer, listed: PidProvider
) -> None:
    publish(publisher, OPERATOR.sign(draft(world, listed).text()).xml())
    before = resolved(world, listed)

    state = fetch(world, publisher)

    assert (before, state) == (None, "fresh")
    assert resolved(world, listed) == "fi/entity:VATFI-1234567"


def test_who_is_withdrawn_in_the_next_list_is_trusted_no_more(
    world: World, publisher: RawServer, listed: PidProvider
) -> None:
    publish(publisher, OPERATOR.sign(draft(world, listed).text()).xml())
    fetch(world, publisher)
    world.clock.pass_by(hours=7)
    text = draft(world, listed, status=f"{STATUS}withdrawn").text()
    publish(publisher, OPERATOR.sign(text.replace(">42<", ">43<")).xml())

    state = fetch(world, publisher)

    assert (state, resolved(world, listed)) == ("empty", None)


def test_an_older_list_does_not_bring_anybody_back(
    world: World, publisher: RawServer, listed: PidProvider
) -> None:
    old = OPERATOR.sign(draft(world, listed).text().replace(">42<", ">41<")).xml()
    text = draft(world, listed, status=f"{STATUS}withdrawn").text()
    publish(publisher, OPERATOR.sign(text).xml())
    fetch(world, publisher)
    world.clock.pass_by(hours=7)
    publish(publisher, old)

    state = fetch(world, publisher)

    assert (state, resolved(world, listed)) == ("broken", None)


@pytest.mark.parametrize("signer", ["nobody", "another", "the-operator-something-else"])
def test_a_list_that_the_operator_did_not_sign_makes_nobody_trusted(
    world: World, publisher: RawServer, listed: PidProvider, signer: str
) -> None:
    text = draft(world, listed).text()
    stranger = operator("SECP384R1", OPERATOR.algorithm.replace("256", "384"))
    xml = {
        "nobody": text.encode(),
        "another": stranger.sign(text).xml(),
        "the-operator-something-else": OPERATOR.sign(text)
        .xml()
        .replace(b"VATFI-1234567", EVIL.removeprefix("entity:").encode()),
    }[signer]
    publish(publisher, xml)

    state = fetch(world, publisher)

    assert state in {"absent", "broken"}
    assert resolved(world, listed) is None


def test_a_page_in_place_of_the_list_leaves_the_one_held(
    world: World, publisher: RawServer, listed: PidProvider
) -> None:
    publish(publisher, OPERATOR.sign(draft(world, listed).text()).xml())
    fetch(world, publisher)
    world.clock.pass_by(hours=7)
    publish(publisher, b"<!DOCTYPE html><html><body>Sorry</body></html>")

    state = fetch(world, publisher)

    assert state == "fresh"
    assert resolved(world, listed) is not None


def test_the_emulator_s_own_list_comes_the_same_way(
    world: World, server: RawServer, listed: PidProvider, tmp_path: Path
) -> None:
    signer = SchemeOperator.setup(tmp_path / "scheme", world.clock.now)
    source = table(name="test", uri=f"http://127.0.0.1:{server.port}/list")
    go_by(world, write_sources(tmp_path / "t", source, operator=signer.certificate))
    publish(server, signer.sign((listed.ca,), 1, world.clock.now), MEDIA_TYPE)
    first = fetch(world, server), resolved(world, listed)
    world.clock.pass_by(hours=7)
    publish(server, signer.sign((), 2, world.clock.now), MEDIA_TYPE)

    then = fetch(world, server), resolved(world, listed)

    assert first == ("fresh", f"test/entity:{REGISTRATION}")
    assert then == ("empty", None)
