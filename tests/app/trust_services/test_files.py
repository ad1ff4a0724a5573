"""Files that appear whole or not at all."""

import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from app.trust_services import files
from app.trust_services.errors import SetupError


def test_a_new_file_never_replaces_one(tmp_path: Path) -> None:
    files.write_new(tmp_path / "a", b"first", mode=0o600)

    with pytest.raises(FileExistsError):
        files.write_new(tmp_path / "a", b"second", mode=0o600)

    assert (tmp_path / "a").read_bytes() == b"first"


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    files.write_new(tmp_path / "a", b"first", mode=0o600)
    files.replace(tmp_path / "a", b"second", mode=0o600)

    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space"):
        files.write_new(tmp_path / "a", b"first", mode=0o600)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_key_file_that_holds_no_key_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    files.write_new(tmp_path / "a.key", content, mode=0o600)

    with pytest.raises(SetupError, match="no usable key"):
        files.read_private_key(tmp_path / "a.key")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(ec.generate_private_key(ec.SECP384R1()), id="p384"),
        pytest.param(ed25519.Ed25519PrivateKey.generate(), id="ed25519"),
    ],
)
def test_a_key_that_is_not_p256_is_refused(tmp_path: Path, key: Any) -> None:
    files.write_new(tmp_path / "a.key", files.private_key_pem(key), mode=0o600)

    with pytest.raises(SetupError, match="P-256"):
        files.read_private_key(tmp_path / "a.key")


@pytest.mark.parametrize("content", [b"{}", b"[]", b"\xff", b'{"est_url": "x"}'])
def test_settings_that_are_damaged_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings.json").write_bytes(content)

    with pytest.raises(SetupError, match=r"settings\.json"):
        files.Settings.read(tmp_path)
