"""Where a signer process stands: a node's state directory, and a number in it.

A place is held by a lock that dies with its process, so whoever takes it knows that its
predecessor there is dead. With SQLite there is one place, number 0.
"""

import contextlib
import fcntl
import os
import secrets
from pathlib import Path

from sam.config import SamConfig


def take(config: SamConfig) -> int | None:
    """The first free number, held until the process ends; None if none is free."""
    for number in range(config.sam_processes):
        if _locked(lock_file(config.sam_directory, number)):
            return number
    return None


def lock_file(directory: Path, number: int) -> Path:
    return directory / (f"sam-{number}.lock" if number else "sam.lock")


def node(directory: Path) -> str:
    """A name that no other state directory has; made by whoever asks first.

    A copy of the directory has the same one. Then the later start takes the places of
    the earlier, which signs no more: better than two who believe in one name.
    """
    file = directory / "node"
    made = directory / f"node.{os.getpid()}"
    if not file.exists():
        with made.open("w") as content:
            content.write(secrets.token_hex(8))
            content.flush()
            os.fsync(content.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, file)  # unlike a rename, never over another's
        made.unlink()
    return file.read_text().strip()


def _locked(lock: Path) -> bool:
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return False
    return True
