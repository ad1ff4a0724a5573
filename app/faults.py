"""Where a test may end a web process or the worker: around what is made durable.

``fault(point)`` stands at each place that ``POINTS`` names, and does nothing unless
``arm`` was called in this process. A test writes a signal and a point into the file
(``SIGKILL after-delivered``); the process that comes to it first takes the order away
and carries it out, so that the one that follows runs through.
"""

import contextlib
import os
import signal
from pathlib import Path
from typing import Final

POINTS: Final = (
    "before-upload-stored",
    "after-upload-stored",
    "before-approval-asked",
    "after-approval-asked",
    "before-answer-kept",
    "after-answer-kept",
    "before-identified-kept",
    "after-identified-kept",
    "before-confirmed",
    "after-confirmed",
    "before-reserved",
    "after-reserved",
    "before-claimed",
    "after-claimed",
    "before-finish",
    "after-finish",
    "before-time-stamp",
    "after-time-stamp",
    "before-files",
    "after-files",
    "before-delivered",
    "after-delivered",
    "before-charged",
    "after-charged",
)


class _Order:
    file: Path | None = None


def arm(file: Path | None) -> None:
    """``fault_file`` of the settings, which is for loopback only; once per process."""
    _Order.file = file


def fault(point: str) -> None:
    if _Order.file is not None and (order := _taken(_Order.file, point)) is not None:
        os.kill(os.getpid(), order)


def _taken(file: Path, point: str) -> signal.Signals | None:
    """The order for this point, which is then nobody else's; None without one."""
    with contextlib.suppress(FileNotFoundError):
        name, _, where = file.read_text().strip().partition(" ")
        if where == point:
            file.unlink()
            return signal.Signals[name]
    return None
