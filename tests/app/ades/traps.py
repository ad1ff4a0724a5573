"""Documents that hide something: one per way, made from bytes. see ``test_traps``."""

from tests.app.ades import pdfs
from tests.app.ades.pdfs import plain, stream

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
TEXT = b"BT /F1 24 Tf 72 720 Td (I rent the flat.) Tj ET"
RESOURCES = b"/Resources << /Font << /F1 8 0 R >> >>"
SCRIPT = b"<< /S /JavaScript /JS (app.alert) >>"
AREA = b"/Rect [100 100 300 200]"
FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 200 100]"
PICTURE = stream(FORM, b"1 0 0 rg 0 0 200 100 re f")
BLANK = stream(FORM, b"")


def text_page(page: bytes = b"", catalog: bytes = b"", **more: bytes) -> bytes:
    """One page with a line of text: objects 8 (font) and 9 (content)."""
    return plain(
        catalog=catalog,
        page=b"/Contents 9 0 R " + RESOURCES + b" " + page,
        o8=FONT,
        o9=stream(b"", TEXT),
        **more,
    )


def opening(action: bytes, **more: bytes) -> bytes:
    return text_page(catalog=b"/OpenAction " + action, **more)


def annotated(annotation: bytes, **more: bytes) -> bytes:
    return text_page(page=b"/Annots [4 0 R]", o4=annotation, **more)


def link(action: bytes) -> bytes:
    return annotated(b"<< /Subtype /Link %s /A %s >>" % (AREA, action))


def linked(count: int) -> bytes:
    """A page with that many links inside the document, each an object with another."""
    kids = b" ".join(b"%d 0 R" % (10 + 2 * n) for n in range(count))
    links = {}
    for n in range(count):
        body = b"<< /Type /Annot /Subtype /Link %s /A %d 0 R >>" % (AREA, 11 + 2 * n)
        links[f"o{10 + 2 * n}"] = body
        links[f"o{11 + 2 * n}"] = b"<< /S /GoTo /D [3 0 R /Fit] >>"
    return text_page(page=b"/Annots [%s]" % kids, **links)


def stamp(entries: bytes) -> bytes:
    """A stamp with an appearance (object 5)."""
    body = b"<< /Subtype /Stamp %s /AP << /N 5 0 R >> %s >>" % (AREA, entries)
    return annotated(body, o5=PICTURE)


def form(field: bytes, form: bytes = b"", **more: bytes) -> bytes:
    """One field (object 4) that is its own widget on the page."""
    return text_page(
        catalog=b"/AcroForm << /Fields [4 0 R] %s >>" % form,
        page=b"/Annots [4 0 R]",
        o4=b"<< /Subtype /Widget /T (a) /F 4 %s %s >>" % (AREA, field),
        **more,
    )


def box(entries: bytes) -> bytes:
    """A box to tick, with a picture for each of its two states."""
    pictures = b"/AP << /N << /Yes 5 0 R /Off 6 0 R >> >>"
    return form(b"/FT /Btn %s %s" % (pictures, entries), o5=PICTURE, o6=BLANK)


def drawing(
    entries: bytes, data: bytes = b"", name: bytes = b"X", **more: bytes
) -> bytes:
    """A page that draws one XObject (object 5)."""
    return plain(
        page=b"/Contents 4 0 R /Resources << /XObject << /%s 5 0 R >> >>" % name,
        o4=stream(b"", b"/%s Do" % name),
        o5=stream(entries, data),
        **more,
    )


def image(
    entries: bytes = b"", data: bytes = b"\x80\x80\x80", name: bytes = b"X"
) -> bytes:
    size = b"/Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceRGB"
    kind = b"/Type /XObject /Subtype /Image "
    return drawing(kind + size + b" " + entries, data, name)


def picture_only() -> bytes:
    """A scanned page: one image from edge to edge."""
    return plain(
        page=b"/Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >>",
        o4=stream(b"", b"q 595 0 0 842 0 0 cm /X Do Q"),
        o5=stream(
            b"/Type /XObject /Subtype /Image /Width 2 /Height 2"
            b" /BitsPerComponent 8 /ColorSpace /DeviceGray",
            b"\x00\x80\xc0\xff",
        ),
    )


def typeset() -> bytes:
    """As TeX writes it: object streams, bookmarks, named places, no form."""
    return pdfs.object_streams(
        {
            1: pdfs.CATALOG
            % b"/Outlines 5 0 R /OpenAction [3 0 R /Fit] /PageMode /UseOutlines"
            b" /Names << /Dests << /Names [(page.1) [3 0 R /XYZ 0 842 null]] >> >>",
            2: pdfs.PAGES,
            3: pdfs.PAGE % b"/Annots [7 0 R] /Resources << /Font << /JS 4 0 R >> >>",
            4: FONT,
            5: b"<< /Type /Outlines /First 6 0 R /Last 6 0 R /Count 1 >>",
            6: b"<< /Title (One) /Parent 5 0 R /A << /S /GoTo /D (page.1) >> >>",
            7: b"<< /Type /Annot /Subtype /Link /Rect [1 1 9 9] /Border [0 0 0]"
            b" /A << /S /GoTo /D (page.1) >> >>",
        }
    )


def tagged() -> bytes:
    """As office programs write it: a structure tree with names of its own."""
    return text_page(
        catalog=b"/MarkInfo << /Marked true >> /StructTreeRoot 4 0 R"
        b" /ViewerPreferences << /DisplayDocTitle true /EF 0 >> /Lang (en)",
        page=b"/StructParents 0 /Tabs /S /Group << /Type /Group /S /Transparency >>",
        o4=b"<< /Type /StructTreeRoot /K [5 0 R] >>",
        o5=b"<< /Type /StructElem /S /Launch /P 4 0 R /Pg 3 0 R /K 0 >>",
    )


def printed_form() -> bytes:
    """A signature field waits, unsigned and invisible, as templates have it."""
    return text_page(
        catalog=b"/AcroForm << /Fields [4 0 R] /SigFlags 1 /NeedAppearances true >>",
        page=b"/Annots [4 0 R]",
        o4=b"<< /Subtype /Widget /FT /Sig /T (sign) /F 132 /Rect [0 0 0 0] >>",
    )


def dangling() -> bytes:
    """References to objects that are not there mean null (§7.3.10)."""
    return text_page(page=b"/Annots [77 0 R] /Thumb 78 0 R")
