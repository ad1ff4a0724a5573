"""What the person sees when the SAM is killed while it signs: a true, final answer."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.local.processes import running
from sam.client import connect
from tests.deployment import deployed
from tests.end_to_end.conftest import Service
from tests.end_to_end.signer import Signer
from wallet_emulator.browser import Page

LONGEST_WAIT = 60.0  # seconds; the worker tries again after 2, 4, 8 …


@pytest.fixture
def service(
    softhsm_module: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Service]:
    """All processes; the SAM kills itself at the point of the parameter."""
    settings = {
        "QES_PKCS11_MODULE": str(softhsm_module),
        "QES_FAULT_KILL_AT": request.param,
    }
    with ExitStack() as opened:
        layout = opened.enter_context(deployed(tmp_path, **settings))
        stack = opened.enter_context(running(layout))
        socket = layout.socket
        yield Service(layout, stack, connect(socket), opened)


def ended(signer: Signer, url: str) -> Page:
    until = time.monotonic() + LONGEST_WAIT
    while True:
        page = signer.browser.open(url)
        state = page.element("request-state").attribute("data-state")
        if state in {"signed", "failed"}:
            return page
        assert time.monotonic() < until, state
        time.sleep(0.5)


def approved(service: Service, folder: Path) -> tuple[Signer, str]:
    """The signer has approved and come back; the SAM dies over it."""
    signer = Signer(service, folder, "erika")
    page = signer.approve()
    returned = signer.answer(page)
    signer.browser.open(str(returned.redirect_uri))
    return signer, page.url


@pytest.mark.processes
@pytest.mark.parametrize("service", ["after-intent"], indirect=True)
def test_a_signature_that_was_interrupted_ends_as_failed(
    service: Service, tmp_path: Path
) -> None:
    signer, url = approved(service, tmp_path)

    page = ended(signer, url)

    assert page.element("request-state").attribute("data-state") == "failed"
    assert page.find("download-signed") is None
    assert service.sam.releases(0).releases == ()


@pytest.mark.processes
@pytest.mark.parametrize("service", ["after-result"], indirect=True)
def test_a_signature_whose_reply_was_lost_is_delivered(
    service: Service, tmp_path: Path
) -> None:
    signer, url = approved(service, tmp_path)

    page = ended(signer, url)

    assert page.element("request-state").attribute("data-state") == "signed"
    assert signer.browser.download(page, "download-signed").startswith(b"%PDF")
    assert len(service.sam.releases(0).releases) == 1
