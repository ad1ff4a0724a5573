"""One process after the other: a lock that dies with whoever holds it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hsm.errors import HsmUnavailableError


@contextmanager
def turn_between_processes(path: Path, timeout: float) -> Iterator[None]:
    """Hold an exclusive ``flock`` on ``path``, a file or folder that exists.

    Raises ``HsmUnavailableError`` after ``timeout`` seconds. The kernel gives the
    lock back when a process dies.
    """
    deadline = time.monotonic() + timeout
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise HsmUnavailableError(f"{path}: {error.strerror}") from None
    try:
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise HsmUnavailableError(f"another process holds {path}")
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
