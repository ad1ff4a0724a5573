"""One page as people see it: an image, and the text a screen reader can speak.

Runs in the confined child. PDFium draws what stands in the file: page content and
the appearances of annotations and form fields as they are. No form filling, no
scripts (this PDFium has none), no fonts of the machine, no other files.

What a page asks for does not matter: the picture is as wide as wanted, has at most
``MAX_PIXELS`` and is smaller than ``MAX_IMAGE_BYTES``; text is cut.
"""

import contextlib
import ctypes
import io
import math
import re
from collections.abc import Iterator
from typing import Final

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, PngImagePlugin  # noqa: F401  # the format registers itself

from app.ades.errors import Refusal, UnsignableDocumentError

MIN_WIDTH: Final = 200
MAX_WIDTH: Final = 1600
MAX_SIDE: Final = 16_000
MAX_PIXELS: Final = 8_000_000
MAX_IMAGE_BYTES: Final = 6_000_000
MAX_TEXT_BYTES: Final = 200_000
WHITE: Final = 0xFFFFFFFF
# PNG of noise is as large as its pixels; half of them per step soon fits.
SHRINK: Final = 0.7
# Control characters and marks that reorder what stands beside them (UAX #9).
UNSPEAKABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)


def render(content: bytes, *, page: int, width: int) -> bytes:
    """Return page number ``page`` (from 1) as PNG, about ``width`` pixels wide.

    Raises ``UnsignableDocumentError``: unreadable, or no such page.
    """
    with _page(content, page) as opened:
        image = _drawn(opened, *_size(opened, width))
    return _as_png(image)


def text(content: bytes, *, page: int) -> str:
    """Return the text of page ``page`` (from 1) in the file's order, lines by \\n."""
    with _page(content, page) as opened:
        lines = opened.get_textpage()
        count = min(lines.count_chars(), MAX_TEXT_BYTES)
        found = lines.get_text_range(0, count) if count > 0 else ""
    clean = UNSPEAKABLE.sub("", found.replace("\r\n", "\n").replace("\r", "\n"))
    return clean.encode(errors="ignore")[:MAX_TEXT_BYTES].decode(errors="ignore")


@contextlib.contextmanager
def _page(content: bytes, number: int) -> Iterator[pypdfium2.PdfPage]:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        raise UnsignableDocumentError(Refusal.MALFORMED) from None
    with document:
        try:
            document.init_forms()  # else the form's fields are not drawn
            if not 1 <= number <= len(document):
                raise UnsignableDocumentError(Refusal.NO_SUCH_PAGE)
            yield document[number - 1]
        except pypdfium2.PdfiumError:
            raise UnsignableDocumentError(Refusal.MALFORMED) from None


def _size(page: pypdfium2.PdfPage, wanted: int) -> tuple[int, int]:
    """Pixels across and down: as wide as wanted, unless that is too many."""
    width, height = page.get_size()
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise UnsignableDocumentError(Refusal.MALFORMED)
    across = float(min(max(wanted, MIN_WIDTH), MAX_WIDTH))
    across = min(
        across, math.sqrt(MAX_PIXELS * width / height), MAX_SIDE * width / height
    )
    down = across * height / width
    return max(1, math.floor(across)), max(1, math.floor(down))


def _drawn(page: pypdfium2.PdfPage, width: int, height: int) -> Image.Image:
    pixels = bytearray(width * height * 4)
    buffer = (ctypes.c_ubyte * len(pixels)).from_buffer(pixels)
    bitmap = pdfium.FPDFBitmap_CreateEx(
        width, height, pdfium.FPDFBitmap_BGRx, buffer, width * 4
    )
    if not bitmap:
        raise UnsignableDocumentError(Refusal.TOO_COMPLEX)
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, WHITE)
        flags = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
        flags |= pdfium.FPDF_RENDER_LIMITEDIMAGECACHE
        place = (bitmap, page, 0, 0, width, height, 0, flags)
        pdfium.FPDF_RenderPageBitmap(*place)
        if page.formenv is not None:
            pdfium.FPDF_FFLDraw(page.formenv, *place)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return Image.frombytes("RGB", (width, height), pixels, "raw", "RGBX")


def _as_png(image: Image.Image) -> bytes:
    while True:
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=3)
        if out.tell() <= MAX_IMAGE_BYTES:
            return out.getvalue()
        smaller = (int(image.width * SHRINK) or 1, int(image.height * SHRINK) or 1)
        image = image.resize(smaller, Image.Resampling.BOX)
