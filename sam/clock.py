"""The SAM's time: UTC of the machine, held against a clock that nobody sets.

Windows, ends and ages are differences of this time (csc-sam check 42). So that setting
the machine's clock can neither prolong nor shorten them, each reading is compared with
the monotonic clock since the reading before, and since the start. A step of more than a
second, or a drift of more than five, ends signing until the process is started again;
what NTP does (at most 500 ppm) is far within. The time returned never goes back.

One clock a process, and one thread at a time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sam.errors import SamUnavailableError

MAX_STEP: Final = timedelta(seconds=1)
MAX_DRIFT: Final = timedelta(seconds=5)
MAX_RATE: Final = 0.001
"""Drift per time passed, twice what the kernel lets NTP do."""


class ClockSteppedError(SamUnavailableError):
    """The machine's clock was set while the SAM ran: start it again, on purpose."""


@dataclass(frozen=True, slots=True)
class _Reading:
    wall: datetime
    ticks: float

    def drift(self, now: "_Reading") -> timedelta:
        """How much more the wall clock has moved than time has passed."""
        return (now.wall - self.wall) - timedelta(seconds=now.ticks - self.ticks)

    def allowed(self, now: "_Reading", limit: timedelta) -> timedelta:
        return limit + timedelta(seconds=(now.ticks - self.ticks) * MAX_RATE)


class GuardedClock:
    """Call it for the time, aware, in UTC. Raises ``ClockSteppedError``, from then on
    at every call."""

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        self._read: Callable[[], _Reading] = lambda: _Reading(wall(), ticks())
        self._first = self._last = self._read()
        self._told = self._first.wall
        self._stepped: timedelta | None = None

    def __call__(self) -> datetime:
        now = self._read()
        if self._stepped is None:
            self._compare(now)
        if self._stepped is not None:
            seconds = self._stepped.total_seconds()
            raise ClockSteppedError(f"the clock was set by {seconds:+.1f} seconds")
        self._last = now
        self._told = max(self._told, now.wall)
        return self._told

    def _compare(self, now: _Reading) -> None:
        for before, limit in ((self._last, MAX_STEP), (self._first, MAX_DRIFT)):
            drift = before.drift(now)
            if abs(drift) > before.allowed(now, limit):
                self._stepped = drift
