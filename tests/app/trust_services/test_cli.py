"""``qes trust-services``: the administrator's acts."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.trust_services.cli import trust_services


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(trust_services, [str(one) for one in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "ts"
    assert _run("setup", "--directory", path).exit_code == 0
    return path


@pytest.fixture
def request_file(tmp_path: Path, box: Any) -> Path:
    path = tmp_path / "ra.csr"
    path.write_bytes(box.csr_der(box.new_key(), box.SERVICE))
    return path


def _certify(folder: Path, request_file: Path, out: Path, **change: str) -> Result:
    profile = change.get("profile", "registration-authority")
    return _run(
        "certify", "--directory", folder, "--profile", profile,
        "--csr", request_file, "--out", out,
    )  # fmt: skip


def test_setup_tells_what_it_made_and_what_it_found(tmp_path: Path) -> None:
    first = _run("setup", "--directory", tmp_path / "ts")
    second = _run("setup", "--directory", tmp_path / "ts")

    assert {line.split()[0] for line in first.output.splitlines()} == {"made"}
    assert {line.split()[0] for line in second.output.splitlines()} == {"kept"}


def test_certify_writes_leaf_and_intermediate(
    folder: Path, request_file: Path, tmp_path: Path
) -> None:
    result = _certify(folder, request_file, tmp_path / "ra.pem")

    chain = x509.load_pem_x509_certificates((tmp_path / "ra.pem").read_bytes())
    issuing = x509.load_pem_x509_certificate((folder / "issuing-ca.pem").read_bytes())
    assert result.exit_code == 0
    assert chain[1:] == [issuing]


def test_certify_again_writes_the_same_octets(
    folder: Path, request_file: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.pem", tmp_path / "second.pem"
    _certify(folder, request_file, first)

    _certify(folder, request_file, second)

    assert first.read_bytes() == second.read_bytes()


def test_certify_takes_pem_too(
    folder: Path, request_file: Path, tmp_path: Path
) -> None:
    request = x509.load_der_x509_csr(request_file.read_bytes())
    request_file.write_bytes(request.public_bytes(Encoding.PEM))

    assert _certify(folder, request_file, tmp_path / "ra.pem").exit_code == 0


def test_only_the_registration_authority_is_registered(
    folder: Path, request_file: Path, tmp_path: Path
) -> None:
    _certify(folder, request_file, tmp_path / "pass.pem", profile="pass-issuing")

    assert not (folder / "registered").exists()


@pytest.mark.parametrize(
    "content", [b"", b"no request", b"-----BEGIN CERTIFICATE REQUEST-----\nAA\n"]
)
def test_a_file_that_is_no_request_is_refused_in_one_line(
    folder: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.csr").write_bytes(content)

    result = _certify(folder, tmp_path / "bad.csr", tmp_path / "out.pem")

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert not (tmp_path / "out.pem").exists()


def test_a_missing_file_is_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    result = _certify(folder, tmp_path / "none.csr", tmp_path / "out.pem")

    assert result.output == f"Error: {tmp_path}/none.csr: No such file or directory\n"


def test_no_signer_certificate_is_made_by_hand(
    folder: Path, request_file: Path, tmp_path: Path
) -> None:
    result = _certify(folder, request_file, tmp_path / "out.pem", profile="signer")

    assert result.exit_code == 2


def test_revoke_puts_a_certificate_on_the_list(
    folder: Path, request_file: Path, tmp_path: Path
) -> None:
    _certify(folder, request_file, tmp_path / "ra.pem")

    result = _run("revoke", "--directory", folder, "--certificate", tmp_path / "ra.pem")

    assert result.exit_code == 0
    assert len(list((folder / "revoked" / "issuing-ca").iterdir())) == 1


def test_serving_what_is_not_set_up_is_refused_in_one_line(tmp_path: Path) -> None:
    result = _run("serve", "--directory", tmp_path, "--door", "est")

    assert result.output.startswith("Error: set_up: ")
