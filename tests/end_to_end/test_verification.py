"""What a signer took home, verified with our own commands and our own page."""

import json
import subprocess
from pathlib import Path

import pytest

from app.local.layout import program
from tests.end_to_end.conftest import Service


def run(service: Service, *arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [program("qes"), *map(str, arguments)],
        env=service.layout.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def anchor(service: Service) -> Path:
    return service.layout.demo / "trust-anchor.pem"


def test_the_evidence_proves_the_document(
    service: Service, delivered: Path, anchor: Path
) -> None:
    done = run(
        service,
        *("evidence", "verify", delivered / "evidence.zip", "--json"),
        *("--document", delivered / "signed.pdf", "--anchor", anchor),
        *("--request-anchor", service.layout.wallet / "access-root.pem"),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)


@pytest.fixture
def changed(delivered: Path, tmp_path: Path) -> Path:
    """The signed file with one bit of the person's own part turned over."""
    content = bytearray((delivered / "signed.pdf").read_bytes())
    content[200] ^= 1
    file = tmp_path / "changed.pdf"
    file.write_bytes(content)
    return file


def test_the_evidence_does_not_prove_another_document(
    service: Service, delivered: Path, changed: Path
) -> None:
    archive = delivered / "evidence.zip"

    done = run(service, "evidence", "verify", archive, "--document", changed)

    assert done.returncode == 1


def test_the_signed_file_is_valid_and_says_by_whom(
    service: Service, delivered: Path
) -> None:
    done = run(service, "verify", delivered / "signed.pdf")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Erika Mustermann" in done.stdout


def test_a_changed_file_is_not_valid(service: Service, changed: Path) -> None:
    assert run(service, "verify", changed).returncode == 1


def test_the_page_says_what_the_command_says(service: Service, delivered: Path) -> None:
    browser = service.browser()
    form = browser.open(f"{service.base_url}/verify")

    page = browser.follow(form, "verify-submit", delivered / "signed.pdf")

    verdict = page.element("verdict").attribute("data-verdict")
    assert verdict == "valid"
