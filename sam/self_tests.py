"""The device is asked its known questions again every day, and must be the same.

At the start ``assemble`` asks them. From then on the first call after a day waits for
the answers; while they are wrong or missing, every call is refused (csc-sam check 43).
"""

import logging
from datetime import timedelta
from typing import Final

from hsm.port import SelfTest
from sam.errors import SamUnavailableError
from sam.module import Sam

EVERY: Final = timedelta(days=1)

log = logging.getLogger("sam")


class DailySelfTest:
    """Made when the SAM starts, that is, right after a self-test."""

    def __init__(self, sam: Sam) -> None:
        self._passed_at = sam.clock()

    def require(self, sam: Sam) -> None:
        """Raises ``HsmError``, or ``SamUnavailableError`` if another device answers."""
        now = sam.clock()
        if now - self._passed_at < EVERY:
            return
        tested = sam.device.self_test()
        if name_of(tested) != sam.device_name:
            raise SamUnavailableError("the device is not the one of the start")
        log.info("self-test: %d checks passed", len(tested.passed))
        self._passed_at = now


def name_of(tested: SelfTest) -> str:
    """Who answered, as the log has it."""
    return f"{tested.manufacturer} {tested.model} {tested.library_version}"
