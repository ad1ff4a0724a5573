"""The two commands: exit codes, words, and what is read from where."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding

from app.verification import cli
from app.verification.cli import evidence, verify_file
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki
from tests.app.verification.conftest import Home


@pytest.fixture
def folder(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, pki: Pki, signed: bytes
) -> Path:
    """Everything as files; no settings of this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "_now", lambda: NOW)
    (tmp_path / "evidence.zip").write_bytes(home.archive)
    for name, content in home.documents.items():
        (tmp_path / name).write_bytes(content)
    for name, anchors in (
        ("root.pem", home.trust.anchors),
        ("access.pem", home.trust.request_anchors),
        ("other.pem", [home.other_root]),
    ):
        (tmp_path / name).write_bytes(anchors[0].public_bytes(Encoding.PEM))
    (tmp_path / "signed.pdf").write_bytes(signed)
    (tmp_path / "plain.pdf").write_bytes(pdfs.plain())
    (tmp_path / "note.txt").write_text("no PDF")
    (tmp_path / "issuing.crl").write_bytes(pki.issuing.crl(days=3650))
    return tmp_path


def run(command: Callable[..., object], arguments: str) -> Result:
    return CliRunner().invoke(command, arguments.split())  # type: ignore[arg-type]


WHOLE = "--document lease.pdf --document letter.pdf"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(
            f"evidence.zip {WHOLE} --anchor root.pem --request-anchor access.pem",
            0,
            "Every check that could be made holds.\n",
            id="all",
        ),
        pytest.param("evidence.zip", 0, "without --anchor anybody", id="no-anchor"),
        pytest.param("evidence.zip --anchor other.pem", 1, "NOT PROVEN", id="wrong"),
        pytest.param(
            "evidence.zip --document plain.pdf", 1, "plain.pdf", id="unsigned"
        ),
        pytest.param("note.txt", 2, "no evidence archive", id="no-zip"),
        pytest.param("lease.pdf", 2, "no evidence archive", id="pdf"),
        pytest.param("missing.zip", 2, "does not exist", id="missing"),
        pytest.param(
            "evidence.zip --anchor note.txt", 2, "no PEM", id="no-anchor-file"
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_evidence_verify_answers_by_words_and_exit_code(
    arguments: str, code: int, words: str
) -> None:
    result = run(evidence, f"verify {arguments}")

    assert (result.exit_code, words in " ".join(result.output.split(" "))) == (
        code,
        True,
    ), result.output


@pytest.mark.usefixtures("folder")
def test_the_report_for_programs_says_the_same() -> None:
    result = run(evidence, "verify evidence.zip --anchor root.pem --json")

    report = json.loads(result.output)
    assert report["holds"] is True
    assert report["checks"][0] == {
        "number": 1,
        "name": "readme",
        "outcome": "holds",
        "sentence": "README.txt is the text this service sends.",
        "files": ["README.txt"],
    }


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param("signed.pdf --offline", 1, "We can't be sure", id="no-anchor"),
        pytest.param("plain.pdf --offline", 2, "No signature", id="unsigned"),
        pytest.param("note.txt --offline", 2, "We can't read this file", id="no-pdf"),
        pytest.param("missing.pdf", 2, "does not exist", id="missing"),
        pytest.param("signed.pdf --crl note.txt", 2, "is no CRL", id="no-crl"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_verify_answers_by_words_and_exit_code(
    arguments: str, code: int, words: str
) -> None:
    result = run(verify_file, arguments)

    assert (result.exit_code, words in result.output) == (code, True), result.output
    assert max(map(len, result.output.splitlines())) < 80


def test_verify_with_anchor_and_crl_finds_it_valid(folder: Path, pki: Pki) -> None:
    pem = pki.root.certificate.public_bytes(Encoding.PEM)
    (folder / "pki.pem").write_bytes(pem)

    result = run(
        verify_file, "signed.pdf --anchor pki.pem --crl issuing.crl --offline --json"
    )

    verdict = json.loads(result.output)
    assert (result.exit_code, verdict["verdict"]) == (0, "valid"), result.output
    assert verdict["signatures"][0]["signed_at"] == "2026-11-20T09:30:00+00:00"
