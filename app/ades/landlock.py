"""Landlock with no rule at all: no path can be opened, made or removed.

A second lock beside seccomp, kept by another part of the kernel. Where the
kernel knows them, TCP and the sending of signals and abstract sockets to
processes outside are shut as well. linux/landlock.h
"""

import ctypes
import os
import struct
from typing import Final

# The numbers are the same on every architecture.
SYS_CREATE_RULESET: Final = 444
SYS_RESTRICT_SELF: Final = 446
CREATE_RULESET_VERSION: Final = 1

FILESYSTEM_RIGHTS_BY_ABI: Final = (0, 13, 14, 15, 15, 16)
NETWORK_SINCE_ABI: Final = 4
NETWORK_RIGHTS: Final = 0b11  # bind and connect of TCP
SCOPES_SINCE_ABI: Final = 6
SCOPES: Final = 0b11  # abstract Unix sockets, signals


def install(libc: ctypes.CDLL) -> int:
    """Shut the file system for this thread for ever; return the ABI version.

    no_new_privs must be set. Raises ``OSError`` where the kernel has no Landlock.
    """
    abi = _checked(
        libc.syscall(SYS_CREATE_RULESET, None, 0, CREATE_RULESET_VERSION), "version"
    )
    attributes = ruleset(abi)
    descriptor = _checked(
        libc.syscall(SYS_CREATE_RULESET, attributes, len(attributes), 0), "ruleset"
    )
    try:
        _checked(libc.syscall(SYS_RESTRICT_SELF, descriptor, 0), "restrict")
    finally:
        os.close(descriptor)
    return abi


def ruleset(abi: int) -> bytes:
    """struct landlock_ruleset_attr, as long as this ABI knows it."""
    rights = FILESYSTEM_RIGHTS_BY_ABI[min(abi, len(FILESYSTEM_RIGHTS_BY_ABI) - 1)]
    attributes = struct.pack("=Q", (1 << rights) - 1)
    if abi >= NETWORK_SINCE_ABI:
        attributes += struct.pack("=Q", NETWORK_RIGHTS)
    if abi >= SCOPES_SINCE_ABI:
        attributes += struct.pack("=Q", SCOPES)
    return attributes


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {what}")
    return result
