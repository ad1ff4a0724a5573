"""Draw ``lease.pdf``: one page, PDF 1.7, standard fonts, no date, always same bytes.

``python -m wallet_emulator.sample.lease`` writes it beside this file; a test compares.
The lease, its parties and its place are invented.
"""

from pathlib import Path
from typing import Final

LEASE_FILE: Final = Path(__file__).with_name("lease.pdf")
_A4: Final = (595, 842)
_LEFT: Final = 72
_LABEL_WIDTH: Final = 118
_INK: Final = "0.13 0.16 0.20 rg"
_GREY: Final = "0.42 0.45 0.50 rg"
_BLUE: Final = "0.09 0.30 0.56 rg"
_REGULAR, _BOLD, _ITALIC = "F1", "F2", "F3"
_FONTS: Final = {
    _REGULAR: "Helvetica",
    _BOLD: "Helvetica-Bold",
    _ITALIC: "Helvetica-Oblique",
}

_FACTS: Final = (
    ("Landlord", "Hausverwaltung Beispiel GmbH, Musterallee 1, 00000 Musterstadt"),
    ("Tenant", "Erika Mustermann"),
    ("Flat", "2 rooms, third floor left, Lindenweg 7, 00000 Musterstadt"),
    ("Begins", "1 January 2027, for an indefinite period"),
    ("Rent", "EUR 640.00 per month, plus EUR 95.00 for heating and water"),
    ("Deposit", "EUR 1,280.00, payable in two instalments"),
)
_CLAUSES: Final = (
    ("1  Use", "The flat is let for living in. Two bicycles may stand in the yard."),
    ("2  Payment", "Rent is due on the third working day of each month."),
    ("3  Notice", "Either party may end this lease as the law provides."),
    ("4  House rules", "Quiet hours are from 22:00 to 6:00. The piano is welcome."),
    ("5  Repairs", "The landlord keeps the flat fit for use; the tenant reports harm."),
)


def draw_lease() -> bytes:
    """The whole file."""
    content = "\n".join(_page()).encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _page_object(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        *(_font(name) for name in _FONTS.values()),
        b"<< /Title (Lease) /Creator (wallet-emulator sample) >>",
    ]
    return _file(objects)


def _page() -> list[str]:
    drawing = [_BLUE, f"0 {_A4[1] - 14} {_A4[0]} 14 re f"]
    drawing += [
        _text(_LEFT, 764, "Lease", font=_BOLD, size=30, ink=_INK),
        _text(_LEFT, 742, "of a flat in Musterstadt", size=13, ink=_GREY),
        _text(
            _LEFT,
            716,
            "Sample for testing. Nobody rents anything.",
            font=_ITALIC,
            size=9,
            ink=_GREY,
        ),
    ]
    y = 676
    for label, value in _FACTS:
        drawing.append(_text(_LEFT, y, label, font=_BOLD, size=10.5, ink=_BLUE))
        drawing.append(_text(_LEFT + _LABEL_WIDTH, y, value, size=10.5, ink=_INK))
        drawing.append(_rule(y - 8))
        y -= 26
    y -= 18
    for title, clause in _CLAUSES:
        drawing.append(_text(_LEFT, y, title, font=_BOLD, size=11, ink=_INK))
        drawing.append(_text(_LEFT, y - 16, clause, size=10.5, ink=_INK))
        y -= 46
    drawing += [
        _text(_LEFT, 150, "Musterstadt, in November 2026", size=10.5, ink=_INK),
        _text(_LEFT, 96, "Landlord: agreed by letter", size=9, ink=_GREY),
        _text(340, 96, "Tenant: signs electronically", size=9, ink=_GREY),
        _rule(110, _LEFT, 255),
        _rule(110, 340, 523),
        _text(_LEFT, 44, "Page 1 of 1", size=8, ink=_GREY),
    ]
    return drawing


def _text(
    x: float, y: float, text: str, *, font: str = _REGULAR, size: float, ink: str
) -> str:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"{ink} BT /{font} {size} Tf {x} {y} Td ({escaped}) Tj ET"


def _rule(y: float, left: float = _LEFT, right: float = 523) -> str:
    return f"0.80 0.83 0.87 RG 0.6 w {left} {y} m {right} {y} l S"


def _page_object() -> bytes:
    first_font = 5
    fonts = " ".join(f"/{key} {first_font + i} 0 R" for i, key in enumerate(_FONTS))
    return (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_A4[0]} {_A4[1]}] "
        f"/Contents 4 0 R /Resources << /Font << {fonts} >> >> >>"
    ).encode("ascii")


def _font(name: str) -> bytes:
    return (
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} "
        "/Encoding /WinAnsiEncoding >>"
    ).encode("ascii")


def _file(objects: list[bytes]) -> bytes:
    """Header, numbered objects, cross-reference table, trailer (ISO 32000-1 §7.5)."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (
        len(objects) + 1,
        len(objects),
    )
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


if __name__ == "__main__":
    LEASE_FILE.write_bytes(draw_lease())
