"""What a child does to itself before it looks at a stranger's file.

In this order, because each step takes away what the next would need:

    1. limits: CPU time, address space, no file writing, no processes, no core dump
    2. no_new_privs, not dumpable, and death together with its parent
    3. Landlock without a rule: no path can be opened
    4. few open files
    5. seccomp: only computing, reading and writing what is already open

Steps 3 and 5 need a kernel that has them. What could not be enforced is named in
the returned ``Confinement``; nothing is skipped in silence.
"""

import ctypes
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.ades import landlock, seccomp

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_NO_NEW_PRIVS: Final = 38

MAX_OPEN_FILES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """Names of what holds in a child, and of what this machine cannot enforce."""

    enforced: tuple[str, ...]
    missing: tuple[str, ...]


def confine(*, cpu_seconds: int, memory_bytes: int) -> Confinement:
    """Give up every power that reading a PDF does not need. There is no way back."""
    libc = ctypes.CDLL(None, use_errno=True)
    attempts: list[tuple[str, Callable[[], object]]] = [
        ("cpu time", lambda: _limit(resource.RLIMIT_CPU, cpu_seconds)),
        ("memory", lambda: _limit(resource.RLIMIT_AS, memory_bytes)),
        ("no file writing", lambda: _limit(resource.RLIMIT_FSIZE, 0)),
        ("no new processes", lambda: _limit(resource.RLIMIT_NPROC, 0)),
        ("no core dump", lambda: _limit(resource.RLIMIT_CORE, 0)),
        ("no new privileges", lambda: _prctl(libc, PR_SET_NO_NEW_PRIVS, 1)),
        ("not traceable", lambda: _prctl(libc, PR_SET_DUMPABLE, 0)),
        ("dies with parent", lambda: _prctl(libc, PR_SET_PDEATHSIG, signal.SIGKILL)),
        ("landlock", lambda: landlock.install(libc)),
        ("few open files", lambda: _limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)),
        ("seccomp", lambda: seccomp.install(libc)),
    ]
    enforced: list[str] = []
    missing: list[str] = []
    for name, attempt in attempts:
        try:
            attempt()
        except (OSError, ValueError) as refused:
            missing.append(f"{name}: {refused}")
        else:
            enforced.append(name)
    return Confinement(enforced=tuple(enforced), missing=tuple(missing))


def _limit(kind: int, value: int) -> None:
    # Soft and hard alike: a soft limit could be raised again.
    resource.setrlimit(kind, (value, value))


def _prctl(libc: ctypes.CDLL, option: int, value: int) -> None:
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl refused")
