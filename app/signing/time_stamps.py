"""The time-stamping authority (RFC 3161) as signing needs it: asked first, then used.

No approval is spent while the TSA is away: ``probe`` must have had an answer within
the last minute before a request may enter ``signing``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import httpx

from app.ades import timestamp
from app.ades.errors import TimestampUnavailableError

FRESH: Final = timedelta(minutes=1)


class TimeStamps:
    """One per process; what a thread learns, the others may use."""

    def __init__(
        self, url: str, http: httpx.Client, clock: Callable[[], datetime]
    ) -> None:
        self._url = url
        self._http = http
        self._clock = clock
        self._answered_at: datetime | None = None

    def probe(self) -> None:
        """Raises ``TimestampUnavailableError``; asks only when the answer is old."""
        now = self._clock()
        if self._answered_at is not None and now - self._answered_at < FRESH:
            return
        timestamp.probe(self._url, http=self._http)
        self._answered_at = now

    def fetch(self, signature: bytes) -> bytes:
        """The DER TimeStampToken over a signature value."""
        try:
            return timestamp.fetch_timestamp(self._url, signature, http=self._http)
        except TimestampUnavailableError:
            self._answered_at = None
            raise
