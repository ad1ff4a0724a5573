"""Which of its PIDs the test provider revoked: the register behind its lists.

    status list       a PID has a place in it      Token Status List §6
    identifier list   a PID has a name             ISO/IEC 18013-5 (2nd ed.) §12.3.6

Places and names are drawn by chance and never given twice, so they say nothing of when
a PID was issued. The register is one file, shared by whoever issues, revokes or
publishes (``list_tokens``, ``list_server``): each may be a process of its own.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wallet_emulator.errors import NotSetUpError, UnknownStatusError

PLACES: Final = 2**17
"""Many more than PIDs: who reads the list learns nothing of how many there are."""
IDENTIFIER_BYTES: Final = 16
STATUS_LIST: Final = "status_list"
IDENTIFIER_LIST: Final = "identifier_list"
STATUS_PATH: Final = "/status-lists/1"
IDENTIFIER_PATH: Final = "/identifier-lists/1"

_REGISTER_FILE: Final = "register.json"
_LOCK_FILE: Final = "register.lock"
_URL_FILE: Final = "url"


@dataclass(slots=True)
class Register:
    """Places and names given, and which of them are revoked; names as hex."""

    places: set[int] = field(default_factory=set)
    revoked: set[int] = field(default_factory=set)
    revoked_names: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class StatusLists:
    """One list of each kind, under ``url`` (an origin); ``folder`` holds the register.

    A *status* is what stands in a credential under that name: a mapping with either
    ``status_list`` {idx, uri} or ``identifier_list`` {id, uri}.
    """

    folder: Path
    url: str

    @classmethod
    def setup(cls, folder: Path, url: str) -> None:
        """From now on lists are published at ``url``; empty: there are none."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _URL_FILE).write_text(url.rstrip("/"), "ascii")

    @classmethod
    def open(cls, folder: Path) -> "StatusLists | None":
        """None where the provider publishes no lists."""
        file = folder / _URL_FILE
        url = file.read_text("ascii") if file.exists() else ""
        return cls(folder, url) if url else None

    @property
    def status_uri(self) -> str:
        return f"{self.url}{STATUS_PATH}"

    @property
    def identifier_uri(self) -> str:
        return f"{self.url}{IDENTIFIER_PATH}"

    def new_place(self) -> dict[str, object]:
        """A status with a place of the status list."""
        with self._changed() as register:
            idx = secrets.randbelow(PLACES)
            while idx in register.places:
                idx = secrets.randbelow(PLACES)
            register.places.add(idx)
        return {STATUS_LIST: {"idx": idx, "uri": self.status_uri}}

    def new_name(self) -> dict[str, object]:
        """A status with a name for the identifier list; for mdoc only."""
        name = secrets.token_bytes(IDENTIFIER_BYTES)
        return {IDENTIFIER_LIST: {"id": name, "uri": self.identifier_uri}}

    def publishes(self, status: object) -> bool:
        """Whether this status refers to one of these lists."""
        return self._idx(status) is not None or self._name(status) is not None

    def revoke(self, status: object) -> None:
        """Revoke the credential with this status, for ever.

        Raises:
            UnknownStatusError: it has none, or one of another list.
        """
        idx, name = self._idx(status), self._name(status)
        if idx is None and name is None:
            raise UnknownStatusError("the credential is in none of these lists")
        with self._changed() as register:
            if idx is not None:
                register.revoked.add(idx)
            if name is not None:
                register.revoked_names.add(name.hex())

    def is_revoked(self, status: object) -> bool:
        register, name = self.register(), self._name(status)
        return self._idx(status) in register.revoked or (
            name is not None and name.hex() in register.revoked_names
        )

    def register(self) -> Register:
        """As it is now; empty before anything was issued.

        Raises:
            NotSetUpError: the file is there but cannot be read.
        """
        file = self.folder / _REGISTER_FILE
        if not file.exists():
            return Register()
        try:
            kept = json.loads(file.read_bytes())
            return Register(*(set(kept[name]) for name in Register.__slots__))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotSetUpError(f"no readable register in {file}") from error

    @contextmanager
    def _changed(self) -> Iterator[Register]:
        """The register, locked against other processes too; written at the end."""
        with (self.folder / _LOCK_FILE).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            register = self.register()
            yield register
            kept = {
                name: sorted(getattr(register, name)) for name in register.__slots__
            }
            new = self.folder / f"{_REGISTER_FILE}.new"
            new.write_text(json.dumps(kept), "ascii")
            os.replace(new, self.folder / _REGISTER_FILE)

    def _idx(self, status: object) -> int | None:
        idx = _place(status, STATUS_LIST, self.status_uri).get("idx")
        return idx if type(idx) is int else None

    def _name(self, status: object) -> bytes | None:
        name = _place(status, IDENTIFIER_LIST, self.identifier_uri).get("id")
        return name if type(name) is bytes else None


def _place(status: object, mechanism: str, uri: str) -> Mapping[str, object]:
    """The reference of this mechanism if it is to this list, else nothing."""
    place = status.get(mechanism) if isinstance(status, Mapping) else None
    ours = isinstance(place, Mapping) and place.get("uri") == uri
    return place if ours and isinstance(place, Mapping) else {}
