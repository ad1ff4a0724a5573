"""What the SAM signs for everybody, and holds ready until half of its life is over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LIFETIME: Final = timedelta(hours=24)
ISSUED, ENDS = "iat", "exp"


@dataclass(frozen=True, slots=True)
class _Made:
    version: object
    text: str
    until: datetime


class SignedTexts:
    """One text per name; the same one for everybody, so that it traces nobody."""

    def __init__(self) -> None:
        self._made: dict[str, _Made] = {}

    def get(
        self,
        name: str,
        version: object,
        now: datetime,
        make: Callable[[dict[str, int]], str],
    ) -> str:
        """The text made last, unless its ``version`` is another or it is half over.

        ``make`` gets ``iat`` and ``exp`` in whole seconds.
        """
        held = self._made.get(name)
        if held is None or held.version != version or now >= held.until:
            text = make(
                {
                    ISSUED: int(now.timestamp()),
                    ENDS: int((now + LIFETIME).timestamp()),
                }
            )
            held = self._made[name] = _Made(version, text, now + LIFETIME / 2)
        return held.text
