"""What the SAM's callers saw: every call, and which of three ends it came to.

    ok        the SAM answered; what it said is for ever
    refused   the SAM answered with a code
    unknown   no answer: it may have happened, or not, but never both

Between them lies a network that loses five replies in a hundred, delivers five calls in
a hundred twice, and breaks one in a hundred off.
"""

import hashlib
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sam import messages as m

REPEATED, LOST, BROKEN_OFF = 0.05, 0.05, 0.01


@dataclass(slots=True)
class History:
    """Lines of JSON, in memory and in a file; ``ends`` counts the three ends."""

    file: Path
    entries: list[dict[str, Any]] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)

    def note(self, what: str, **detail: object) -> None:
        entry = {"what": what, **detail}
        self.entries.append(entry)
        with self.file.open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def end(self, how: str) -> None:
        self.ends[how] = self.ends.get(how, 0) + 1

    def of(self, what: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["what"] == what]


class Network(httpx.BaseTransport):
    """Between the callers and the SAM: repeats, loses replies, breaks off."""

    def __init__(self, socket: Path, history: History, chance: random.Random) -> None:
        self._inner = httpx.HTTPTransport(uds=str(socket))
        self._history = history
        self._chance = chance

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()  # a stream goes once, its bytes go again
        if self._happens(BROKEN_OFF):
            raise httpx.ConnectError("broken off before it was sent")
        try:
            if self._happens(REPEATED):
                self._inner.handle_request(request).read()
            response = self._inner.handle_request(request)
            response.read()
        except httpx.HTTPError:
            self._history.end("unknown")
            raise
        if self._happens(LOST):
            self._history.end("unknown")
            raise httpx.ReadError("the reply was lost")
        self._history.end("ok" if response.status_code == httpx.codes.OK else "refused")
        return response

    def close(self) -> None:
        self._inner.close()

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share


def fingerprint(finished: m.Finished) -> str:
    """Of everything that ``finish`` said."""
    return hashlib.sha256(finished.model_dump_json().encode()).hexdigest()
