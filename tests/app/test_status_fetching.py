"""The worker brings what the SAM wants, when it wants it; nobody is hurried."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.egress import AllowedHosts, Egress
from app.status_fetching import AT_ONCE, LONGEST_PAUSE, StatusFetching
from sam import errors
from sam import messages as m
from tests.app.raw_server import RawServer, raw_server, response
from tests.sam.lists import Published, with_status
from tests.sam.world import World


@dataclass
class Provider:
    """Serves one list, newly signed each time; or whatever ``says`` holds."""

    world: World
    server: RawServer
    says: bytes | None = None
    published: Published = field(init=False)

    def __post_init__(self) -> None:
        uri = f"http://127.0.0.1:{self.server.port}/tsl/1"
        self.published = Published(self.world.provider, uri=uri)
        self.server.talk = lambda connection, _head: connection.sendall(self.answer())

    def answer(self) -> bytes:
        if self.says is not None:
            return self.says
        return response(self.published.jwt(self.world.clock.now, ttl=3600))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path)) as world:
        yield world


@pytest.fixture
def provider(world: World) -> Iterator[Provider]:
    with raw_server(lambda connection, _head: connection.close()) as server:
        yield Provider(world, server)


def worker(world: World, *servers: RawServer) -> StatusFetching:
    allowed = AllowedHosts(
        private={f"127.0.0.1:{server.port}" for server in servers},
        http_on_loopback=True,
    )
    egress = Egress(allowed)
    return StatusFetching(world.client, egress, world.clock, chance=lambda: 0.5)


def wanted(world: World, *uris: str) -> None:
    config = world.sam.config.model_copy(update={"status_list_uris": uris})
    world.restart(config)


def test_a_refused_first_answer_holds_a_moment_later(
    world: World, provider: Provider
) -> None:
    erika = with_status(world, "erika", 7, provider.published.uri)
    tx = world.open_identify(m.Grant.PASS)
    answer = erika.answer(tx)
    with pytest.raises(errors.StatusUnknownError):
        world.submit(tx, answer)

    worker(world, provider.server).round()

    assert world.submit(tx, answer).outcome == "identified"


def test_a_list_is_fetched_when_it_is_due_and_not_before(
    world: World, provider: Provider
) -> None:
    wanted(world, provider.published.uri)
    fetching = worker(world, provider.server)
    fetched = []
    for minutes in (0, 1, 58, 1, 1):  # ttl: an hour; spread: half a minute
        world.clock.pass_by(minutes=minutes)
        fetching.round()
        fetched.append(provider.server.connections)

    assert fetched == [1, 1, 1, 1, 2]


def test_an_outage_is_outlived_as_long_as_the_list_may_be_used(
    world: World, provider: Provider
) -> None:
    uri = provider.published.uri
    wanted(world, uri)
    fetching = worker(world, provider.server)
    fetching.round()
    provider.says = response(status="503 Service Unavailable")
    world.clock.pass_by(minutes=65)
    fetching.round()
    world.identify(with_status(world, "erika", 7, uri))
    world.clock.pass_by(minutes=5)
    fetching.round()

    with pytest.raises(errors.StatusUnknownError):
        world.identify(with_status(world, "erika", 7, uri))


UNUSABLE = {
    "not-found": response(status="404 Not Found"),
    "html": response(media_type="text/html"),
    "not-a-list": response(b"eyJ.eyJ.x"),
}


@pytest.mark.parametrize("says", UNUSABLE.values(), ids=UNUSABLE)
def test_what_does_not_come_is_asked_for_ever_more_rarely(
    world: World, provider: Provider, says: bytes
) -> None:
    wanted(world, provider.published.uri)
    provider.says = says
    fetching = worker(world, provider.server)
    for _ in range(720):
        fetching.round()
        world.clock.pass_by(seconds=10)

    assert 5 <= provider.server.connections <= 12


def test_a_file_that_failed_is_asked_for_again(
    world: World, provider: Provider
) -> None:
    wanted(world, provider.published.uri)
    provider.says = UNUSABLE["not-found"]
    fetching = worker(world, provider.server)
    fetching.round()
    provider.says = None
    world.clock.now += LONGEST_PAUSE

    fetching.round()

    assert world.client.info().wanted_files[0].usable_until is not None


def test_one_that_does_not_answer_holds_up_no_other(
    world: World, provider: Provider
) -> None:
    dead = [f"http://127.0.0.1:1/{number}" for number in range(3 * AT_ONCE)]
    wanted(world, *dead, provider.published.uri)
    fetching = worker(world, provider.server)
    for _ in range(5):
        fetching.round()

    assert provider.server.connections == 1


def test_a_host_that_is_not_listed_is_not_asked(
    world: World, provider: Provider
) -> None:
    wanted(world, provider.published.uri)

    worker(world).round()

    assert provider.server.connections == 0


def test_what_is_large_is_not_handed_over(world: World, provider: Provider) -> None:
    wanted(world, provider.published.uri)
    provider.says = response(bytes(m.MAX_FILE_BYTES + 1))

    worker(world, provider.server).round()

    assert world.client.info().wanted_files[0].usable_until is None


def test_a_sam_that_is_away_ends_the_round(
    world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> m.Info:
        raise errors.SamUnavailableError("no SAM")

    monkeypatch.setattr(world.client, "info", away)

    worker(world, provider.server).round()

    assert provider.server.connections == 0


def test_the_worker_names_nobody(world: World, provider: Provider) -> None:
    wanted(world, provider.published.uri)
    erika = with_status(world, "erika", 7, provider.published.uri)
    fetching = worker(world, provider.server)
    fetching.round()
    world.identify(erika)
    world.clock.pass_by(minutes=62)
    fetching.round()

    assert len(set(provider.server.heads)) == 1
