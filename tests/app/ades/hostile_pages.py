"""Pages that cost much to draw or to read, made from few bytes."""

import io
import random
import zlib

from PIL import Image

from tests.app.ades.pdfs import CATALOG, PAGE, PAGES, pdf, plain, stream
from tests.app.ades.traps import FONT, RESOURCES, TEXT

MIB = 1 << 20


def with_media_box(corners: bytes, page: bytes = b"") -> bytes:
    boxed = PAGE.replace(b"[0 0 595 842]", b"[%s]" % corners)
    return pdf(
        {
            1: CATALOG % b"",
            2: PAGES,
            3: boxed % (b"/Contents 9 0 R " + RESOURCES + b" " + page),
            8: FONT,
            9: stream(b"", TEXT),
        }
    )


def forms_in_forms(depth: int, each: int) -> bytes:
    """A picture that draws ten of the next, and so on: ``each ** depth`` drawings."""
    objects = {}
    for number in range(10, 10 + depth):
        entries = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]"
        inner = b"/Resources << /XObject << /X %d 0 R >> >>" % (number + 1)
        objects[f"o{number}"] = stream(entries + b" " + inner, b"/X Do " * each)
    leaf = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]"
    objects[f"o{10 + depth}"] = stream(leaf, b"0 0 m 500 500 l S")
    return plain(
        page=b"/Contents 4 0 R /Resources << /XObject << /X 10 0 R >> >>",
        o4=stream(b"", b"/X Do"),
        **objects,
    )


def form_in_itself() -> bytes:
    return forms_in_forms(1, 5).replace(b"/X 11 0 R", b"/X 10 0 R")


def packed(data: bytes, times: int = 1) -> tuple[bytes, bytes]:
    """/Filter and the data, compressed ``times`` times."""
    for _ in range(times):
        data = zlib.compress(data, 9)
    return b"/Filter [%s]" % (b"/FlateDecode " * times), data


def content_bomb(size: int) -> bytes:
    """A page whose content unpacks to ``size`` bytes of spaces, packed twice."""
    return plain(page=b"/Contents 4 0 R", o4=stream(*packed(b" " * size, 2)))


def huge_image(side: int) -> bytes:
    """An image that says it is ``side`` × ``side``, of almost no data."""
    filters, data = packed(bytes(MIB))
    size = b"/Width %d /Height %d /BitsPerComponent 8" % (side, side)
    kind = b"/Type /XObject /Subtype /Image /ColorSpace /DeviceRGB "
    return _image(kind + size + b" " + filters, data)


def noise(side: int) -> bytes:
    """A scan that no compression makes smaller."""
    data = random.Random(7).randbytes(side * side * 3)  # noqa: S311
    size = b"/Width %d /Height %d /BitsPerComponent 8" % (side, side)
    return _image(b"/Subtype /Image /ColorSpace /DeviceRGB " + size, data)


def photograph() -> bytes:
    """A small file whose page is a large image: colours that JPEG has packed."""
    noise = random.Random(7).randbytes(800 * 1132 * 3)  # noqa: S311
    out = io.BytesIO()
    Image.frombytes("RGB", (800, 1132), noise).save(out, "JPEG", quality=10)
    size = b"/Width 800 /Height 1132 /BitsPerComponent 8 /Filter /DCTDecode"
    kind = b"/Subtype /Image /ColorSpace /DeviceRGB "
    return _image(kind + size, out.getvalue())


def _image(entries: bytes, data: bytes) -> bytes:
    return plain(
        page=b"/Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >>",
        o4=stream(b"", b"q 595 0 0 842 0 0 cm /X Do Q"),
        o5=stream(entries, data),
    )


def endless_text(lines: int) -> bytes:
    """Each line holds 1000 words; the next stands below it."""
    font = FONT.replace(b" >>", b" /Encoding /WinAnsiEncoding >>")
    line = b"(" + b"1000\x80 " * 1000 + b") Tj T*\n"  # the euro sign
    filters, data = packed(b"BT /F1 1 Tf 1 TL 0 840 Td " + line * lines + b"ET")
    return plain(
        page=b"/Contents 9 0 R " + RESOURCES, o8=font, o9=stream(filters, data)
    )
