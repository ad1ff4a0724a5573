"""Documents as pages to read: images and text of the very file that will be signed.

Drawn in the confined child. What was drawn is kept in memory for a while, up to a
fixed number of bytes; a page that cannot be drawn just now is left out, because the
file itself can always be downloaded.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import ClassVar, Final

from app.ades.documents import Documents
from app.ades.errors import AdesError, UnsignableDocumentError
from app.signing.files import DocumentFiles
from app.signing.tables import Document

IMAGE_WIDTH: Final = 1200
KEPT_BYTES: Final = 32 * 1024 * 1024


class PageNotFoundError(Exception):
    """The document has no such page."""

    code: ClassVar[str] = "page_not_found"


@dataclass(slots=True)
class Reading:
    """Safe between threads."""

    files: DocumentFiles
    documents: Documents
    _kept: OrderedDict[tuple[str, str, int], bytes] = field(default_factory=OrderedDict)
    _size: int = 0
    _lock: Lock = field(default_factory=Lock)

    def image(self, document: Document, page: int) -> bytes:
        """PNG, ``IMAGE_WIDTH`` pixels wide; raises what ``Documents`` raises."""
        return self._drawn(
            "image",
            document,
            page,
            lambda content: self.documents.render_page(
                content, page=page, width=IMAGE_WIDTH
            ),
        )

    def text(self, document: Document, page: int) -> str | None:
        """``None`` when it cannot be told."""
        try:
            found = self._drawn(
                "text",
                document,
                page,
                lambda content: self.documents.page_text(content, page=page).encode(),
            )
        except (AdesError, UnsignableDocumentError):
            return None
        return found.decode()

    def _drawn(
        self, kind: str, document: Document, page: int, draw: Callable[[bytes], bytes]
    ) -> bytes:
        if not 1 <= page <= document.page_count:
            raise PageNotFoundError(page)
        key = (kind, document.prepared, page)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = draw(self.files.get(document.request_id, document.prepared))
        self._keep(key, drawn)
        return drawn

    def _keep(self, key: tuple[str, str, int], drawn: bytes) -> None:
        with self._lock:
            self._size += len(drawn) - len(self._kept.pop(key, b""))
            self._kept[key] = drawn
            while self._size > KEPT_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped)
