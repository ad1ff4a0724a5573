"""A credential with a status: accepted by a fresh list of its own issuer, or not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from openid4vp.errors import StatusUnknownError
from openid4vp.status import ListKind, StatusReference
from sam import audit, errors, kept_files, kept_store
from sam import messages as m
from tests.sam.callers import Holder
from tests.sam.lists import URI, Published, stranger, with_status
from tests.sam.world import World
from wallet_emulator.pid_provider import PidProvider

KIND = m.FileKind.STATUS_LIST
HOUR = timedelta(hours=1)


@pytest.fixture
def published(world: World) -> Published:
    return Published(world.provider, revoked={666})


@pytest.fixture
def listed(world: World) -> Holder:
    """Someone whose PID has place 7 of the list."""
    return with_status(world, "erika", 7)


def wanted(world: World) -> dict[str, m.WantedFile]:
    return {file.uri: file for file in world.client.info().wanted_files}


def keep(world: World, content: bytes, uri: str = URI) -> m.KeptFile:
    return world.client.keep_file(KIND, uri, content)


def want(world: World, uri: str = URI) -> None:
    kept_files._want(world.sam, KIND, uri, None)


# --- the way of an answer ---


def test_without_its_list_an_answer_is_refused_and_the_list_is_wanted(
    world: World, listed: Holder
) -> None:
    tx = world.open_identify(m.Grant.PASS)

    with pytest.raises(errors.StatusUnknownError):
        world.submit(tx, listed.answer(tx))

    assert set(wanted(world)) == {URI}
    assert wanted(world)[URI].fetch_at <= world.clock.now
    assert world.row(tx)["state"] == "open"
    assert 'reason":"status_unknown"' in world.audited(audit.Event.ANSWER_REFUSED)[0]


@pytest.mark.parametrize("encoding", [Published.jwt, Published.cwt])
def test_the_same_answer_holds_once_the_list_is_kept(
    world: World,
    listed: Holder,
    published: Published,
    encoding: Callable[[Published, datetime], bytes],
) -> None:
    tx = world.open_identify(m.Grant.PASS)
    answer = listed.answer(tx)
    with pytest.raises(errors.StatusUnknownError):
        world.submit(tx, answer)
    keep(world, encoding(published, world.clock.now))

    assert world.submit(tx, answer).outcome == "identified"


def test_who_is_revoked_is_refused_and_told(world: World, published: Published) -> None:
    revoked = with_status(world, "asa", 666)
    want(world)
    keep(world, published.jwt(world.clock.now))
    tx = world.open_identify(m.Grant.PASS)

    with pytest.raises(errors.AnswerRefusedError) as refusal:
        world.submit(tx, revoked.answer(tx))

    assert type(refusal.value) is errors.CredentialRevokedError
    assert "credential_revoked" in world.audited(audit.Event.ANSWER_REFUSED)[0]


def test_a_place_outside_of_the_list_is_refused(
    world: World, published: Published
) -> None:
    outside = with_status(world, "asa", 1024)
    want(world)
    keep(world, published.jwt(world.clock.now))
    tx = world.open_identify(m.Grant.PASS)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, outside.answer(tx))


def test_a_revocation_counts_from_the_next_list_on(
    world: World, listed: Holder, published: Published
) -> None:
    want(world)
    keep(world, published.jwt(world.clock.now))
    world.identify(listed)
    published.revoked.add(7)
    world.clock.pass_by(minutes=1)
    keep(world, published.jwt(world.clock.now))

    with pytest.raises(errors.AnswerRefusedError):
        world.identify(listed)


def test_a_pass_holder_cannot_sign_once_the_pid_is_revoked(
    world: World, listed: Holder, published: Published
) -> None:
    want(world)
    keep(world, published.jwt(world.clock.now))
    listed.take_pass(world.identify(listed))
    published.revoked.add(7)
    world.clock.pass_by(minutes=1)
    keep(world, published.jwt(world.clock.now))

    with pytest.raises(errors.AnswerRefusedError):
        world.approved(listed)

    assert world.key_operations == 0


# --- how fresh ---


@pytest.mark.parametrize(
    ("claims", "hours"),
    [
        ({"ttl": 43200}, 12 + 1 / 6),
        ({"ttl": ...}, 24),
        ({"ttl": ..., "exp": ...}, 25),
        ({"ttl": 10**9, "exp": ...}, 24 + 1 / 6),
        ({"ttl": 1}, 1 / 60 + 1 / 6),
    ],
    ids=["ttl-and-ten-minutes", "exp", "our-age", "ttl-at-most-a-day", "ttl-a-minute"],
)
def test_a_list_is_used_so_long_and_no_longer(
    world: World,
    listed: Holder,
    published: Published,
    claims: dict[str, Any],
    hours: float,
) -> None:
    want(world)
    end = keep(world, published.jwt(world.clock.now, **claims)).usable_until
    listed = with_status(world, "asa", 7)
    assert end == world.clock.now + timedelta(hours=hours)
    world.clock.now = end - timedelta(seconds=1)
    listed = with_status(world, "asa", 7)

    world.identify(listed)

    world.clock.now = end
    with pytest.raises(errors.StatusUnknownError):
        world.identify(listed)


def test_the_next_one_is_wanted_when_ttl_is_over(
    world: World, published: Published
) -> None:
    want(world)
    keep(world, published.jwt(world.clock.now, ttl=3600))

    assert wanted(world)[URI].fetch_at == world.clock.now + HOUR


def test_without_ttl_the_next_one_is_wanted_half_way(
    world: World, published: Published
) -> None:
    want(world)
    keep(world, published.jwt(world.clock.now, ttl=...))

    assert wanted(world)[URI].fetch_at == world.clock.now + 12 * HOUR


def test_handing_the_same_over_again_does_not_make_it_younger(
    world: World, published: Published
) -> None:
    want(world)
    content = published.jwt(world.clock.now)
    keep(world, content)
    world.clock.pass_by(hours=20)

    again = keep(world, content)

    assert again.usable_until == world.clock.now + 4 * HOUR
    assert len(world.audited(audit.Event.FILE_KEPT)) == 1


# --- what is not kept ---


def test_what_nobody_asked_for_is_not_kept(world: World, published: Published) -> None:
    with pytest.raises(errors.FileNotWantedError):
        keep(world, published.jwt(world.clock.now))


def test_an_older_list_does_not_replace_a_newer(
    world: World, listed: Holder, published: Published
) -> None:
    want(world)
    older = published.jwt(world.clock.now)
    world.clock.pass_by(seconds=1)
    published.revoked.add(7)
    keep(world, published.jwt(world.clock.now))

    with pytest.raises(errors.FileRefusedError, match="older"):
        keep(world, older)

    with pytest.raises(errors.AnswerRefusedError):
        world.identify(listed)


def _by(published: Published, chain: Any, key: Any) -> Published:
    published.chain, published.key = chain, key
    return published


def _identifiers(published: Published, now: datetime) -> bytes:
    published.revoked = {b"\x01"}
    return published.identifiers(now)


REFUSED: dict[str, tuple[str, Callable[[Published, datetime], bytes]]] = {
    "stranger": (
        "issuer_not_trusted",
        lambda p, now: _by(p, *stranger("mallory")).jwt(now),
    ),
    "stranger-cwt": (
        "issuer_not_trusted",
        lambda p, now: _by(p, *stranger("mallory")).cwt(now),
    ),
    "other-key": (
        "signature_invalid",
        lambda p, now: _by(p, (), stranger("mallory")[1]).jwt(now),
    ),
    "other-uri": ("untrusted", lambda p, now: p.jwt(now, sub=URI + "/2")),
    "expired": ("expired", lambda p, now: p.jwt(now, exp=int(now.timestamp()))),
    "of-the-future": ("not_yet", lambda p, now: p.jwt(now + 2 * HOUR)),
    "stale-without-exp": ("stale", lambda p, now: p.jwt(now - 25 * HOUR, exp=...)),
    "identifier-list": ("header", _identifiers),
    "garbage": ("malformed", lambda _p, _now: b"<!doctype html>"),
}


@pytest.mark.parametrize(("reason", "make"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_hold_is_not_kept(
    shared_world: World,
    reason: str,
    make: Callable[[Published, datetime], bytes],
) -> None:
    want(shared_world)
    content = make(Published(shared_world.provider), shared_world.clock.now)

    with pytest.raises(errors.FileRefusedError, match=reason):
        keep(shared_world, content)

    assert wanted(shared_world)[URI].usable_until is None


def test_a_list_of_another_trusted_provider_says_nothing(
    world: World, listed: Holder
) -> None:
    other = PidProvider.create(world.clock.now)
    world.trust_pid_provider("other", other)
    want(world)
    keep(world, Published(other).jwt(world.clock.now))

    with pytest.raises(errors.AnswerRefusedError):
        world.identify(listed)


def test_a_list_whose_signer_is_trusted_no_more_says_nothing(
    world: World, listed: Holder, published: Published
) -> None:
    want(world)
    keep(world, published.jwt(world.clock.now))
    world.identify(listed)
    other = PidProvider.create(world.clock.now)
    world.trust_pid_provider("demo-pid-provider", other)
    world.provider = other

    with pytest.raises(errors.AnswerRefusedError):
        world.identify(with_status(world, "asa", 7))


# --- what is remembered, and what is told ---


def test_neither_rows_nor_info_name_a_place(
    world: World, listed: Holder, published: Published
) -> None:
    tx = world.open_identify(m.Grant.PASS)
    with pytest.raises(errors.StatusUnknownError):
        world.submit(tx, listed.answer(tx))

    with world.sam.database.begin() as connection:
        row = kept_store.wanted(connection)[0]

    assert row.wanted_at == world.clock.now.replace(hour=0)
    assert {c for c in row._mapping if row._mapping[c] is not None} == {
        "file_id",
        "kind",
        "uri",
        "category",
        "wanted_at",
    }
    assert set(m.WantedFile.model_fields) == {
        "kind",
        "uri",
        "fetch_at",
        "usable_until",
    }


def test_only_a_credential_that_holds_otherwise_makes_a_list_wanted(
    world: World,
) -> None:
    mallory = PidProvider.create(world.clock.now)
    trusted, world.provider = world.provider, mallory
    forged = with_status(world, "erika", 7, "https://tracker.example/one-person")
    world.provider = trusted
    tx = world.open_identify(m.Grant.PASS)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, forged.answer(tx))

    assert wanted(world) == {}


def test_what_the_operator_lists_is_wanted_at_once(world: World) -> None:
    world.restart(world.sam.config.model_copy(update={"status_list_uris": (URI,)}))

    assert set(wanted(world)) == {URI}


def test_what_nobody_looks_for_is_forgotten(world: World) -> None:
    want(world)
    world.clock.pass_by(days=30)
    assert set(wanted(world)) == {URI}
    world.clock.pass_by(days=1)

    assert wanted(world) == {}


def test_no_more_than_a_bounded_number_is_wanted(world: World) -> None:
    for number in range(kept_files.MAX_WANTED + 3):
        want(world, f"https://pid.example/{number:04}")

    assert len(wanted(world)) == kept_files.MAX_WANTED


def test_a_kept_file_is_recorded(world: World, published: Published) -> None:
    want(world)
    keep(world, published.jwt(world.clock.now))

    assert '"provider":"demo-pid-provider"' in world.audited(audit.Event.FILE_KEPT)[0]


# --- lists of identifiers, and trust points that an issuer names ---


def look_up(world: World, **changed: Any) -> int:
    reference = StatusReference(
        **{"kind": ListKind.IDENTIFIER_LIST, "uri": URI, "id": b"\x01", **changed}
    )
    lookup = kept_files.KeptLists(world.sam)
    return lookup.value(reference, [world.provider.signer], world.clock.now)


@pytest.mark.parametrize(("identifier", "status"), [(b"\x01", 1), (b"\x02", 0)])
def test_an_identifier_list(world: World, identifier: bytes, status: int) -> None:
    kept_files._want(world.sam, "identifier_list", URI, None)
    content = Published(world.provider, revoked={b"\x01"}).identifiers(world.clock.now)
    world.client.keep_file(m.FileKind.IDENTIFIER_LIST, URI, content)

    assert look_up(world, id=identifier) == status


def pinned(world: World, *, revoked: bytes) -> tuple[bytes, bytes]:
    """A trust point that no anchor knows, and a list under it."""
    chain, key = stranger("list signer")
    der = chain[1].public_bytes(Encoding.DER)
    published = Published(world.provider, revoked={revoked}, key=key, chain=chain[:1])
    return der, published.identifiers(world.clock.now)


def test_a_list_under_the_trust_point_that_the_issuer_named(world: World) -> None:
    der, content = pinned(world, revoked=b"\x02")
    with pytest.raises(kept_files.ListNotHeldError):
        look_up(world, certificate=der)
    world.client.keep_file(m.FileKind.IDENTIFIER_LIST, URI, content)

    assert look_up(world, certificate=der) == 0


def test_a_trust_point_counts_only_for_credentials_that_name_it(world: World) -> None:
    der, content = pinned(world, revoked=b"\x02")
    for certificate in (der, None):
        with pytest.raises(kept_files.ListNotHeldError):
            look_up(world, certificate=certificate)
    world.client.keep_file(m.FileKind.IDENTIFIER_LIST, URI, content)

    with pytest.raises(kept_files.ListNotHeldError):
        look_up(world)


def test_a_trust_point_that_is_no_certificate_is_refused(world: World) -> None:
    with pytest.raises(StatusUnknownError, match="no certificate"):
        look_up(world, certificate=b"DER")

    assert wanted(world) == {}
