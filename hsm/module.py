"""One PKCS#11 module, initialised once in this process, and its errors made ours.

There is one holder of the module per process, and one lock around everything that
holder does (``hsm.login``). SoftHSM corrupted its heap when python-pkcs11 had told it
that no two threads would come; ``hsm.initialising`` now tells it the truth, and the
lock stays, because a session is in one operation at a time anyway.

A module that was initialised before ``fork`` is refused in the child: its locks and
sessions belong to the parent (PKCS#11 v2.40 §5.4, C_Initialize).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from pkcs11 import exceptions as ck

from hsm.config import HsmConfig
from hsm.errors import DeviceRefusedError, HsmError, HsmUnavailableError
from hsm.initialising import Module

_loaded: Final[dict[str, Module]] = {}
_guard = Lock()
_held: dict[str, int] = {}
"""Real path of each initialised module → process that initialised it."""


class SearchFailedError(ck.PKCS11Error):
    """A search that fails leaves python-pkcs11's lock on the session taken."""


class NotProvenGoneError(ck.PKCS11Error):
    """A session object may still be there. It goes with its session."""


SESSION_LOST: Final = (
    NotProvenGoneError,
    SearchFailedError,
    ck.DeviceError,
    ck.DeviceMemory,
    ck.DeviceRemoved,
    ck.FunctionFailed,
    ck.GeneralError,
    ck.HostMemory,
    ck.OperationActive,
    ck.OperationNotInitialized,
    ck.SessionClosed,
    ck.SessionCount,
    ck.SessionHandleInvalid,
    ck.TokenNotPresent,
    ck.TokenNotRecognised,
    ck.UserNotLoggedIn,
)
"""After these a session is not used again. Some end it, after others it may be left in
the middle of an operation (PKCS#11 v2.40 §5.1.6 does not say)."""

PIN_REFUSED: Final = (
    ck.PinExpired,
    ck.PinIncorrect,
    ck.PinInvalid,
    ck.PinLenRange,
    ck.PinLocked,
    ck.UserPinNotInitialized,
)
"""After these nobody logs in again before a person has looked: tokens count."""

_UNAVAILABLE: Final = (
    *SESSION_LOST,
    *PIN_REFUSED,
    ck.AnotherUserAlreadyLoggedIn,
    ck.MultipleTokensReturned,
    ck.NoSuchToken,
    ck.UserAlreadyLoggedIn,
)


def our_error(error: ck.PKCS11Error) -> HsmError:
    """Return what ``error`` means here. Unknown return values count as refusals."""
    text = f"{type(error).__name__} {error}".strip()
    if isinstance(error, _UNAVAILABLE):
        return HsmUnavailableError(text)
    return DeviceRefusedError(text)


@contextmanager
def held_module(config: HsmConfig) -> Iterator[Module]:
    """Hold the initialised module; finalise it at the end."""
    module = hold(config)
    try:
        yield module
    finally:
        release(module)


def hold(config: HsmConfig) -> Module:
    """Initialise the module for one holder. Pair with ``release``.

    Raises ``HsmUnavailableError`` if it cannot be loaded or already has a holder.
    """
    real = os.path.realpath(config.module)
    with _guard:
        if real in _held:
            whose = "this" if _held[real] == os.getpid() else "the parent"
            raise HsmUnavailableError(f"{config.module} is in use in {whose} process")
        with _pointed_at(config.softhsm_conf):
            try:
                module = _initialised(real, config.initialise_with)
            except ck.PKCS11Error as error:
                raise HsmUnavailableError(
                    f"{config.module}: {our_error(error)}"
                ) from error
        _held[real] = os.getpid()
    return module


def _initialised(real: str, reserved: str | None) -> Module:
    """A library is loaded once and stays: some do not survive being unloaded."""
    if real not in _loaded:
        _loaded[real] = Module(real, reserved)
        return _loaded[real]
    _loaded[real].reserved = reserved
    _loaded[real].initialize()
    return _loaded[real]


def release(module: Module) -> None:
    """Finalise the module: every session closes, every session object is gone."""
    with _guard:
        _held.pop(module.so, None)
        try:
            module.finalize()
        except ck.PKCS11Error as error:
            raise our_error(error) from error


@contextmanager
def _pointed_at(softhsm_conf: Path | None) -> Iterator[None]:
    """SoftHSM has no parameter for its configuration but this variable, which it
    reads in C_Initialize only. It is put back so that no child process inherits it."""
    if softhsm_conf is None:
        yield
        return
    environment = os.environ  # noqa: TID251 - the module's only parameter, see above
    before = environment.get("SOFTHSM2_CONF")
    environment["SOFTHSM2_CONF"] = str(softhsm_conf)
    try:
        yield
    finally:
        if before is None:
            del environment["SOFTHSM2_CONF"]
        else:
            environment["SOFTHSM2_CONF"] = before
