"""Ways through the running service that are not the straight one."""

import os
import signal
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sam.errors import SamUnavailableError
from tests.end_to_end.conftest import Service
from tests.end_to_end.signer import Signer
from wallet_emulator.browser import Page
from wallet_emulator.consent import Decision


@pytest.fixture(scope="module")
def erika(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(service, tmp_path_factory.mktemp("erika"), "erika")


def state_on(page: Page) -> str:
    return page.element("request-state").attribute("data-state")


@pytest.mark.processes
def test_stopping_ends_the_request_and_its_link(erika: Signer) -> None:
    page = erika.approve()

    stopped = erika.browser.follow(page, "stop")

    assert state_on(stopped) == "declined"
    link = page.element("wallet-link").attribute("href")
    assert httpx.get(_request_uri(link)).status_code in {404, 409, 410}


@pytest.mark.processes
def test_a_refusal_in_the_wallet_is_a_hint_and_no_event(erika: Signer) -> None:
    page = erika.approve()

    refused = erika.answer(page, decision=Decision.DECLINE)
    shown = erika.browser.open(str(refused.redirect_uri))

    assert shown.find("download-signed") is None
    assert erika.state(page) == "awaiting_wallet"
    approved = erika.answer(page)
    assert state_on(erika.browser.open(str(approved.redirect_uri))) == "signed"


@pytest.mark.processes
def test_another_browser_gets_nothing_from_the_return(
    service: Service, erika: Signer
) -> None:
    """Whoever holds the link of the return, but not the cookie, holds nothing."""
    page = erika.browser.follow(erika.upload(), "identify")
    returned = erika.answer(page)
    stranger = service.browser()

    seen = stranger.open(str(returned.redirect_uri))

    assert seen.find("offer-link") is None
    assert "Erika" not in " ".join(e.text for e in seen.elements)
    assert stranger.open(erika.upload().url).status == 404


@pytest.mark.processes
def test_a_wallet_that_posts_twice_gets_the_same_reply(
    service: Service, erika: Signer
) -> None:
    page = erika.approve()
    posted: list[httpx.Request] = []
    wire = httpx.Client(event_hooks={"request": [posted.append]}, timeout=30)
    with wire:
        first = erika.answer(page, http=wire)

        again = wire.send(posted[-1])

    assert again.status_code == 200
    assert again.json() == {"redirect_uri": first.redirect_uri}


@pytest.mark.processes
def test_an_offer_is_redeemed_once(service: Service, erika: Signer) -> None:
    page = erika.browser.follow(erika.upload(), "identify")
    offered = erika.browser.open(str(erika.answer(page).redirect_uri))
    offer = offered.element("offer-link").attribute("href")
    code = parse_qs(urlsplit(offer).query)["credential_offer"][0].split('"')[-2]
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:pre-authorized_code",
        "pre-authorized_code": code,
    }
    token = f"{service.base_url}/oauth2/token"

    first = service.http().post(token, data=form)
    second = service.http().post(token, data=form)

    assert first.status_code == 200
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")


@pytest.mark.processes
def test_a_sam_killed_while_people_wait_costs_nobody_their_document(
    service: Service, erika: Signer
) -> None:
    """Its supervisor starts another; what was open is still open."""
    page = erika.approve()
    for worker in _children(service.stack.processes["sam"].running.pid):
        os.kill(worker, signal.SIGKILL)

    until = time.monotonic() + 20
    while not _answers(service):
        assert time.monotonic() < until
        time.sleep(0.2)

    approved = erika.answer(page)
    assert state_on(erika.browser.open(str(approved.redirect_uri))) == "signed"


@pytest.mark.processes
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/oid4vp/response/{tx}", b""),
        ("POST", "/oid4vp/response/{tx}", b"\xff\xfe=%ff&&&=="),
        ("POST", "/oid4vp/response/{tx}", b"response=" + b"A" * 300_000),
        ("POST", "/oid4vp/response/{tx}", b"response=a.b.c.d.e&response=a.b.c.d.e"),
        ("POST", "/oid4vp/response/{tx}", b"response=" + b"." * 4),
        ("POST", "/oid4vp/response/" + "x" * 32, b"response=a.b.c.d.e"),
        ("POST", "/oid4vp/request/{tx}", b"wallet_nonce=" + b"n" * 10_000),
        ("POST", "/oid4vp/request/{tx}", b"\x00\x01wallet_nonce"),
        ("GET", "/oid4vp/request/%00", b""),
        ("GET", "/oid4vp/return?response_code=%ff%00", b""),
        ("GET", "/oid4vp/return", b""),
        ("POST", "/oauth2/token", b"grant_type=\xff"),
        ("POST", "/oid4vci/credential", b"{" * 100_000),
        ("POST", "/oid4vci/nonce", b"\x00" * 1000),
        ("POST", "/documents", b"--x\r\n\r\n"),
        ("GET", "/requests/../../etc/passwd", b""),
    ],
)
def test_no_bytes_make_the_service_stumble(
    service: Service, erika: Signer, method: str, path: str, body: bytes
) -> None:
    link = erika.approve().element("wallet-link").attribute("href")
    tx = _request_uri(link).rsplit("/", 1)[1]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    before = service.key_operations()

    answer = service.http().request(
        method, service.base_url + path.format(tx=tx), content=body, headers=kind
    )

    assert answer.status_code < 500
    assert service.key_operations() == before


@pytest.mark.processes
def test_the_demo_signs_any_pdf_again_and_again(
    service: Service, delivered: Path, tmp_path: Path
) -> None:
    """A signed file is a PDF like any other; the first signature stays valid."""
    walked = service.demo(tmp_path, "--pdf", str(delivered / "signed.pdf"))

    assert walked.returncode == 0, walked.stdout + walked.stderr


def _request_uri(link: str) -> str:
    return parse_qs(urlsplit(link).query)["request_uri"][0]


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in listed.split()]


def _answers(service: Service) -> bool:
    try:
        return service.sam.info().test_mode
    except SamUnavailableError:
        return False
