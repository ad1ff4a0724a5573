"""What a person may bring, and what the service says: one clear sentence, no signature.

And what a wallet may send: refused with 400, nothing changed, no key touched.
"""

import io
import re
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from tests.end_to_end.conftest import Service
from tests.end_to_end.signer import LEASE, Signer
from wallet_emulator.browser import Page
from wallet_emulator.deviations import ACCEPTED, DEVIATIONS
from wallet_emulator.errors import AnswerNotAcceptedError


def text_of(page: Page) -> str:
    return " ".join(" ".join(e.text.split()) for e in page.elements)


@pytest.fixture
def lease() -> bytes:
    return LEASE.read_bytes()


def encrypted(pdf: bytes) -> bytes:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf)))
    writer.encrypt("owner", "user")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.processes
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(lambda pdf: b"", "The file is empty.", id="empty"),
        pytest.param(
            lambda pdf: b"\x89PNG\r\n\x1a\n" + pdf[8:],
            "The file is not a PDF document.",
            id="not-a-pdf",
        ),
        pytest.param(
            lambda pdf: pdf[: len(pdf) // 2],
            "The PDF is incomplete: its end is missing.",
            id="truncated",
        ),
        pytest.param(
            encrypted,
            "The PDF is encrypted or protected by a password.",
            id="encrypted",
        ),
        pytest.param(
            lambda pdf: pdf + b" " * (32 << 20),
            "The file is larger than (we accept|3[0-9] MB)",
            id="too-large",
        ),
    ],
)
def test_an_unfit_file_gets_one_clear_sentence(
    service: Service, lease: bytes, tmp_path: Path, change: object, sentence: str
) -> None:
    file = tmp_path / "document.pdf"
    file.write_bytes(change(lease))  # type: ignore[operator]
    browser = service.browser()

    page = browser.follow(browser.open(service.base_url), "upload-submit", file)

    assert re.search(sentence, text_of(page))
    assert 400 <= page.status < 500
    assert page.find("approve") is None


@pytest.mark.processes
def test_a_fit_file_gets_the_page_to_read(service: Service) -> None:
    """Guards the table above."""
    browser = service.browser()

    page = browser.follow(browser.open(service.base_url), "upload-submit", LEASE)

    assert page.element("request-state").attribute("data-state") == "ready"


@pytest.fixture(scope="module")
def signer(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Signer:
    folder = tmp_path_factory.mktemp("signers")
    accomplice = Signer(service, folder, "asa")
    signer = Signer(service, folder, "erika")
    signer.accomplice = accomplice.wallet
    signed = signer.answer(signer.approve())  # something to replay
    signer.browser.open(str(signed.redirect_uri))
    return signer


@pytest.mark.processes
@pytest.mark.parametrize(
    "name", [n for n, d in DEVIATIONS.items() if d.expected != ACCEPTED]
)
def test_a_misbehaving_wallet_is_refused_and_changes_nothing(
    service: Service, signer: Signer, name: str
) -> None:
    page = signer.approve()
    before = service.key_operations()

    with pytest.raises(AnswerNotAcceptedError) as refused:
        signer.answer(page, name)

    assert refused.value.status == 400
    assert signer.state(page) == "awaiting_wallet"
    assert service.key_operations() == before


@pytest.mark.processes
@pytest.mark.parametrize(
    "name", [None, *[n for n, d in DEVIATIONS.items() if d.expected == ACCEPTED]]
)
def test_an_unusual_but_right_wallet_is_accepted(signer: Signer, name: str) -> None:
    """Guards the table above; the first row is the wallet that does nothing odd."""
    page = signer.approve()

    outcome = signer.answer(page, name)

    returned = signer.browser.open(str(outcome.redirect_uri))
    assert returned.element("request-state").attribute("data-state") == "signed"
