"""Document bytes on disk: one folder per request, one file per content.

A file's name is the SHA-256 of what it holds; it is written once, never changed, and
hashed again whenever it is read, so a file exchanged behind our back is noticed before
anything is done with it. Folders have mode 0700. No document is ever in the database.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import ClassVar


class DocumentChangedError(Exception):
    """The stored bytes are gone or are not the ones that were stored."""

    code: ClassVar[str] = "document_changed"


class DocumentFiles:
    """Safe between threads and processes: a file appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)

    def put(self, request_id: str, content: bytes) -> str:
        """Store durably; return the SHA-256 in hex, the only way to read it back."""
        checksum = hashlib.sha256(content).hexdigest()
        folder = self._folder / request_id
        folder.mkdir(mode=0o700, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).rename(folder / checksum)
        return checksum

    def get(self, request_id: str, checksum: str) -> bytes:
        try:
            content = (self._folder / request_id / checksum).read_bytes()
        except OSError as error:
            raise DocumentChangedError(request_id) from error
        if hashlib.sha256(content).hexdigest() != checksum:
            raise DocumentChangedError(request_id)
        return content

    def purge(self, request_id: str) -> None:
        """Remove everything of one request; no error when there is nothing."""
        shutil.rmtree(self._folder / request_id, ignore_errors=True)
