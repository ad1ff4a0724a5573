"""Documents as pages to read: images and text of the very file that will be signed.

Drawn in the confined child. What was drawn is kept in memory for ten minutes, up to a
fixed number of bytes; a page that cannot be drawn just now is left out, because the
file itself can always be downloaded.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import ClassVar, Final

from app.ades.documents import Documents
from app.ades.errors import AdesError, UnsignableDocumentError
from app.signing.files import DocumentFiles
from app.signing.tables import Document

IMAGE_WIDTH: Final = 1200
KEPT_BYTES: Final = 32 * 1024 * 1024
KEPT_SECONDS: Final = 600.0


class PageNotFoundError(Exception):
    """The document has no such page."""

    code: ClassVar[str] = "page_not_found"


@dataclass(frozen=True, slots=True)
class Drawn:
    content: bytes
    at: float


class Kept:
    """The pages drawn last; safe between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._pages: OrderedDict[tuple[str, str, int], Drawn] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[str, str, int]) -> bytes | None:
        with self._lock:
            self._drop_old()
            found = self._pages.get(key)
            return None if found is None else found.content

    def put(self, key: tuple[str, str, int], content: bytes) -> None:
        with self._lock:
            self._drop(key)
            self._pages[key] = Drawn(content, self._clock())
            self._size += len(content)
            while self._size > KEPT_BYTES:
                self._drop(next(iter(self._pages)))

    def _drop_old(self) -> None:
        oldest = self._clock() - KEPT_SECONDS
        for key in [k for k, drawn in self._pages.items() if drawn.at <= oldest]:
            self._drop(key)

    def _drop(self, key: tuple[str, str, int]) -> None:
        dropped = self._pages.pop(key, None)
        self._size -= 0 if dropped is None else len(dropped.content)


class Reading:
    """Safe between threads."""

    def __init__(self, files: DocumentFiles, documents: Documents) -> None:
        self._files = files
        self._documents = documents
        self._kept = Kept()

    def image(self, document: Document, page: int) -> bytes:
        """PNG, ``IMAGE_WIDTH`` pixels wide; raises what ``Documents`` raises."""

        def draw(content: bytes) -> bytes:
            return self._documents.render_page(content, page=page, width=IMAGE_WIDTH)

        return self._drawn("image", document, page, draw)

    def text(self, document: Document, page: int) -> str | None:
        """``None`` when it cannot be told."""

        def read(content: bytes) -> bytes:
            return self._documents.page_text(content, page=page).encode()

        try:
            return self._drawn("text", document, page, read).decode()
        except (AdesError, UnsignableDocumentError):
            return None

    def _drawn(
        self, kind: str, document: Document, page: int, draw: Callable[[bytes], bytes]
    ) -> bytes:
        if not 1 <= page <= document.page_count:
            raise PageNotFoundError(page)
        key = (kind, document.prepared, page)
        kept = self._kept.get(key)
        if kept is None:
            kept = draw(self._files.get(document.request_id, document.prepared))
            self._kept.put(key, kept)
        return kept
