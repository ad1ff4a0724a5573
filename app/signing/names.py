"""The name of an uploaded file, made safe to show and to give back.

The SAM builds the label the wallet shows and rewrites names that could deceive; here
only what could break a page, a header or a path goes.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

MAX_NAME: Final = 100
DEFAULT: Final = "document.pdf"


def document_name(upload_name: str | None) -> str:
    """The last path part, NFC, without control or format characters, cut to size."""
    last = (upload_name or "").replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if _shows(c))
    name = " ".join(kept.split()).strip(". ")
    return _cut(name) or DEFAULT


def signed_name(name: str) -> str:
    """``lease.pdf`` → ``lease-signed.pdf``."""
    stem = name[:-4] if name.lower().endswith(".pdf") else name
    return f"{stem}-signed.pdf"


def prepared_name(name: str) -> str:
    stem = name[:-4] if name.lower().endswith(".pdf") else name
    return f"{stem}-to-be-signed.pdf"


def _shows(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in {"C", "Z"}


def _cut(name: str) -> str:
    if len(name) <= MAX_NAME:
        return name
    return name[: MAX_NAME - 9].rstrip() + "…" + name[-8:]


def unique_names(names: Sequence[str]) -> list[str]:
    """Names for one archive: a repeated one is numbered, ``lease-2.pdf``."""
    taken: set[str] = set()
    unique = []
    for name in names:
        stem, dot, ending = name.rpartition(".")
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{stem}-{number}{dot}{ending}"
        taken.add(candidate)
        unique.append(candidate)
    return unique
