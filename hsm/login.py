"""One logged-in PKCS#11 session, lent to one thread at a time.

Between processes: initialising SoftHSM and logging in rewrite ``token.object``, and
processes that do so at once get CKR_GENERAL_ERROR, or never find the token. So both
happen under an exclusive ``flock`` on the PIN file, which everybody who logs in has
to read anyway; for tools that do not know of it, a few patient repetitions remain.
A wrong PIN is never tried twice: tokens count.

Between threads: one lock, because python-pkcs11 initialises modules without locking
(``hsm.module``), and because a PKCS#11 session is in one operation at a time.

When the session is lost the device fails closed: every later call is refused until
it is opened again.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, Self

from pkcs11 import Session
from pkcs11 import exceptions as ck

from hsm.config import HsmConfig
from hsm.errors import HsmUnavailableError
from hsm.module import SESSION_LOST, hold, our_error, release
from hsm.pin import Pin, read_pin
from hsm.templates import attribute_mapper

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Module  # noqa: N812 - the library's class

_PAUSES: Final = (0.05, 0.1, 0.2)
"""Seconds between attempts to log in; one more attempt than pauses."""
_PASSING: Final = (ck.GeneralError, ck.NoSuchToken)
"""What SoftHSM says while another process rewrites the token."""


class Login:
    """A user session on the configured token. Read-only towards token objects
    unless ``writable``, so that a running service cannot destroy its own keys; what is
    meant to be written goes through ``writing``."""

    def __init__(self, module: "Module", session: Session, config: HsmConfig) -> None:
        self._module = module
        self._session = session
        self._pin_file = config.pin_file
        self._busy_timeout = config.busy_timeout
        self._process = os.getpid()
        self._one_at_a_time = Lock()
        self._refused_because: str | None = None

    @classmethod
    def open(cls, config: HsmConfig, *, writable: bool = False) -> Self:
        """Raises ``HsmUnavailableError``; a login that failed leaves nothing held."""
        pin = read_pin(config.pin_file)
        with turn_between_processes(config.pin_file, config.busy_timeout):
            for pause in _PAUSES:
                try:
                    return cls._attempt(config, pin, writable)
                except HsmUnavailableError as error:
                    if not isinstance(error.__cause__, _PASSING):
                        raise
                time.sleep(pause)
            return cls._attempt(config, pin, writable)

    @classmethod
    def _attempt(cls, config: HsmConfig, pin: Pin, writable: bool) -> Self:
        module = hold(config.module, config.softhsm_conf)
        try:
            token = module.get_token(token_label=config.token_label)
            session = token.open(
                rw=writable, user_pin=pin.reveal(), attribute_mapper=attribute_mapper()
            )
        except ck.PKCS11Error as error:
            release(module)
            raise HsmUnavailableError(
                f"token {config.token_label!r}: {our_error(error)}"
            ) from error
        return cls(module, session, config)

    @contextmanager
    def exclusively(self) -> Iterator[Session]:
        """Lend the session. PKCS#11 errors inside come out as ``HsmError``.

        Raises ``HsmUnavailableError`` after ``fork``, after ``close``, after the
        session was lost, and when the turn does not come in time.
        """
        if os.getpid() != self._process:
            raise HsmUnavailableError("opened before fork: open it in the child")
        if not self._one_at_a_time.acquire(timeout=self._busy_timeout):
            raise HsmUnavailableError(f"busy for {self._busy_timeout} s")
        try:
            if self._refused_because is not None:
                raise HsmUnavailableError(self._refused_because)
            yield self._session
        except ck.PKCS11Error as error:
            if isinstance(error, SESSION_LOST):
                self.refuse_from_now_on(f"session lost: {type(error).__name__}")
            raise our_error(error) from error
        finally:
            self._one_at_a_time.release()

    @contextmanager
    def writing(self, session: Session) -> Iterator[Session]:
        """Lend a second session that may write token objects, for this block only.

        ``session`` is the one that ``exclusively`` lends: its login serves both. The
        block has the turn between processes, because it rewrites files of the token.
        """
        with turn_between_processes(self._pin_file, self._busy_timeout):
            second = session.token.open(rw=True, attribute_mapper=attribute_mapper())
            try:
                yield second
            finally:
                second.close()

    def library_version(self) -> str:
        """What the module says of itself in C_GetInfo."""
        major, minor = self._module.library_version
        return f"{self._module.library_description} {major}.{minor}"

    def refuse_from_now_on(self, reason: str) -> None:
        """Serve nobody until opened again; ``close`` still works."""
        self._refused_because = reason

    def close(self) -> None:
        """Log out and finalise the module, which destroys all session objects."""
        with self._one_at_a_time:
            if self._refused_because == _CLOSED or os.getpid() != self._process:
                return
            self._refused_because = _CLOSED
            release(self._module)


_CLOSED: Final = "closed"


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
