"""The demo's walk through a little service, and every way it must not end well."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.wallet_emulator.conftest import filled_wallet
from tests.wallet_emulator.little_service import LittleService
from tests.wallet_emulator.loopback import Loopback
from tests.wallet_emulator.relying_party import NOW
from tests.wallet_emulator.signing import sign_pdf
from wallet_emulator.browser import Browser
from wallet_emulator.demo import Demo, Narration
from wallet_emulator.errors import DemoFailedError, UnexpectedPageError
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.presentation import Presenter
from wallet_emulator.sample.lease import LEASE_FILE
from wallet_emulator.signed_pdf import read_signed_pdf
from wallet_emulator.wallet import MDOC_FORMAT, SIGNING_PASS, Wallet, receive_pid

OTHER_DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def signed() -> bytes:
    return sign_pdf(LEASE_FILE.read_bytes())


@pytest.fixture
def service(loopback: Loopback, signed: bytes) -> LittleService:
    return LittleService(loopback, signed, read_signed_pdf(signed).message_digest)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def demo(
    service: LittleService,
    http: httpx.Client,
    provider: PidProvider,
    tmp_path: Path,
    told: list[str],
) -> Demo:
    wallet = Wallet(tmp_path / "phone")
    receive_pid(wallet, provider, PERSONS["erika"], NOW)
    return Demo(
        base_url=service.loopback.url,
        document=LEASE_FILE,
        out=tmp_path / "out",
        browser=Browser(http),
        presenter=Presenter(
            wallet=wallet,
            access_roots=(service.party.root,),
            http=http,
            clock=lambda: NOW,
        ),
        issuer_roots=service.issuer.roots,
        http=http,
        clock=lambda: NOW,
        narration=Narration(echo=told.append),
    )


def test_the_walk_leaves_document_and_evidence(demo: Demo, signed: bytes) -> None:
    result = demo.run()

    assert result.signed_pdf.read_bytes() == signed
    assert result.evidence.read_bytes() == b"PK evidence"


def test_the_document_is_uploaded(demo: Demo, loopback: Loopback) -> None:
    demo.run()

    assert LEASE_FILE.read_bytes() in loopback.to("/upload")[0].body


def test_the_first_answer_identifies_and_the_second_approves(
    demo: Demo, service: LittleService
) -> None:
    demo.run()

    tokens = [set(answer["vp_token"]) for answer in service.answers]
    assert tokens == [{"pid"}, {"pid", "signing_pass"}]


def test_the_preferred_encoding_of_the_pid_is_shown(
    demo: Demo, service: LittleService
) -> None:
    presenter = replace(demo.presenter, prefer=MDOC_FORMAT)

    replace(demo, presenter=presenter).run()

    assert set(service.answers[-1]["vp_token"]) == {"pid_mdoc", "signing_pass"}


def test_the_pass_that_was_offered_is_held(demo: Demo) -> None:
    demo.run()

    assert demo.presenter.wallet.credential(SIGNING_PASS) is not None


def test_a_returning_person_needs_no_offer(
    demo: Demo, service: LittleService, provider: PidProvider, tmp_path: Path
) -> None:
    service.offers = False
    wallet = filled_wallet(tmp_path / "returning", provider, "erika")

    result = replace(demo, presenter=replace(demo.presenter, wallet=wallet)).run()

    assert result.signature.signer == "TEST signer"


def test_a_newcomer_reads_numbered_steps(demo: Demo, told: list[str]) -> None:
    digest = demo.run().signature.message_digest

    assert told[0] == " 1. Browser: uploaded lease.pdf"
    assert len(told) <= 25
    assert any("signed by       TEST signer" in line for line in told)
    assert any(f"digest approved {digest}" in line for line in told)
    assert any(f"digest in CMS   {digest}" in line for line in told)


def lies_in_the_request(service: LittleService) -> None:
    service.approved_digest = OTHER_DIGEST


def lies_on_the_page(service: LittleService) -> None:
    service.digest = OTHER_DIGEST


def lies_on_page_and_request(service: LittleService) -> None:
    service.digest = service.approved_digest = OTHER_DIGEST


def delivers_another_file(service: LittleService) -> None:
    service.signed = service.signed.replace(b"Lease", b"Lxase", 1)


def shows_no_digest(service: LittleService) -> None:
    service.digest = "none" * 16


BAD_ENDS = [
    pytest.param(lies_in_the_request, "not the same", id="approved-is-another"),
    pytest.param(lies_on_the_page, "not the same", id="shown-is-another"),
    pytest.param(lies_on_page_and_request, "not the same", id="signed-is-another"),
    pytest.param(delivers_another_file, "other bytes", id="another-file"),
    pytest.param(shows_no_digest, "no SHA-256", id="no-digest"),
    pytest.param(
        lambda service: setattr(service, "end_state", "failed"), "failed", id="failed"
    ),
]


@pytest.mark.parametrize(("change", "complaint"), BAD_ENDS)
def test_a_bad_end_is_a_failure(
    demo: Demo,
    service: LittleService,
    change: Callable[[LittleService], object],
    complaint: str,
) -> None:
    change(service)

    with pytest.raises(DemoFailedError, match=complaint):
        demo.run()


def test_waiting_for_the_signature_is_bounded(
    demo: Demo, service: LittleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallet_emulator.demo.SIGNING_TIMEOUT_SECONDS", 0.1)
    service.end_state = "signing"

    with pytest.raises(DemoFailedError, match="signing"):
        demo.run()


def test_without_offer_and_pass_the_walk_stops(
    demo: Demo, service: LittleService
) -> None:
    service.offers = False

    with pytest.raises(UnexpectedPageError, match="offer-link"):
        demo.run()
