"""``sam explain-chain``: chains taken from files, and what the command says."""

import base64
import contextlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from sam.cli import main
from sam.trust import chain_file
from tests.openid4vp import wallet
from tests.openid4vp.wallet import PID_CA, PID_LEAF
from tests.sam.world import World

Chain = list[x509.Certificate]


def pem(*chain: x509.Certificate) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in chain)


def jws(*x5c_entries: object) -> bytes:
    head = wallet.b64_json({"alg": "ES256", "x5c": list(x5c_entries)})
    return f"{head}.e30.AAAA".encode()


def b64(chain: Chain) -> list[str]:
    return [base64.b64encode(c.public_bytes(Encoding.DER)).decode() for c in chain]


READ = {
    "pem": pem(PID_LEAF, PID_CA),
    "jws": jws(*b64([PID_LEAF, PID_CA])),
    "sd-jwt": jws(*b64([PID_LEAF, PID_CA])) + b"~WyJhIl0~WyJiIl0~kb.kb.kb\n",
}


@pytest.mark.parametrize("content", READ.values(), ids=READ)
def test_a_chain_is_taken_from_what_is_at_hand(content: bytes) -> None:
    assert list(chain_file.read(content)) == [PID_LEAF, PID_CA]


def test_one_der_certificate_is_a_chain() -> None:
    assert list(chain_file.read(PID_LEAF.public_bytes(Encoding.DER))) == [PID_LEAF]


NOT_READ = {
    "empty": (b"", "neither PEM"),
    "mdoc": (b"\xa1gversion", "must be given as the PEM of its x5chain"),
    "broken-pem": (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "a PEM block"),
    "der-of-something-else": (b"\x30\x03\x02\x01\x01", "no DER certificate"),
    "no-x5c": (f"{wallet.b64_json({'alg': 'ES256'})}.e30.AAAA".encode(), "no x5c"),
    "empty-x5c": (jws(), "no x5c"),
    "header-no-json": (b"AAAA.e30.AAAA", "header"),
    "entry-no-text": (jws(7), "entry 1 is no text"),
    "entry-pem": (jws(pem(PID_LEAF).decode()), "entry 1 is PEM"),
    "entry-with-line-break": (jws(b64([PID_LEAF])[0] + "\n"), "entry 1 is not base64"),
    "entry-base64url": (jws("-_-_"), "entry 1 is not base64.*not in base64url"),
    "entry-of-a-wrong-length": (jws("AAAAA"), "entry 1 is base64 of a wrong length"),
    "second-entry-no-certificate": (jws(b64([PID_LEAF])[0], "AAAA"), "x5c entry 2"),
}


@pytest.mark.parametrize(("content", "says"), NOT_READ.values(), ids=NOT_READ)
def test_what_holds_no_chain_says_why(content: bytes, says: str) -> None:
    with pytest.raises(chain_file.ChainFileError, match=says):
        chain_file.read(content)


def test_a_file_above_the_limit_is_not_read() -> None:
    with pytest.raises(chain_file.ChainFileError, match="above"):
        chain_file.read(b"\x30" * (chain_file.MAX_FILE_BYTES + 1))


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_file_gives_a_chain_or_a_reason(content: bytes) -> None:
    with contextlib.suppress(chain_file.ChainFileError):
        assert chain_file.read(content)


# --- the command ---


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("QES_SAM_DIRECTORY", str(world.sam.config.sam_directory))
    return CliRunner()


def test_the_command_accepts_the_trusted_provider_s_chain(
    world: World, run: CliRunner, tmp_path: Path
) -> None:
    file = tmp_path / "chain.pem"
    file.write_bytes(pem(world.provider.signer))

    result = run.invoke(main, ["explain-chain", str(file)])

    assert result.output == "accepted: leads to demo-pid-provider\n"
    assert result.exit_code == 0


def test_the_command_explains_for_a_category(
    world: World, run: CliRunner, tmp_path: Path
) -> None:
    file = tmp_path / "chain.pem"
    file.write_bytes(pem(world.provider.signer))

    result = run.invoke(
        main, ["explain-chain", str(file), "--category", "wallet_providers"]
    )

    assert result.exit_code == 1
    assert result.output.startswith("refused: ")
    assert "other-category: it leads to demo-pid-provider" in result.output


def test_the_command_says_what_is_wrong_with_a_file(
    run: CliRunner, tmp_path: Path
) -> None:
    file = tmp_path / "chain.pem"
    file.write_bytes(b"nonsense")

    result = run.invoke(main, ["explain-chain", str(file)])

    assert result.exit_code == 1
    assert "neither PEM" in result.output
