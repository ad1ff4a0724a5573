"""A document, and what is appended to it to sign it: honest by default.

Written here from bytes, not by the writer of the product, so that each row of a table
can do one thing another way. Object 16 is the field, object 17 the signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.app.ades import pdfs

HOLE = b"<" + b"0" * 64 + b">"
RANGE = b"[0 1111111111 2222222222 3333333333]"
PARTS = {
    1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Metadata 10 0 R"
    b" /OCProperties << /OCGs [9 0 R] /D << /OFF [9 0 R] >> >> %s >>",
    2: b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
    3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R"
    b" /Resources << /Font << /F1 8 0 R >> /XObject << /Im 12 0 R >> >>"
    b" /Annots [7 0 R%s] >>",
    4: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 13 0 R >>",
    5: pdfs.stream(b"", b"BT /F1 12 Tf (You owe 100) Tj ET /Im Do"),
    6: b"<< /Fields [7 0 R%s] /DA (/F1 12 Tf) %s >>",
    7: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Signature9) /V (100)"
    b" /Rect [9 9 99 29] /F 4 /P 3 0 R /AP << /N 11 0 R >> >>",
    8: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    9: b"<< /Type /OCG /Name (Small print) >>",
    10: pdfs.stream(b"/Type /Metadata /Subtype /XML", b"<x/>"),
    11: pdfs.stream(b"/Type /XObject /Subtype /Form /BBox [0 0 90 20]", b"(100) Tj"),
    12: pdfs.stream(
        b"/Type /XObject /Subtype /Image /Width 1 /Height 1"
        b" /ColorSpace /DeviceGray /BitsPerComponent 8",
        b"\0",
    ),
    13: pdfs.stream(b"", b"BT (You owe 1000000) Tj ET"),
    14: b"<< /Title (Lease) >>",
}
FIELD = (
    b"<< /FT /Sig /T (Signature1) /Type /Annot /Subtype /Widget /F 132"
    b" /Rect [0 0 0 0] /P 3 0 R /TU (Electronic signature) /V 17 0 R >>"
)
SIGNATURE = (
    b"<< /Contents " + HOLE + b" /ByteRange " + RANGE + b" /Type /Sig"
    b" /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached"
    b" /M (D:20261120093000Z) >>"
)
EXTENSION = (
    b"/Extensions << /ESIC << /Type /DeveloperExtensions /BaseVersion /1.7"
    b" /ExtensionLevel 1 >> >>"
)
TRAILER = b"<< /Size %d /Root 1 0 R /Info 14 0 R /ID [<aa> <cc>] /Prev %d >>"


def original(more: bytes = b"") -> bytes:
    """``more``: entries of the catalog."""
    parts = {1: PARTS[1] % more, 3: PARTS[3] % b"", 6: PARTS[6] % (b"", b"")}
    content = pdfs.pdf({**PARTS, **parts})
    return content.replace(b"/Root 1 0 R", b"/Root 1 0 R /Info 14 0 R /ID [<aa> <bb>]")


def catalog(more: bytes = EXTENSION) -> bytes:
    return PARTS[1] % more


def form(fields: bytes = b" 16 0 R", more: bytes = b"/SigFlags 3") -> bytes:
    return PARTS[6] % (fields, more)


def page(annotations: bytes = b" 16 0 R") -> bytes:
    return PARTS[3] % annotations


@dataclass(frozen=True, kw_only=True)
class Addition:
    """``objects``: object number → what is written instead, ``None``: nothing.

    ``places``: rows of the table that lie; ``rows``: more of them. ``byte_range``: by
    how much each number but the first lies; ``at``: what it leaves out. ``between``:
    bytes before the table; ``behind``: bytes behind the end.
    """

    objects: Mapping[int, bytes | None] = field(default_factory=dict)
    places: Mapping[int, bytes] = field(default_factory=dict)
    generations: Mapping[int, int] = field(default_factory=dict)
    rows: bytes = b""
    trailer: bytes = TRAILER
    size: int | None = None
    byte_range: tuple[int, int, int] = (0, 0, 0)
    at: bytes = HOLE
    between: bytes = b""
    behind: bytes = b""

    def to(self, original: bytes) -> bytes:
        honest = {1: catalog(), 3: page(), 6: form(), 16: FIELD, 17: SIGNATURE}
        objects = {**honest, **self.objects}
        out, table = bytearray(original), b"0 1\n0000000000 65535 f \n"
        for number, body in sorted(objects.items()):
            if body is None and number not in self.places:
                continue
            generation = self.generations.get(number, 0)
            row = b"%010d %05d n \n" % (len(out), generation)
            table += b"%d 1\n%s" % (number, self.places.get(number, row))
            if body is not None:
                out += b"%d %d obj\n%s\nendobj\n" % (number, generation, body)
        out += self.between
        previous = int(original.rsplit(b"startxref\n", 1)[1].split()[0])
        size = self.size or max(objects) + 1
        trailer = self.trailer % (size, previous)
        ending = (table + self.rows, trailer, len(out))
        out += b"xref\n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % ending
        return self._with_byte_range(bytes(out)) + self.behind

    def _with_byte_range(self, content: bytes) -> bytes:
        before = content.index(self.at)
        resume = before + len(self.at)
        numbers = (before, resume, len(content) - resume)
        shifted = [one + by for one, by in zip(numbers, self.byte_range, strict=True)]
        return content.replace(RANGE, b"[0 %010d %010d %010d]" % tuple(shifted))
