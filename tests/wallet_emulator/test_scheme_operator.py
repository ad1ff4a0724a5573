"""The test list of PID providers: published, served, and read by who verifies it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509

from sam.trust import lote
from sam.trust.entries import SignedTrustList, TrustListSignatureError
from wallet_emulator.cli import cli
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.scheme_cli import create_app
from wallet_emulator.scheme_operator import (
    LIST_FILE,
    MEDIA_TYPE,
    REGISTRATION,
    SchemeOperator,
)

ISSUANCE = "http://uri.etsi.org/19602/SvcType/PID/Issuance"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    run("pid-provider", "setup", home=tmp_path)
    run("scheme-operator", "setup", home=tmp_path)
    return tmp_path


def run(*arguments: str, home: Path) -> str:
    done = CliRunner().invoke(
        cli, [*arguments, "--directory", str(home)], catch_exceptions=False
    )
    assert done.exit_code == 0
    return done.output


def read(home: Path, *pinned: x509.Certificate) -> SignedTrustList:
    signers = pinned or (SchemeOperator.open(home).certificate,)
    content = (home / LIST_FILE).read_bytes()
    return lote.parse(content, signers=signers, now=datetime.now(UTC))


def test_a_verifier_finds_the_test_provider_in_the_list(home: Path) -> None:
    run("scheme-operator", "publish", home=home)

    held = read(home)

    (entry,) = (one for one in held.entries if one.service_type == ISSUANCE)
    assert entry.certificate == PidProvider.open(home).ca
    assert entry.provider_id == f"entity:{REGISTRATION}"
    assert (held.sequence, held.territory, held.unusable) == (1, "EU", ())
    assert held.next_update is not None
    assert held.next_update - held.issued_at == timedelta(days=30)


def test_each_list_has_a_number_above_the_last(home: Path) -> None:
    said = [run("scheme-operator", "publish", home=home) for _ in range(3)]

    assert [text.split()[1] for text in said] == ["1", "2", "3"]
    assert read(home).sequence == 3


def test_a_withdrawn_provider_is_not_in_the_next_list(home: Path) -> None:
    run("scheme-operator", "publish", home=home)
    run("scheme-operator", "publish", "--withdrawn", home=home)

    assert read(home).entries == ()


def test_setting_up_again_changes_nothing(home: Path) -> None:
    before = SchemeOperator.open(home).certificate

    run("scheme-operator", "setup", home=home)

    assert SchemeOperator.open(home).certificate == before


def test_another_operator_s_certificate_does_not_verify_the_list(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run("scheme-operator", "publish", home=home)
    stranger = SchemeOperator.setup(tmp_path_factory.mktemp("s"), datetime.now(UTC))

    with pytest.raises(TrustListSignatureError):
        read(home, stranger.certificate)


def test_the_list_published_last_is_served(home: Path) -> None:
    run("scheme-operator", "publish", home=home)
    client = create_app(home / LIST_FILE).test_client()
    first = client.get(f"/{LIST_FILE}")
    run("scheme-operator", "publish", home=home)

    second = client.get(f"/{LIST_FILE}")

    assert second.content_type == MEDIA_TYPE
    assert second.data == (home / LIST_FILE).read_bytes() != first.data


def test_nothing_is_served_before_there_is_a_list(home: Path) -> None:
    done = CliRunner().invoke(
        cli, ["scheme-operator", "serve", "--directory", str(home)]
    )

    assert "publish" in str(done.exception)


def test_a_list_is_served_on_loopback_only(home: Path) -> None:
    done = CliRunner().invoke(
        cli,
        ["scheme-operator", "serve", "--bind", "0.0.0.0:1", "--directory", str(home)],
    )

    assert done.exit_code == 2
