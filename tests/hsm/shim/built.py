"""The shim, compiled and loaded: SoftHSM with something that goes wrong in between."""

import ctypes
import os
import shutil
import subprocess
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
COMPILER = shutil.which("gcc") or shutil.which("cc")


class Effect(IntEnum):
    """As in the C source."""

    INSTEAD = 0
    """The call is not made, the error is returned."""
    AFTERWARDS = 1
    """The call is made, and the error returned all the same."""
    FLIP = 2
    """A bit of the signature, if the call is the one that gives it."""
    SLEEP = 3
    """Microseconds before the call."""


class Shim:
    """The shim as a module for ``HsmConfig``, and its handle for the tests."""

    def __init__(self, folder: Path, module: Path) -> None:
        assert COMPILER is not None
        self.path = folder / "shim.so"
        flags = ["-std=c11", "-O1", "-shared", "-fPIC", "-D_DEFAULT_SOURCE"]
        subprocess.run(
            [COMPILER, *flags, "-o", str(self.path), str(SOURCE), "-ldl"], check=True
        )
        os.environ["SHIM_FORWARDS_TO"] = str(module)
        self._library = ctypes.CDLL(str(self.path))

    def arm(self, nth: int, *, effect: Effect, code: int, times: int = 1) -> None:
        """From the ``nth`` call on, ``times`` calls go wrong. Counts from here anew."""
        self._library.shim_arm(
            ctypes.c_ulong(nth),
            ctypes.c_ulong(times),
            ctypes.c_int(effect),
            ctypes.c_ulong(code),
        )

    def disarm(self) -> None:
        self.arm(0, effect=Effect.INSTEAD, code=0)

    @property
    def hit(self) -> bool:
        """Whether anything went wrong since it was armed."""
        return int(self._library.shim_hit()) >= 0

    @property
    def signatures(self) -> int:
        return int(self._library.shim_signatures())

    @property
    def logins(self) -> int:
        return int(self._library.shim_logins())

    def finalise(self) -> None:
        """What the end of the process would do to the module."""
        self.disarm()
        self._library.C_Finalize(None)
