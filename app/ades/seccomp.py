"""A seccomp filter that lets a process compute, read and write open files, and end.

It is a list of what is allowed; every other system call (open, socket, connect,
execve, fork, clone, ptrace, kill, prlimit, io_uring, and what kernels will add)
fails with EPERM. New executable memory is refused too. The filter looks at the
audit architecture first: a call made through another ABI kills the process.
"""

import ctypes
import errno
import platform
import struct
from typing import Final

PR_SET_SECCOMP: Final = 22
SECCOMP_MODE_FILTER: Final = 2

# linux/bpf_common.h, linux/filter.h
LOAD_WORD: Final = 0x20
JUMP_EQUAL: Final = 0x15
JUMP_GREATER_EQUAL: Final = 0x35
JUMP_ANY_BIT: Final = 0x45
RETURN: Final = 0x06

# linux/seccomp.h; offsets into struct seccomp_data
ALLOW: Final = 0x7FFF0000
KILL_PROCESS: Final = 0x80000000
DENY: Final = 0x00050000 | errno.EPERM
OFFSET_NUMBER: Final = 0
OFFSET_ARCHITECTURE: Final = 4
OFFSET_THIRD_ARGUMENT: Final = 32  # low word: both architectures are little endian

X32_SYSCALL_BIT: Final = 0x40000000
PROT_EXEC: Final = 4


# Name: (x86_64, aarch64), from asm/unistd_64.h and asm-generic/unistd.h.
ALLOWED: Final[dict[str, tuple[int, int | None]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "poll": (7, None),
    "lseek": (8, 62),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "select": (23, None),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "epoll_wait": (232, None),
    "epoll_ctl": (233, 21),
    "ppoll": (271, 73),
    "epoll_pwait": (281, 22),
    "getrandom": (318, 278),
    "rseq": (334, 293),
}
ALLOWED_UNLESS_EXECUTABLE: Final = {"mmap": (9, 222), "mprotect": (10, 226)}

# platform.machine(): (column above, AUDIT_ARCH of linux/audit.h)
ARCHITECTURES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(libc: ctypes.CDLL) -> None:
    """Filter this thread for ever. no_new_privs must be set. Raises ``OSError``."""
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"no system call table for {machine}")
    code = program(machine)
    block = _Program(len(code) // 8, code)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(block), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused the filter")


def program(machine: str) -> bytes:
    """The BPF program: 8 bytes per instruction (struct sock_filter)."""
    column, audit_architecture = ARCHITECTURES[machine]
    steps = [
        _step(LOAD_WORD, OFFSET_ARCHITECTURE),
        _step(JUMP_EQUAL, audit_architecture, if_true=1),
        _step(RETURN, KILL_PROCESS),
        _step(LOAD_WORD, OFFSET_NUMBER),
        _step(JUMP_GREATER_EQUAL, X32_SYSCALL_BIT, if_false=1),
        _step(RETURN, KILL_PROCESS),
    ]
    numbers = [both[column] for both in ALLOWED.values()]
    for number in (number for number in numbers if number is not None):
        steps += [_step(JUMP_EQUAL, number, if_false=1), _step(RETURN, ALLOW)]
    for number in (both[column] for both in ALLOWED_UNLESS_EXECUTABLE.values()):
        steps += [
            _step(JUMP_EQUAL, number, if_false=4),
            _step(LOAD_WORD, OFFSET_THIRD_ARGUMENT),
            _step(JUMP_ANY_BIT, PROT_EXEC, if_false=1),
            _step(RETURN, DENY),
            _step(RETURN, ALLOW),
        ]
    return b"".join([*steps, _step(RETURN, DENY)])


def _step(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
