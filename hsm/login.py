"""One logged-in PKCS#11 session, lent to one thread at a time.

Between processes: initialising SoftHSM and logging in rewrite ``token.object``, and
processes that do so at once get CKR_GENERAL_ERROR, or never find the token. So both
happen under an exclusive ``flock`` on the PIN file, which everybody who logs in has
to read anyway; for tools that do not know of it, a few patient repetitions remain.
A wrong PIN is never tried twice: tokens count.

Between threads: one lock, because a PKCS#11 session is in one operation at a time.

A session that is lost is ended at once, and with it every session object: whoever was
lent it gets the error, and what was under way is never done again for them. The next
call opens a new session, once. If that fails, or that session is lost before any call
was served, the device fails closed: later calls are refused until it is opened anew.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final, Self

from pkcs11 import Session
from pkcs11 import exceptions as ck

from hsm.config import HsmConfig
from hsm.errors import HsmError, HsmUnavailableError
from hsm.module import PIN_REFUSED, SESSION_LOST, hold, our_error, release
from hsm.modules import ModuleFacts, facts_of
from hsm.pin import Pin, read_pin
from hsm.templates import attribute_mapper
from hsm.turns import turn_between_processes

_PAUSES: Final = (0.05, 0.1, 0.2)
"""Seconds between attempts to log in; one more attempt than pauses."""
_PASSING: Final = (ck.GeneralError, ck.NoSuchToken)
"""What SoftHSM says while another process rewrites the token."""
_CLOSED: Final = "closed"

Greeting = Callable[[Session, ModuleFacts], None]


class Login:
    """A user session on the configured token. Read-only towards token objects
    unless ``writable``, so that a running service cannot destroy its own keys; what is
    meant to be written goes through ``writing``.

    ``greet`` is called with each new session before anything else is done in it.
    """

    def __init__(self, config: HsmConfig, *, writable: bool, greet: Greeting) -> None:
        self._config = config
        self._writable = writable
        self._greet = greet
        self._process = os.getpid()
        self._one_at_a_time = Lock()
        self._refused_because: str | None = None
        self._lost_because: str | None = None
        self._served = True
        self._connect()

    @classmethod
    def open(
        cls,
        config: HsmConfig,
        *,
        writable: bool = False,
        greet: Greeting = lambda session, facts: None,
    ) -> Self:
        """Raises ``HsmUnavailableError``, or what ``greet`` raises; a login that failed
        leaves nothing held."""
        return cls(config, writable=writable, greet=greet)

    @property
    def facts(self) -> ModuleFacts:
        """How this module differs from others."""
        return facts_of(self._module.manufacturer_id)

    @contextmanager
    def exclusively(self) -> Iterator[Session]:
        """Lend the session. PKCS#11 errors inside come out as ``HsmError``.

        Raises ``HsmUnavailableError`` after ``fork``, after ``close``, when a lost
        session does not come back, and when the turn does not come in time.
        """
        if os.getpid() != self._process:
            raise HsmUnavailableError("opened before fork: open it in the child")
        if not self._one_at_a_time.acquire(timeout=self._config.busy_timeout):
            raise HsmUnavailableError(f"busy for {self._config.busy_timeout} s")
        try:
            self._be_open()
            yield self._session
            self._served = True
        except ck.PKCS11Error as error:
            self._look_at(error)
            raise our_error(error) from error
        finally:
            self._one_at_a_time.release()

    @contextmanager
    def writing(self, session: Session) -> Iterator[Session]:
        """Lend a second session that may write token objects, for this block only.

        ``session`` is the one that ``exclusively`` lends: its login serves both. The
        block has the turn between processes, because it rewrites files of the token.
        """
        with turn_between_processes(self._config.pin_file, self._config.busy_timeout):
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
            if self._lost_because is None:
                release(self._module)

    def _be_open(self) -> None:
        if self._refused_because is not None:
            raise HsmUnavailableError(self._refused_because)
        if self._lost_because is None:
            return
        if not self._served:  # not one call since the session before was lost
            self.refuse_from_now_on(self._lost_because)
            raise HsmUnavailableError(self._lost_because)
        self._served = False
        try:
            self._connect()
        except HsmError as error:
            self.refuse_from_now_on(f"{self._lost_because}; not back: {error}")
            raise

    def _connect(self) -> None:
        pin = read_pin(self._config.pin_file)
        with turn_between_processes(self._config.pin_file, self._config.busy_timeout):
            for pause in _PAUSES:
                try:
                    self._attempt(pin)
                except HsmUnavailableError as error:
                    if not isinstance(error.__cause__, _PASSING):
                        raise
                else:
                    break
                time.sleep(pause)
            else:
                self._attempt(pin)
        self._lost_because = None
        self._be_greeted()

    def _attempt(self, pin: Pin) -> None:
        module, label = hold(self._config), self._config.token_label
        try:
            self._session = module.get_token(token_label=label).open(
                rw=self._writable,
                user_pin=pin.reveal(),
                attribute_mapper=attribute_mapper(),
            )
        except ck.PKCS11Error as error:
            release(module)
            raise HsmUnavailableError(f"token {label!r}: {our_error(error)}") from error
        self._module = module

    def _be_greeted(self) -> None:
        try:
            self._greet(self._session, self.facts)
        except (HsmError, ck.PKCS11Error) as error:
            self._lose(str(error))
            if isinstance(error, ck.PKCS11Error):
                raise our_error(error) from error
            raise

    def _look_at(self, error: ck.PKCS11Error) -> None:
        reason = f"session lost: {type(error).__name__}"
        if isinstance(error, (*SESSION_LOST, *PIN_REFUSED)):
            self._lose(reason)
        if isinstance(error, PIN_REFUSED):
            self.refuse_from_now_on(reason)

    def _lose(self, reason: str) -> None:
        """End the session now: whatever was in it is not to outlive the error."""
        self._lost_because = reason
        try:
            release(self._module)
        except HsmError as error:
            self.refuse_from_now_on(f"{reason}; not finalised: {error}")
