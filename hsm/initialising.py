"""C_Initialize with arguments, which python-pkcs11 has no parameter for.

python-pkcs11 calls ``C_Initialize(NULL)``: "one thread only, no arguments". SoftHSM
then switches its locks off, and NSS refuses to start at all. ``Module`` makes the call
itself, through the function list that C_GetFunctionList hands out (PKCS#11 v2.40 §5.4),
and lets python-pkcs11 do the rest. No memory of the vendor's library is written to.
"""

import ctypes
from typing import Final

from pkcs11 import _pkcs11
from pkcs11 import exceptions as ck

_CKF_OS_LOCKING_OK: Final = 2
_CKR_OK: Final = 0
_CKR_GENERAL_ERROR: Final = 5
_Call = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)


class _Arguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS."""

    _fields_ = (
        ("create_mutex", ctypes.c_void_p),
        ("destroy_mutex", ctypes.c_void_p),
        ("lock_mutex", ctypes.c_void_p),
        ("unlock_mutex", ctypes.c_void_p),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_char_p),
    )


class _FunctionList(ctypes.Structure):
    """The first members of CK_FUNCTION_LIST."""

    _fields_ = (
        ("version", ctypes.c_ubyte * 2),
        ("initialize", _Call),
        ("finalize", _Call),
    )


class Module(_pkcs11.lib):
    """A loaded module, initialised for several threads, with the vendor's arguments.

    ``reserved`` is the text that some modules want in CK_C_INITIALIZE_ARGS.pReserved.
    """

    def __new__(cls, so: str, reserved: str | None) -> "Module":
        return super().__new__(cls, so)  # type: ignore[call-arg]  # stub: no __cinit__

    def __init__(self, so: str, reserved: str | None) -> None:
        self.reserved = reserved
        self._initialised = False
        super().__init__(so)

    def initialize(self) -> None:
        reserved = None if self.reserved is None else self.reserved.encode()
        arguments = _Arguments(flags=_CKF_OS_LOCKING_OK, reserved=reserved)
        _require_ok(
            "C_Initialize", self._functions().initialize(ctypes.addressof(arguments))
        )
        self._initialised = True

    def finalize(self) -> None:
        if not self._initialised:
            return
        self._initialised = False
        _require_ok("C_Finalize", self._functions().finalize(None))

    def _functions(self) -> _FunctionList:
        pointer = ctypes.POINTER(_FunctionList)()
        _require_ok(
            "C_GetFunctionList",
            ctypes.CDLL(self.so).C_GetFunctionList(ctypes.byref(pointer)),
        )
        return pointer.contents


def _require_ok(call: str, answer: int) -> None:
    if answer == _CKR_OK:
        return
    text = f"{call} returned 0x{answer & 0xFFFFFFFF:x}"
    if answer == _CKR_GENERAL_ERROR:  # what a passing disturbance is answered with
        raise ck.GeneralError(text)
    raise ck.DeviceError(text)
