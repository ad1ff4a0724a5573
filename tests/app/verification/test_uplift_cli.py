"""``qes uplift``: what it says, what it exits with, and what it does to files."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.verification import uplift_cli
from app.verification.uplift_cli import uplift
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki
from tests.app.ades.strong_tsa import StrongTsa
from tests.app.ades.test_uplift import shipped

TRUST = "--anchor root.pem --anchor strong.pem --crl issuing.crl --offline"
SOON = "--assume-ended sha256@2027-01-01"


@pytest.fixture(scope="module")
def strong() -> StrongTsa:
    return StrongTsa()


@pytest.fixture(scope="module")
def tsa_url(strong: StrongTsa) -> Iterator[str]:
    """That authority behind HTTP, on loopback."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["content-length"]))
            body = strong.answer(asked)
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/tsa"
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pki: Pki,
    strong: StrongTsa,
    signed: bytes,
) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(uplift_cli, "_now", lambda: NOW)
    (tmp_path / "root.pem").write_bytes(pem(pki.anchors[0]))
    (tmp_path / "strong.pem").write_bytes(pem(strong.anchor))
    (tmp_path / "issuing.crl").write_bytes(pki.issuing.crl(days=3650))
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "lease.pdf").write_bytes(signed)
    return tmp_path


def pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def run(arguments: str) -> Result:
    return CliRunner().invoke(uplift, arguments.split())


def test_files_that_last_need_nothing(folder: Path) -> None:
    result = run(f"--dry-run {TRUST} files")

    assert result.exit_code == 0, result.output
    assert result.output.startswith("good         files/lease.pdf: ")


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    folder: Path, signed: bytes
) -> None:
    result = run(f"--dry-run {TRUST} {SOON} files")

    assert result.exit_code == 1
    assert result.output == (
        "archive      files/lease.pdf before 2027-01-01: document: sha-256 ends on"
        f" 2027-01-01\n    would add a sha512 time stamp over {len(signed)} B\n"
    )
    assert (folder / "files/lease.pdf").read_bytes() == signed


def test_a_file_is_uplifted_in_place_once(
    folder: Path, signed: bytes, tsa_url: str
) -> None:
    first = run(f"{TRUST} {SOON} --tsa-url {tsa_url} files")
    uplifted = (folder / "files/lease.pdf").read_bytes()
    second = run(f"{TRUST} {SOON} --tsa-url {tsa_url} files")

    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert f"uplifted: sha512 time stamp over all {len(signed)} bytes" in first.output
    assert uplifted.startswith(signed)
    assert second.output.startswith("good ")
    assert (folder / "files/lease.pdf").read_bytes() == uplifted
    assert [each.name for each in (folder / "files").iterdir()] == ["lease.pdf"]


def test_what_is_too_late_is_left_alone(
    folder: Path, signed: bytes, tsa_url: str
) -> None:
    ended = "--assume-ended sha256@2026-01-01"

    result = run(f"{TRUST} {ended} --tsa-url {tsa_url} files")

    assert result.exit_code == 1
    assert result.output.startswith("sign again   files/lease.pdf: document: sha-256")
    assert (folder / "files/lease.pdf").read_bytes() == signed


def test_without_an_authority_the_file_stays(folder: Path, signed: bytes) -> None:
    result = run(f"{TRUST} {SOON} --tsa-url http://127.0.0.1:1/ files")

    assert result.exit_code == 1
    assert "not uplifted: no answer" in result.output
    assert (folder / "files/lease.pdf").read_bytes() == signed


@pytest.mark.parametrize(
    ("content", "said"),
    [(pdfs.plain(), "no signature"), (b"%PDF-1.7 broken", "not valid")],
    ids=["unsigned", "broken"],
)
def test_what_is_not_valid_is_said(folder: Path, content: bytes, said: str) -> None:
    (folder / "files/lease.pdf").write_bytes(content)

    result = run(f"--dry-run {TRUST} files")

    assert result.exit_code == 1
    assert result.output.startswith("not valid    files/lease.pdf: ")
    assert said in result.output


def test_a_signer_nobody_vouches_for_is_not_valid(folder: Path) -> None:
    result = run("--dry-run --anchor strong.pem --crl issuing.crl --offline files")

    assert (result.exit_code, result.output[:9]) == (1, "not valid")


@pytest.mark.parametrize(
    "arguments",
    [
        "--assume-ended sha256",
        "--assume-ended sha256@soon",
        "--assume-ended rot13@2027-01-01",
        "--policy issuing.crl",
    ],
)
def test_what_is_no_setting_is_said(folder: Path, arguments: str) -> None:
    result = run(f"--dry-run {TRUST} {arguments} files")

    assert result.exit_code == 2
    assert result.output.startswith("Error: ")


def test_a_folder_without_files_is_said(folder: Path) -> None:
    (folder / "files/lease.pdf").unlink()

    result = run(f"--dry-run {TRUST} files")

    assert (result.exit_code, result.output) == (2, "Error: There is no PDF.\n")


def test_the_operators_policy_counts(folder: Path) -> None:
    policy = shipped()
    policy["hashes"][0]["uses"]["signing"] = {"until": "2027-05-05"}
    (folder / "policy.json").write_text(json.dumps(policy))

    result = run(f"--dry-run {TRUST} --policy policy.json files")

    assert "before 2027-05-05" in result.output
