"""Read ``evidence.zip`` so that it can mean only one thing.

Exactly the seven files, each once and small, and no byte that belongs to none of them:
then every program that opens the archive sees the same. Dates and attributes of the
entries are not looked at; nothing depends on them.
"""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import ClassVar, Final

REQUEST: Final = "request-object.jwt"
TRANSACTION_DATA: Final = "transaction-data.txt"
PASS: Final = "pass-presentation.txt"  # noqa: S105 — a file name
CHAIN: Final = "certificate-chain.pem"
STATEMENT: Final = "statement.json"
AUDIT: Final = "audit.json"
README: Final = "README.txt"
FILES: Final = (REQUEST, TRANSACTION_DATA, PASS, CHAIN, STATEMENT, AUDIT, README)

MAX_ARCHIVE: Final = 4 << 20
MAX_FILE: Final = 1 << 20
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")  # PKWARE APPNOTE 4.3.7
_END_OF_DIRECTORY: Final = 22  # APPNOTE 4.3.16, without a comment
_CENTRAL_HEADER: Final = 46  # APPNOTE 4.3.12
_FAULTS: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class UnreadableEvidenceError(Exception):
    """This is no evidence archive; nothing was checked."""

    code: ClassVar[str] = "unreadable_evidence"


def read(archive: bytes) -> Mapping[str, bytes]:
    """File name → content, or ``UnreadableEvidenceError``."""
    if len(archive) > MAX_ARCHIVE:
        raise UnreadableEvidenceError(f"it is larger than {MAX_ARCHIVE} bytes")
    try:
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            entries = opened.infolist()
            _check_names([entry.filename for entry in entries])
            _check_layout(archive, entries, opened.start_dir)
            return {entry.filename: _content(opened, entry) for entry in entries}
    except _FAULTS as fault:
        raise UnreadableEvidenceError(f"it is no sound ZIP file ({fault})") from None


def _check_names(names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise UnreadableEvidenceError("a file is in it twice")
    missing = sorted(set(FILES) - set(names))
    if missing:
        raise UnreadableEvidenceError(f"{missing[0]} is missing")
    foreign = sorted(set(names) - set(FILES))
    if foreign:
        raise UnreadableEvidenceError(f"{foreign[0][:80]!r} does not belong in it")


def _check_layout(
    archive: bytes, entries: list[zipfile.ZipInfo], directory: int
) -> None:
    """The entries follow each other without gap, then the directory, then the end."""
    position = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset != position:
            raise UnreadableEvidenceError("it holds bytes that belong to no file")
        _, name, extra = _LOCAL_HEADER.unpack_from(archive, entry.header_offset)
        position += _LOCAL_HEADER.size + name + extra + entry.compress_size
    listed = sum(
        _CENTRAL_HEADER + len(e.filename) + len(e.extra) + len(e.comment)
        for e in entries
    )
    end = directory + listed + _END_OF_DIRECTORY
    if position != directory or end != len(archive):
        raise UnreadableEvidenceError("it holds bytes that belong to no file")


def _content(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Never more than ``MAX_FILE`` bytes, whatever the header says."""
    with opened.open(entry) as stream:
        content = stream.read(MAX_FILE + 1)
        if len(content) > MAX_FILE or stream.read(1):
            raise UnreadableEvidenceError(f"{entry.filename} is too large")
    return content
