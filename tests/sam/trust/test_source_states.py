"""The states of a source of trust lists, and when its list is wanted."""

from datetime import timedelta

import pytest

from sam import errors
from sam import messages as m
from tests.sam.trust import lists, xml_lists
from tests.sam.trust.conftest import URI, Configure, table
from tests.sam.trust.handing import (
    LISTED_ID,
    a_list,
    garbage,
    holder_of,
    keep,
    resolved,
    state,
)
from tests.sam.world import World
from wallet_emulator.pid_provider import PidProvider


def test_a_closed_list_is_not_kept(world: World, configure: Configure) -> None:
    """TS 119 612 §5.3.15; guarded by the same list with an end."""
    types = [xml_lists.PROVIDER_PID]
    closing = xml_lists.Operator()
    configure(
        table(kind="trusted_list", signers="closing.pem", service_types=types),
        closing=closing.certificate,
    )

    def parts(draft: xml_lists.Draft) -> bytes:
        return closing.sign(draft.text()).parts()

    with pytest.raises(errors.FileRefusedError, match="trust_list_time"):
        keep(world, parts(xml_lists.Draft(next_update="")), kind="trusted_list")
    assert state(world) == "broken"

    keep(world, parts(xml_lists.Draft()), kind="trusted_list")
    assert state(world) == "empty"  # held; its one provider is no CA


def test_absent_until_one_came(world: World, configure: Configure) -> None:
    assert state(world) == "absent"


def test_broken_where_nothing_else_is_held(world: World, configure: Configure) -> None:
    with pytest.raises(errors.FileRefusedError):
        keep(world, garbage(world))

    assert state(world) == "broken"


def test_stale_after_the_next_update_and_nobody_is_trusted_by_it(
    world: World, listed: PidProvider
) -> None:
    keep(world, a_list(world, listed))
    holder = holder_of(world, listed)
    assert resolved(world, [listed.signer]) == LISTED_ID

    world.clock.pass_by(days=180)

    (source,) = world.client.info().trust_sources
    assert (source.state, source.providers) == ("stale", 0)
    assert resolved(world, [listed.signer]) is None
    with pytest.raises(errors.AnswerRefusedError):
        world.identify(holder)


def test_broken_does_not_outlive_the_list_that_is_held(
    world: World, listed: PidProvider
) -> None:
    keep(world, a_list(world, listed))
    with pytest.raises(errors.FileRefusedError):
        keep(world, garbage(world))

    world.clock.pass_by(days=180)

    assert state(world) == "stale"


def test_other_signers_make_what_is_held_broken(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    keep(world, a_list(world, listed))

    configure(table(), operator=lists.RSA_OPERATOR)
    world.client.info()

    assert state(world) == "broken"
    assert resolved(world, [listed.signer]) is None


def test_another_uri_under_the_name_is_another_list(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    keep(world, a_list(world, listed, sequence=7))

    configure(table(uri="https://moved.example/"))

    assert state(world) == "absent"
    keep(world, a_list(world, listed, sequence=1), "https://moved.example/")
    assert state(world) == "fresh"


def test_a_source_taken_away_is_forgotten(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    keep(world, a_list(world, listed))

    configure()

    assert world.client.info().trust_sources == ()
    assert resolved(world, [listed.signer]) is None
    configure(table())
    assert state(world) == "absent"


# --- when it is wanted ---


def test_a_list_is_wanted_at_once_then_every_six_hours(
    world: World, listed: PidProvider
) -> None:
    (wanted,) = world.client.info().wanted_files
    assert (wanted.kind, wanted.uri) == (m.FileKind.LOTE, URI)
    assert wanted.fetch_at == world.clock.now

    kept = keep(world, a_list(world, listed))

    (wanted,) = world.client.info().wanted_files
    assert wanted.fetch_at == world.clock.now + timedelta(hours=6)
    assert wanted.usable_until == kept.usable_until


def test_a_list_above_the_limit_is_not_taken(
    world: World, configure: Configure
) -> None:
    with pytest.raises(ValueError, match="length"):
        m.KeepFile(kind=m.FileKind.LOTE, uri=URI, length=16 * 1024 * 1024 + 1)
