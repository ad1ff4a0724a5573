"""Where a test may end this process: before and after everything that is made durable.

``POINTS`` names every place; ``sam.fault(point)`` stands at it. In service nothing is
there. A test names a point once and for all (``fault_kill_at``), or writes a signal
and a point into a file (``fault_file``): the process that comes to it first takes the
order away and carries it out, so that the one that follows runs through.

    SIGKILL after-intent

Both settings are refused outside of test mode and for addresses other than loopback.
"""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sam.config import SamConfig
from sam.module import no_fault

FINISH: Final = (
    "before-signing",
    "after-signing",
    "before-key-plan",
    "after-key-plan",
    "before-key",
    "after-key",
    "before-certificate",
    "after-certificate",
    "before-intent",
    "after-intent",
    "before-signature",
    "after-signature",
    "before-destruction",
    "after-destruction",
    "before-result",
    "after-result",
)
"""The steps of ``finish`` in their order; from ``after-signing`` to ``before-result``
a process that ends leaves nothing that could be taken up again."""

FAILURE: Final = (
    "before-failure",
    "after-failure",
    "before-interrupted",
    "after-interrupted",
)
"""What became of a transaction whose signing broke off, or whose process died."""

ASKING: Final = (
    "before-opening",
    "after-opening",
    "before-request",
    "after-request",
    "before-verified",
    "after-verified",
    "before-refusal",
    "after-refusal",
    "before-closing",
    "after-closing",
    "before-sweep",
    "after-sweep",
)
"""A transaction while it waits; the wallet's answer, its end."""

PASSES: Final = (
    "before-pass",
    "after-pass",
    "before-pass-revocation",
    "after-pass-revocation",
)

CREDENTIALS: Final = (
    "before-credential-plan",
    "after-credential-plan",
    "before-credential-key",
    "after-credential-key",
    "before-credential-certificate",
    "after-credential-certificate",
    "before-credential-change",
    "after-credential-change",
    "before-rewrap",
    "after-rewrap",
)

QUOTA_KEYS: Final = (
    "before-quota-plan",
    "after-quota-plan",
    "before-quota-key",
    "after-quota-key",
    "before-quota-created",
    "after-quota-created",
    "before-quota-destruction",
    "after-quota-destruction",
    "before-quota-ended",
    "after-quota-ended",
)

FILES_AND_START: Final = ("before-file", "after-file", "before-start", "after-start")

POINTS: Final = (
    *FINISH,
    *FAILURE,
    *ASKING,
    *PASSES,
    *CREDENTIALS,
    *QUOTA_KEYS,
    *FILES_AND_START,
)


class UnknownPointError(Exception):
    """No step has this name."""

    code = "unknown_fault_point"


def hook(config: SamConfig) -> Callable[[str], None]:
    """What ``sam.fault`` does in this process."""
    named, file = config.fault_kill_at, config.fault_file
    if named is None and file is None:
        return no_fault
    if named is not None and named not in POINTS:
        raise UnknownPointError(f"fault_kill_at: one of {', '.join(POINTS)}")

    def here(point: str) -> None:
        if point == named:
            os.kill(os.getpid(), signal.SIGKILL)
        if file is not None and (order := _taken(file, point)) is not None:
            os.kill(os.getpid(), order)

    return here


def _taken(file: Path, point: str) -> signal.Signals | None:
    """The order for this point, which is then nobody else's; None without one."""
    with contextlib.suppress(FileNotFoundError):
        name, _, where = file.read_text().strip().partition(" ")
        if where == point:
            file.unlink()
            return signal.Signals[name]
    return None
