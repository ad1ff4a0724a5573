"""What this wallet shared with whom: names of claims and documents, no values."""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from wallet_emulator.encoding import parse_json_object
from wallet_emulator.errors import MalformedError

MAX_ENTRIES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event; ``at`` is ISO 8601 in UTC, the rest is text for the person."""

    at: str
    what: str
    who: str
    shared: str
    documents: tuple[str, ...]
    deviation: str
    ended: str


class History:
    """The newest entries in one file, a JSON object a line, oldest first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        with self._lock:
            kept = [*self._lines(), json.dumps(asdict(entry))][-MAX_ENTRIES:]
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text("\n".join(kept) + "\n", "ascii")

    def newest_first(self) -> tuple[Entry, ...]:
        with self._lock:
            lines = self._lines()
        entries = (_entry(line) for line in reversed(lines))
        return tuple(entry for entry in entries if entry is not None)

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text("ascii").splitlines()
        except (OSError, UnicodeDecodeError):
            return []


def _entry(line: str) -> Entry | None:
    """None for a line that this version did not write."""
    try:
        members = parse_json_object(line)
        return Entry(documents=_texts(members), **_strings(members))
    except (MalformedError, TypeError):
        return None


def _texts(members: Mapping[str, object]) -> tuple[str, ...]:
    documents = members.get("documents")
    return tuple(map(str, documents)) if isinstance(documents, list) else ()


def _strings(members: Mapping[str, object]) -> dict[str, str]:
    return {name: str(v) for name, v in members.items() if name != "documents"}
