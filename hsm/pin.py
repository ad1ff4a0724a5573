"""The user PIN: a file on disk, a ``Pin`` in memory, nothing anywhere else.

The PIN is not taken from the environment or the command line, where other processes
can read it, and there is no default.
"""

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hsm.errors import HsmUnavailableError

_SHORTEST: Final = 4  # SoftHSM's own limits
_LONGEST: Final = 255


@dataclass(frozen=True, slots=True)
class Pin:
    """A value that must not reach a log, a repr or a traceback."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value


def new_pin() -> Pin:
    """192 random bits: nobody types it, so it need not be short."""
    return Pin(secrets.token_urlsafe(24))


def read_pin(path: Path) -> Pin:
    """Return the PIN in ``path``; the last newline is not part of it.

    Raises ``HsmUnavailableError`` if the file is missing, not a regular file, owned
    by another user than this process's or root, open to group or others, or holds
    no possible PIN.
    """
    try:
        # O_NONBLOCK: a FIFO in this place must be refused, not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise HsmUnavailableError(f"PIN file {path}: {error.strerror}") from None
    try:
        _refuse_unless_private(path, os.fstat(descriptor))
        line = Pin(os.read(descriptor, _LONGEST + 2).decode("utf-8", "replace"))
        return _parse(path, line)
    finally:
        os.close(descriptor)


def write_pin(path: Path, pin: Pin) -> None:
    """Write ``pin`` to ``path`` with mode 0600, whole or not at all.

    One process at a time: see ``hsm.token``.
    """
    staged = path.with_name(f"{path.name}.new")
    staged.unlink(missing_ok=True)
    descriptor = os.open(staged, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(pin.reveal() + "\n")
        file.flush()
        os.fsync(descriptor)
    staged.rename(path)


def _refuse_unless_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise HsmUnavailableError(f"PIN file {path} is not a regular file")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise HsmUnavailableError(f"PIN file {path} has mode {mode:04o}, wants 0600")
    if status.st_uid not in {os.geteuid(), 0}:
        raise HsmUnavailableError(f"PIN file {path} belongs to uid {status.st_uid}")


def _parse(path: Path, line: Pin) -> Pin:
    pin = Pin(line.reveal().removesuffix("\n"))
    if not _SHORTEST <= len(pin.reveal()) <= _LONGEST or not pin.reveal().isprintable():
        raise HsmUnavailableError(f"PIN file {path} holds no PIN")
    return pin
