import stat
from pathlib import Path

import pytest

from app.web_secret import (
    Purpose,
    SecretFileError,
    WebSecret,
    create_secret,
    load_secret,
)

SECRET = WebSecret(b"k" * 32)


def test_a_code_is_repeatable_and_has_128_bits() -> None:
    code = SECRET.derive(Purpose.RESPONSE_CODE, "tx")

    assert code == SECRET.derive(Purpose.RESPONSE_CODE, "tx")
    assert len(code) == 22


def test_no_code_says_anything_about_another() -> None:
    codes = {
        secret.derive(purpose, tx)
        for secret in (SECRET, WebSecret(b"l" * 32))
        for purpose in Purpose
        for tx in ("tx-1", "tx-2")
    }

    assert len(codes) == 2 * len(Purpose) * 2


def test_a_code_is_recognised_for_its_purpose_only() -> None:
    code = SECRET.derive(Purpose.RESPONSE_CODE, "tx")

    assert SECRET.derive(Purpose.RESPONSE_CODE, "tx") == code
    assert SECRET.derive(Purpose.WALLET_ERROR, "tx") != code
    assert SECRET.derive(Purpose.RESPONSE_CODE, "tx2") != code


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "web" / "secret"

    assert create_secret(file)
    first = file.read_bytes()
    assert not create_secret(file)

    assert file.read_bytes() == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first) == 32


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretFileError, match="set-up"):
        load_secret(tmp_path / "secret")


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")

    with pytest.raises(SecretFileError):
        load_secret(tmp_path / "secret")


def test_the_secret_is_not_in_its_repr() -> None:
    assert "kkk" not in repr(SECRET)
