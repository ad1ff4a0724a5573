"""One PKCS#11 module, initialised once in this process, and its errors made ours.

python-pkcs11 calls ``C_Initialize(NULL)``, which promises the module that no two
threads will be in it at once, and then releases the GIL around every call. SoftHSM
believes the promise, switches its own mutexes off, and corrupts its heap when two
threads come. So the promise is kept here: one holder of the module per process, and
one lock around everything that holder does (``hsm.login``). The other remedy, to
patch ``C_Initialize`` in the module's function list so that it asks for OS locking,
would write into memory of a vendor's library that may be read-only.

A module that was initialised before ``fork`` is refused in the child: its locks and
sessions belong to the parent (PKCS#11 v2.40 §5.4, C_Initialize).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import pkcs11
from pkcs11 import exceptions as ck

from hsm.errors import DeviceRefusedError, HsmError, HsmUnavailableError

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Module  # noqa: N812 - the library's class

_guard = Lock()
_held: dict[str, int] = {}
"""Real path of each initialised module → process that initialised it."""


class SearchFailedError(ck.PKCS11Error):
    """A search that fails leaves python-pkcs11's lock on the session taken."""


SESSION_LOST: Final = (
    SearchFailedError,
    ck.DeviceError,
    ck.DeviceRemoved,
    ck.SessionClosed,
    ck.SessionHandleInvalid,
    ck.TokenNotPresent,
    ck.TokenNotRecognised,
    ck.UserNotLoggedIn,
)
"""After these the session is of no use, and the one-time keys in it are gone."""

_UNAVAILABLE: Final = (
    *SESSION_LOST,
    ck.AnotherUserAlreadyLoggedIn,
    ck.DeviceMemory,
    ck.FunctionFailed,
    ck.GeneralError,
    ck.HostMemory,
    ck.MultipleTokensReturned,
    ck.NoSuchToken,
    ck.OperationActive,
    ck.PinExpired,
    ck.PinIncorrect,
    ck.PinInvalid,
    ck.PinLenRange,
    ck.PinLocked,
    ck.SessionCount,
    ck.UserAlreadyLoggedIn,
    ck.UserPinNotInitialized,
)


def our_error(error: ck.PKCS11Error) -> HsmError:
    """Return what ``error`` means here. Unknown return values count as refusals."""
    text = f"{type(error).__name__} {error}".strip()
    if isinstance(error, _UNAVAILABLE):
        return HsmUnavailableError(text)
    return DeviceRefusedError(text)


@contextmanager
def held_module(config_module: Path, softhsm_conf: Path | None) -> Iterator["Module"]:
    """Hold the initialised module; finalise it at the end."""
    module = hold(config_module, softhsm_conf)
    try:
        yield module
    finally:
        release(module)


def hold(path: Path, softhsm_conf: Path | None) -> "Module":
    """Initialise the module for one holder. Pair with ``release``.

    Raises ``HsmUnavailableError`` if it cannot be loaded or already has a holder.
    """
    real = os.path.realpath(path)
    with _guard:
        if real in _held:
            whose = "this" if _held[real] == os.getpid() else "the parent"
            raise HsmUnavailableError(f"{path} is in use in {whose} process")
        with _pointed_at(softhsm_conf):
            try:
                module = pkcs11.lib(real)
            except ck.PKCS11Error as error:
                raise HsmUnavailableError(f"{path}: {our_error(error)}") from error
        _held[real] = os.getpid()
    return module


def release(module: "Module") -> None:
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
