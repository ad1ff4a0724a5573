"""PDF files made here, good and hostile, from nothing but bytes."""

import zlib
from collections.abc import Mapping

CATALOG = b"<< /Type /Catalog /Pages 2 0 R %s >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] %s >>"


def pdf(objects: Mapping[int, bytes], *, size: int = 0) -> bytes:
    """A file of these objects with a classical table; object 1 is the catalog."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = size or max(objects) + 1
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += (
            b"%010d 00000 n \n" % offsets[number]
            if number in offsets
            else b"0000000000 00000 f \n"
        )
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
    )
    return bytes(out)


def plain(catalog: bytes = b"", page: bytes = b"", **more: bytes) -> bytes:
    """One empty page. ``o4=…`` adds object 4, and so on."""
    extra = {int(key[1:]): body for key, body in more.items()}
    return pdf({1: CATALOG % catalog, 2: PAGES, 3: PAGE % page, **extra})


def updated(content: bytes, objects: dict[int, bytes]) -> bytes:
    """Append a revision; each value is a whole object with a line break before it."""
    previous = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
    table = b""
    for number, body in objects.items():
        table += b"%d 1\n%010d 00000 n \n" % (number, len(content) + 1)
        content += body
    trailer = b"trailer\n<< /Size 20 /Root 1 0 R /Prev %d >>\n" % previous
    place = len(content)
    return content + b"xref\n%s%sstartxref\n%d\n%%%%EOF\n" % (table, trailer, place)


def of_size(size: int) -> bytes:
    """One page and a stream of noise that brings the file to about ``size`` bytes."""
    noise = bytes(range(256)) * (size // 256)
    return plain(page=b"/Contents 4 0 R", o4=stream(b"", noise))


def stream(entries: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def of_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 3 + count))
    tree = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    pages = {number: PAGE % b"" for number in range(3, 3 + count)}
    return pdf({1: CATALOG % b"", 2: tree, **pages})


def deep_page_tree(depth: int) -> bytes:
    objects = {1: CATALOG % b""}
    for number in range(2, 2 + depth):
        objects[number] = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 1)
    objects[2 + depth] = PAGE % b""
    return pdf(objects)


def circular_page_tree() -> bytes:
    loop = b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"
    return pdf({1: CATALOG % b"", 2: loop})


def cross_reference_loop() -> bytes:
    """The trailer's /Prev points to its own table."""
    good = plain()
    table = good.rindex(b"xref\n0 ")
    return good.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % table)


def deep_array(depth: int) -> bytes:
    return plain(catalog=b"/OpenAction " + b"[" * depth + b"]" * depth)


def object_streams(
    members: Mapping[int, bytes],
    *,
    padding: int = 0,
    places: Mapping[int, int] | None = None,
) -> bytes:
    """A file whose objects live in one compressed object stream (number 10).

    ``places``: what the table says instead of the truth, by object number.
    ``padding`` zero-like bytes are appended to the stream before compression.
    """
    bodies = b"".join(body + b" " for body in members.values())
    index, offset = b"", 0
    for number, body in members.items():
        index += b"%d %d " % (number, offset)
        offset += len(body) + 1
    packed = zlib.compress(index + bodies + b" " * padding, 9)
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    container = len(out)
    entries = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode"
    body = stream(entries % (len(members), len(index)), packed)
    out += b"10 0 obj\n%s\nendobj\n" % body
    table = len(out)
    rows = [_row(0, 0, 255)]
    position = {number: place for place, number in enumerate(members)}
    position |= places or {}
    for number in range(1, 12):
        if number in position:
            rows.append(_row(2, 10, position[number]))
        elif number in (10, 11):
            rows.append(_row(1, container if number == 10 else table, 0))
        else:
            rows.append(_row(0, 0, 0))
    entries = b"/Type /XRef /Size 12 /W [1 4 1] /Root 1 0 R"
    out += b"11 0 obj\n%s\nendobj\n" % stream(entries, b"".join(rows))
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)


def _row(kind: int, second: int, third: int) -> bytes:
    return bytes([kind]) + second.to_bytes(4, "big") + bytes([third])


def plain_in_object_streams(*, padding: int = 0) -> bytes:
    members = {1: CATALOG % b"", 2: PAGES, 3: PAGE % b""}
    return object_streams(members, padding=padding)


def hybrid() -> bytes:
    """A classical table whose trailer names a cross-reference stream as well."""
    objects = {1: CATALOG % b"", 2: PAGES, 3: PAGE % b""}
    body = pdf(objects, size=5)
    rows = _row(0, 0, 255)
    entries = b"/Type /XRef /Size 5 /Index [0 1] /W [1 4 1] /Root 1 0 R"
    hidden = b"4 0 obj\n%s\nendobj\n" % stream(entries, rows)
    table = body.index(b"xref\n0 ")
    moved = body[:table] + hidden + body[table:]
    return moved.replace(
        b"/Root 1 0 R >>\nstartxref\n%d" % table,
        b"/Root 1 0 R /XRefStm %d >>\nstartxref\n%d" % (table, table + len(hidden)),
    )
