"""What one process keeps, counts or makes, while another does the same."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from hsm.port import KeyId
from sam import answers, audit, errors, kept_files, kept_store, quota, quota_keys, store
from sam import messages as m
from sam.database import Database
from sam.module import Sam
from sam.parsed_lists import ParsedLists
from sam.transactions import sweep
from sam.trust import list_store
from sam.trust.categories import Category
from tests.postgresql import Databases
from tests.sam.callers import Holder
from tests.sam.lists import URI, Published, with_status
from tests.sam.quotas import PERIOD, POLICY, beginnings_audited, enact, quota_rows
from tests.sam.test_nodes import at, at_once, stop
from tests.sam.world import World, end_lease, second_process

KIND = m.FileKind.STATUS_LIST


@pytest.fixture
def world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, databases("sam"))
    enact(world)
    yield world
    world.close()


@pytest.fixture
def other(world: World) -> Sam:
    """A second signer process, with nothing of the first in its memory."""
    return replace(second_process(world), lists=ParsedLists())


def asked(world: World, person: Holder) -> m.QuotaTag:
    return m.QuotaTag(policy=POLICY, period=PERIOD, handle=world.identify(person))


# --- quota keys -----------------------------------------------------------------------


def test_a_living_neighbours_plan_is_carried_out(
    world: World, other: Sam, erika: Holder
) -> None:
    making = replace(
        other, fault=at("after-quota-plan", lambda: quota_keys.sweep(world.sam))
    )

    quota.quota_tag(making, asked(world, erika))

    assert len(world.device.quota_keys()) == len(beginnings_audited(world)) == 1


def test_a_dead_neighbours_plan_is_given_up(
    world: World, other: Sam, erika: Holder
) -> None:
    call = asked(world, erika)
    with pytest.raises(KeyboardInterrupt):
        quota.quota_tag(replace(other, fault=at("after-quota-key", stop)), call)
    quota_keys.sweep(world.sam)
    before = len(quota_rows(world))
    end_lease(world, other.owner)

    quota_keys.sweep(world.sam)

    assert (before, len(quota_rows(world))) == (1, 0)
    assert world.device.quota_keys() == ()


def test_who_slept_while_a_key_was_planned_leaves_none(
    world: World, other: Sam, erika: Holder
) -> None:
    def sleep() -> None:
        end_lease(world, other.owner)
        quota_keys.sweep(world.sam)

    with pytest.raises(errors.SamUnavailableError, match="given up"):
        quota.quota_tag(
            replace(other, fault=at("after-quota-plan", sleep)), asked(world, erika)
        )

    assert world.device.quota_keys() == ()


def test_a_key_that_is_made_while_another_starts_stays(
    world: World, other: Sam, erika: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made after the starting process began to look, and before it had seen all."""
    call, real = asked(world, erika), world.device.quota_keys

    def meanwhile() -> tuple[KeyId, ...]:
        monkeypatch.setattr(world.device, "quota_keys", real)
        quota.quota_tag(other, call)
        return real()

    monkeypatch.setattr(world.device, "quota_keys", meanwhile)

    quota_keys.reconcile(world.sam)

    assert len(world.device.quota_keys()) == 1


# --- files ----------------------------------------------------------------------------


def test_a_list_that_another_process_kept_counts_at_once(
    world: World, other: Sam
) -> None:
    erika = with_status(world, "erika", 7)
    published = Published(world.provider, revoked={666})
    kept_files._want(world.sam, KIND, URI, None)
    world.client.keep_file(KIND, URI, published.jwt(world.clock.now))
    world.identify(erika)  # the first process holds the list ready
    tx = world.open_identify(m.Grant.PASS)
    body = erika.answer(tx)
    world.clock.pass_by(minutes=1)
    published.revoked.add(7)
    newer = published.jwt(world.clock.now)

    call = m.KeepFile(kind=KIND, uri=URI, length=len(newer))
    kept_files.keep_file(other, call, io.BytesIO(newer).read)

    with pytest.raises(errors.CredentialRevokedError):
        answers.submit(world.sam, m.Submit(tx=tx, body=body))


def test_a_list_wanted_by_two_is_wanted_once(world: World) -> None:
    def want() -> None:
        with own_connection(world) as database, database.begin() as connection:
            kept_store.want(
                connection,
                KIND,
                URI,
                None,
                category=Category.PID_PROVIDERS,
                day=world.clock(),
                at_most=500,
            )

    at_once(*[want] * 6)

    with world.sam.database.begin() as connection:
        assert len(kept_store.wanted(connection)) == 1


def test_of_two_trust_lists_at_once_one_is_kept(world: World) -> None:
    kept: list[bool] = []

    def keep(number: int) -> None:
        with own_connection(world) as database, database.begin() as connection:
            kept.append(
                list_store.keep(
                    connection,
                    "source",
                    "https://lists.example/1",
                    instead_of=None,
                    content=bytes([number]),
                    content_sha256=bytes([number]) * 32,
                )
            )

    at_once(*(partial(keep, number) for number in range(6)))

    assert sorted(kept) == [False] * 5 + [True]


# --- counters -------------------------------------------------------------------------


def test_refusals_at_once_are_all_counted(world: World) -> None:
    tx, counted = world.open_identify(), list[int]()

    def refuse() -> None:
        with own_connection(world) as database, database.begin() as connection:
            counted.append(store.count_refusal(connection, tx))

    at_once(*[refuse] * 8)

    assert sorted(counted) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_two_sweeps_at_once_close_a_transaction_once(world: World, other: Sam) -> None:
    for _ in range(5):
        world.open_identify()
    world.clock.now += timedelta(minutes=6)

    at_once(lambda: sweep(world.sam), lambda: sweep(other))

    assert len(world.audited(audit.Event.TRANSACTION_CLOSED)) == 5


@contextlib.contextmanager
def own_connection(world: World) -> Iterator[Database]:
    database = Database(world.sam.config.database_url)
    try:
        yield database
    finally:
        database.close()
