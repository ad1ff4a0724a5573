"""Where the trust services keep things, written so that a crash leaves no half file.

    settings.json               the two URLs, fixed by the first set-up
    root.key  root.pem          and so for issuing-ca, access-ca, tsa, est-server
    issued/                     the ledger of issued certificates (``ledger``)
    registered/<sha256>.pem     registration authorities the EST door obeys
    revoked/<ca>/<serial>.json  revocations, read for every CRL (``crl``)

The folder is 0700 and a key file 0600; a key file others can read is refused. A new
file appears whole and durable or not at all, and never replaces one by accident.
"""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from app.trust_services.errors import SetupError

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
FOLDER: Final = 0o700
_READABLE_BY_OTHERS: Final = 0o077


def make_folder(path: Path) -> None:
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)


def write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Create ``path`` durably; ``FileExistsError`` if it is there, untouched."""
    temporary = _write_temporary(path, content, mode)
    try:
        os.link(temporary, path)
    finally:
        temporary.unlink()
    _sync_folder(path.parent)


def replace(path: Path, content: bytes, *, mode: int) -> None:
    """Put ``content`` in the place of whatever ``path`` held, at once and durably."""
    _write_temporary(path, content, mode).replace(path)
    _sync_folder(path.parent)


def _write_temporary(path: Path, content: bytes, mode: int) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:  # the disk is full: leave nothing behind
        temporary.unlink()
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``: one thread of one process at a time.

    Each call opens the file anew, so ``flock`` also keeps threads apart; the kernel
    lets go when the holder dies.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The addresses that certificates carry; one set-up has one pair for ever."""

    est_url: str
    public_url: str

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return what the first set-up fixed, or None if there was none."""
        try:
            members = json.loads((folder / "settings.json").read_bytes())
            return cls(est_url=members["est_url"], public_url=members["public_url"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SetupError(f"settings.json is unusable: {error}") from error

    def encode(self) -> bytes:
        members = {"est_url": self.est_url, "public_url": self.public_url}
        return json.dumps(members, indent=2).encode() + b"\n"


def private_key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Raise ``SetupError`` if it is missing, broken, not P-256 or not kept secret."""
    try:
        if path.stat().st_mode & _READABLE_BY_OTHERS:
            raise SetupError(f"{path} can be read by others: chmod 600 it")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(f"no usable key in {path}: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(
        key.curve, ec.SECP256R1
    ):
        raise SetupError(f"{path} does not hold a P-256 key")
    return key


def certificates_pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def read_certificate(path: Path) -> x509.Certificate:
    """Return the first certificate of a PEM file, or raise ``SetupError``."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SetupError(f"no usable certificate in {path}: {error}") from error
