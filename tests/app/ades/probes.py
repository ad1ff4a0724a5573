"""Jobs that try what a hostile file's code would try, run in a real confined child.

Each returns what happened; the fork server takes this module by name.
"""

import ctypes
import mmap
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from app.ades.confinement import Confinement
from app.ades.forkserver import Result

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH = 16


def warm_up() -> None:
    """Nothing to import."""


def attempt(trial: Callable[[], object]) -> Result:
    """Report the error, or what the forbidden act gave."""
    try:
        outcome = trial()
    except (OSError, ValueError) as denied:
        return {"denied": type(denied).__name__}, []
    return {"denied": None, "outcome": repr(outcome)}, []


def system_call(number: int, *arguments: int) -> int:
    result: int = LIBC.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "denied")
    return result


def traced() -> int:
    result: int = LIBC.ptrace(PTRACE_ATTACH, 1, 0, 0)
    if result < 0:
        raise OSError(ctypes.get_errno(), "denied")
    return result


def executable_memory() -> object:
    protection = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    return mmap.mmap(-1, 4096, prot=protection)


def write_through_an_open_file() -> object:
    """Descriptor 3 is the job file, open for writing: the size limit must hold."""
    return os.write(3, b"x")


TRIALS: Mapping[str, Callable[[], object]] = {
    "socket": socket.socket,
    "socketpair": socket.socketpair,
    "unix-socket": lambda: socket.socket(socket.AF_UNIX),
    "open-for-writing": lambda: os.open("/tmp/x", os.O_WRONLY | os.O_CREAT),  # noqa: S108
    "open-for-reading": lambda: Path("/etc/passwd").read_text(),
    "list-a-folder": lambda: os.listdir("/"),
    "look-for-a-file": lambda: os.stat("/etc/passwd"),
    "remove-a-file": lambda: os.unlink("/etc/passwd-"),
    "memory-file": lambda: os.memfd_create("x"),
    "write-through-an-open-file": write_through_an_open_file,
    "execute": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
    "fork": os.fork,
    "clone3": lambda: system_call(435, 0, 0),
    "trace-another-process": traced,
    "kill-anything": lambda: os.kill(os.getpid(), 0),
    "raise-own-limits": lambda: resource.setrlimit(resource.RLIMIT_CPU, (99, 99)),
    "change-user": lambda: os.setuid(os.getuid()),
    "io-uring": lambda: system_call(425, 8, 0),
    "executable-memory": executable_memory,
}


def _trial(
    arguments: Mapping[str, object], _blobs: Sequence[bytes], _held: Confinement
) -> Result:
    return attempt(TRIALS[str(arguments["trial"])])


def _status(
    _arguments: Mapping[str, object], _blobs: Sequence[bytes], held: Confinement
) -> Result:
    return {"enforced": held.enforced, "missing": held.missing}, []


def _hog(*_unused: object) -> Result:
    return {"size": len(bytearray(8 << 30))}, []


def _hog_slowly(*_unused: object) -> Result:
    pieces = []
    while True:
        pieces.append(bytearray(16 << 20))


def _spin(*_unused: object) -> Result:
    while True:
        pass


def _sleep(*_unused: object) -> Result:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
    return {}, []


def _shout(*_unused: object) -> Result:
    return {}, [bytes(32 << 20)]


def _lie(arguments: Mapping[str, object], *_unused: object) -> Result:
    os.write(4, bytes.fromhex(str(arguments["bytes"])))
    os._exit(0)


def _import_late(*_unused: object) -> Result:
    import xmlrpc.server  # noqa: PLC0415

    return {"name": xmlrpc.server.__name__}, []


def _vanish(*_unused: object) -> Result:
    os._exit(3)


JOBS = {
    "trial": _trial,
    "status": _status,
    "hog": _hog,
    "hog-slowly": _hog_slowly,
    "spin": _spin,
    "sleep": _sleep,
    "shout": _shout,
    "lie": _lie,
    "import-late": _import_late,
    "vanish": _vanish,
}
