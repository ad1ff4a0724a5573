"""PDFs to bring along, with words on every page."""

from playwright.sync_api import FilePayload

from tests.app.ades.pdfs import pdf

WORDS = b"BT /F1 24 Tf 72 700 Td (This is page %d of %d.) Tj ET"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def document(name: str, *, pages: int) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": pages_of(pages)}


def pages_of(count: int) -> bytes:
    """A4 pages that say which one they are."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(count))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        2: b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count),
        3: FONT,
    }
    for number in range(count):
        words = WORDS % (number + 1, count)
        place = 4 + 2 * number
        objects[place] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (place + 1)
        )
        objects[place + 1] = b"<< /Length %d >>\nstream\n%s\nendstream" % (
            len(words),
            words,
        )
    return pdf(objects)
