"""Revocation through every process: the lists, the worker, the SAM, the pages.

The worker asks for a list again after a minute. Where a test does not wait for that, it
hands the list over itself, as a worker would; ``keep_file`` believes signatures only.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sam import messages as m
from sam.errors import FileRefusedError
from tests.end_to_end.conftest import Service
from tests.end_to_end.signer import Signer
from wallet_emulator.browser import Page
from wallet_emulator.errors import AnswerNotAcceptedError
from wallet_emulator.keys import new_key
from wallet_emulator.list_tokens import LIFE
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider, holder_jwk, pid_claims
from wallet_emulator.status_lists import PLACES, Register, StatusLists
from wallet_emulator.wallet import (
    FORMATS,
    MDOC_FORMAT,
    PID,
    PID_MDOC,
    receive_pid,
    revoke_pid,
)

WITHDRAWN = "withdrawn or suspended"
NOT_CHECKED = "could not check yet"
UNUSABLE = "its answer can't be used here"
STATUS, IDENTIFIERS = m.FileKind.STATUS_LIST, m.FileKind.IDENTIFIER_LIST
pytestmark = pytest.mark.processes


@pytest.fixture
def erika(service: Service, tmp_path: Path) -> Signer:
    """Identified, with a pass; her PID has a place in the provider's list."""
    return Signer(service, tmp_path, "erika")


@pytest.fixture(autouse=True)
def no_key_is_used_for_a_refusal(service: Service, request: Any) -> Iterator[None]:
    """Every test that refuses ends with as many key operations as it began with."""
    before = service.key_operations()
    yield
    signed = "signs" in request.node.name
    assert (service.key_operations() > before) is signed


def lists(service: Service) -> StatusLists:
    published = service.provider.lists
    assert published is not None
    return published


def bring(service: Service) -> None:
    """What the worker does when a minute is over."""
    uri = lists(service).status_uri
    service.sam.keep_file(STATUS, uri, httpx.get(uri).content)


def revoke(service: Service, signer: Signer) -> None:
    revoke_pid(signer.wallet, service.provider)
    bring(service)


def says(signer: Signer, page: Page) -> str:
    """What the person reads after an answer that was refused."""
    return " ".join(e.text for e in signer.browser.open(page.url).elements)


def refused(signer: Signer, page: Page, form: str | None = None) -> str:
    with pytest.raises(AnswerNotAcceptedError) as error:
        signer.answer(page, form=form)
    assert error.value.status == httpx.codes.BAD_REQUEST
    assert signer.state(page) == "awaiting_wallet"
    return says(signer, page)


def hold(signer: Signer, status: dict[str, object]) -> None:
    """A PID of the same provider with this status, in place of the one held."""
    key, now = new_key(), datetime.now(UTC)
    claims, holder = pid_claims(PERSONS["erika"], now), holder_jwk(key.public_key())
    pid = signer.provider.issue(claims, holder, now, status=status)
    signer.wallet.hold(PID, pid, key)
    signer.wallet.drop(PID_MDOC)


def test_the_list_is_held_before_anybody_presents_anything(service: Service) -> None:
    held = {f.uri: f.usable_until for f in service.sam.info().wanted_files}

    assert held[lists(service).status_uri] is not None


@pytest.mark.parametrize("form", FORMATS)
def test_a_person_in_the_list_signs(service: Service, erika: Signer, form: str) -> None:
    held = erika.wallet.held(PID_MDOC if form == MDOC_FORMAT else PID)
    assert held is not None
    assert lists(service).publishes(held.status)

    returned = erika.answer(erika.approve(), form=form)

    page = erika.browser.open(str(returned.redirect_uri))
    assert page.element("request-state").attribute("data-state") == "signed"


@pytest.mark.parametrize("form", FORMATS)
def test_a_revoked_pid_approves_nothing(
    service: Service, erika: Signer, form: str
) -> None:
    page = erika.approve()  # opened before, so that the old list was good enough

    revoke(service, erika)

    assert WITHDRAWN in refused(erika, page, form)


def test_a_revoked_pid_identifies_nobody(service: Service, erika: Signer) -> None:
    revoke(service, erika)

    page = erika.browser.follow(erika.upload(), "identify")
    with pytest.raises(AnswerNotAcceptedError):
        erika.answer(page)

    assert WITHDRAWN in says(erika, page)


def test_a_new_pid_after_a_revoked_one_signs(service: Service, erika: Signer) -> None:
    revoke(service, erika)
    receive_pid(erika.wallet, erika.provider, PERSONS["erika"], datetime.now(UTC))

    returned = erika.answer(erika.approve())

    page = erika.browser.open(str(returned.redirect_uri))
    assert page.element("request-state").attribute("data-state") == "signed"


def test_one_revocation_is_nobody_elses_who_signs(
    service: Service, erika: Signer, tmp_path: Path
) -> None:
    asa = Signer(service, tmp_path, "asa")
    revoke(service, erika)

    returned = asa.answer(asa.approve())

    page = asa.browser.open(str(returned.redirect_uri))
    assert page.element("request-state").attribute("data-state") == "signed"


def test_a_list_nobody_knew_is_fetched_by_the_worker_and_then_she_signs(
    service: Service, erika: Signer
) -> None:
    now = datetime.now(UTC)
    receive_pid(erika.wallet, erika.provider, PERSONS["erika"], now, mdoc_by_name=True)
    page = erika.approve()
    assert NOT_CHECKED in refused(erika, page, MDOC_FORMAT)

    _wait_for(service, lists(service).identifier_uri)
    returned = erika.answer(page, form=MDOC_FORMAT)

    shown = erika.browser.open(str(returned.redirect_uri))
    assert shown.element("request-state").attribute("data-state") == "signed"


def test_a_name_in_the_identifier_list_approves_nothing(
    service: Service, erika: Signer
) -> None:
    now, uri = datetime.now(UTC), lists(service).identifier_uri
    receive_pid(erika.wallet, erika.provider, PERSONS["erika"], now, mdoc_by_name=True)
    with suppress(AnswerNotAcceptedError):  # names the list, if nobody did before
        erika.answer(erika.browser.follow(erika.upload(), "identify"), form=MDOC_FORMAT)
    revoke_pid(erika.wallet, service.provider)
    service.sam.keep_file(IDENTIFIERS, uri, httpx.get(uri).content)

    assert WITHDRAWN in refused(erika, erika.approve(), MDOC_FORMAT)


@pytest.mark.parametrize("idx", [PLACES, 2**31 - 1])
def test_a_place_beyond_the_list_is_refused(
    service: Service, erika: Signer, idx: int
) -> None:
    hold(erika, {"status_list": {"idx": idx, "uri": lists(service).status_uri}})

    assert UNUSABLE in refused(erika, erika.approve())


WITHHELD = {
    "the-provider-has-none": lambda uri: f"{uri}000",
    "host-not-listed": lambda _uri: "https://other.example/status-lists/1",
    "port-not-listed": lambda _uri: "http://localhost:1/status-lists/1",
}


@pytest.mark.parametrize("elsewhere", WITHHELD.values(), ids=WITHHELD)
def test_a_list_that_does_not_come_lets_nobody_in(
    service: Service, erika: Signer, elsewhere: Callable[[str], str]
) -> None:
    uri = elsewhere(lists(service).status_uri)
    hold(erika, {"status_list": {"idx": 1, "uri": uri}})
    page = erika.approve()
    assert NOT_CHECKED in refused(erika, page)

    time.sleep(5)  # two rounds of the worker

    assert NOT_CHECKED in refused(erika, page)


def test_a_list_that_grew_stale_is_good_for_nothing(
    service: Service, erika: Signer
) -> None:
    uri = f"{lists(service).status_uri}111"
    hold(erika, {"status_list": {"idx": 7, "uri": uri}})
    page = erika.browser.follow(erika.upload(), "identify")
    with pytest.raises(AnswerNotAcceptedError):
        erika.answer(page)
    ends = timedelta(seconds=6)
    short = _signed(service.provider, uri, Register(), datetime.now(UTC) - LIFE + ends)
    service.sam.keep_file(STATUS, uri, short)
    erika.answer(page)  # while it lasts

    time.sleep(ends.total_seconds())

    page = erika.browser.follow(erika.upload(), "identify")
    with pytest.raises(AnswerNotAcceptedError):
        erika.answer(page)
    assert NOT_CHECKED in says(erika, page)


def _signed(provider: PidProvider, uri: str, register: Register, at: datetime) -> bytes:
    return provider.list_signer.status_jwt(uri, register, at)


def _of_another(_provider: PidProvider, uri: str, now: datetime) -> bytes:
    return _signed(PidProvider.create(now), uri, Register(), now)


def _by_another_key(provider: PidProvider, uri: str, now: datetime) -> bytes:
    signer = dataclasses.replace(provider.list_signer, key=new_key())
    return signer.status_jwt(uri, Register(), now)


FORGED: dict[str, Callable[[PidProvider, str, datetime], bytes]] = {
    "another-provider": _of_another,
    "another-key": _by_another_key,
    "older": lambda p, uri, now: _signed(p, uri, Register(), now - timedelta(hours=2)),
    "stale": lambda p, uri, now: _signed(p, uri, Register(), now - LIFE),
    "of-the-future": lambda p, uri, now: _signed(
        p, uri, Register(), now + timedelta(hours=1)
    ),
    "another-uri": lambda p, uri, now: _signed(p, f"{uri}1", Register(), now),
    "a-pid": lambda p, uri, now: p.issue({}, {}, now).issuer_jwt.encode(),
    "unsigned": lambda p, uri, now: (
        _signed(p, uri, Register(), now).rpartition(b".")[0] + b"."
    ),
    "cut-off": lambda p, uri, now: _signed(p, uri, Register(), now)[:-40],
    "noise": lambda p, uri, now: b"\xd2\x84\xff" * 1000,
}


@pytest.fixture(scope="module")
def revoked(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """The PID is revoked, and the SAM holds the list that says so."""
    signer = Signer(service, tmp_path_factory.mktemp("revoked"), "jean")
    revoke(service, signer)
    return signer


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_what_a_hostile_web_tier_hands_over_takes_no_revocation_back(
    service: Service,
    revoked: Signer,
    forge: Callable[[PidProvider, str, datetime], bytes],
) -> None:
    uri = lists(service).status_uri
    content = forge(service.provider, uri, datetime.now(UTC))

    with pytest.raises(FileRefusedError):
        service.sam.keep_file(STATUS, uri, content)

    assert WITHDRAWN in refused(revoked, revoked.approve())


def _wait_for(service: Service, uri: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        files = service.sam.info().wanted_files
        if any(file.uri == uri and file.usable_until for file in files):
            return
        time.sleep(0.2)
    raise AssertionError(f"nobody brought {uri}")
