"""Fetch the lists that the SAM wants, when it wants them, and hand them over.

The schedule is the SAM's (``info().wanted_files``) and says of nobody's credential that
it was just presented, but for the first time that a list is named. Nothing is verified
here: what the SAM refuses is asked for again later, ever more rarely.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from app.ades.errors import AdesError
from app.ades.trusted_lists import signed_parts
from app.egress import Egress, EgressError
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

AT_ONCE: Final = 2
"""Files per round: deliveries wait while a slow server is asked."""
SPREAD: Final = timedelta(minutes=1)
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=1)
MEDIA_TYPES: Final = MappingProxyType(
    {
        m.FileKind.STATUS_LIST: (
            "application/statuslist+jwt",
            "application/statuslist+cwt",
        ),
        m.FileKind.IDENTIFIER_LIST: ("application/identifierlist+cwt",),
        m.FileKind.LOTE: (  # TS 119 602 §6.3.13 (compact JWS), and what servers say
            "application/jose",
            "application/jwt",
            "application/json",
            "application/octet-stream",
            "text/plain",
        ),
        m.FileKind.TRUSTED_LIST: (  # TS 119 612 §6, and what servers say instead
            "application/vnd.etsi.tsl+xml",
            "application/xml",
            "text/xml",
        ),
    }
)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pace:
    """When one file may be asked for, beyond what the SAM wants."""

    failures: int = 0
    not_before: datetime | None = None
    spread: timedelta = timedelta()


class StatusFetching:
    """One per worker; several workers ask twice, and do no other harm."""

    def __init__(
        self,
        sam: SamClient,
        egress: Egress,
        clock: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._sam = sam
        self._egress = egress
        self._clock = clock
        self._chance = chance
        self._paces: dict[tuple[str, str], Pace] = {}

    def round(self) -> None:
        """Ask for a few of the files that are due."""
        try:
            wanted = self._sam.info().wanted_files
        except sam_errors.SamError as error:
            log.warning("status lists: %s; asked again next round", error.code)
            return
        known = self._paces
        self._paces = {
            (file.kind, file.uri): known.get((file.kind, file.uri), Pace())
            for file in wanted
        }
        now = self._clock()
        due = [file for file in wanted if self._is_due(file, now)]
        for file in due[:AT_ONCE]:
            self._renew(file, now)

    def _is_due(self, file: m.WantedFile, now: datetime) -> bool:
        pace = self._paces[file.kind, file.uri]
        if pace.not_before is not None and now < pace.not_before:
            return False
        spread = timedelta() if file.usable_until is None else pace.spread
        return now >= file.fetch_at + spread

    def _renew(self, file: m.WantedFile, now: datetime) -> None:
        pace = self._paces[file.kind, file.uri]
        try:
            self._fetch(file)
        except (EgressError, AdesError, sam_errors.SamError) as error:
            log.warning("%s %s: %s: %s", file.kind, file.uri, error.code, error)
            pace.not_before = now + self._pause(pace.failures)
            pace.failures += 1
        else:
            pace.failures, pace.not_before = 0, None
            pace.spread = SPREAD * self._chance()

    def _fetch(self, file: m.WantedFile) -> None:
        fetched = self._egress.fetch(
            file.uri,
            media_types=MEDIA_TYPES[file.kind],
            max_bytes=file.kind.max_bytes,
        )
        content = fetched.content
        if file.kind is m.FileKind.TRUSTED_LIST:
            content = signed_parts(content, max_bytes=file.kind.max_bytes)
        self._sam.keep_file(file.kind, file.uri, content)

    def _pause(self, failures: int) -> timedelta:
        pause = min(FIRST_PAUSE * (1 << min(failures, 12)), LONGEST_PAUSE)
        return pause * (0.5 + self._chance() / 2)
