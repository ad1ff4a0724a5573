"""What is shown must be all there is: one document per trap, each refused.

``test_findings`` guards this table: ordinary documents are accepted.
"""

import pytest

from app.ades.documents import Documents
from app.ades.errors import Refusal, UnsignableDocumentError
from tests.app.ades import pdfs, traps
from tests.app.ades.pki import NOW
from tests.app.ades.traps import AREA, PICTURE, SCRIPT

REFUSED = [
    pytest.param(traps.opening(SCRIPT), Refusal.SCRIPT, id="script-on-opening"),
    pytest.param(
        traps.opening(b"<< /S /Java#53cript /J#53 (x) >>"),
        Refusal.SCRIPT,
        id="script-spelled-with-escapes",
    ),
    pytest.param(
        traps.opening(b"<< /S 4 0 R /X (x) >>", o4=b"/JavaScript"),
        Refusal.SCRIPT,
        id="script-named-by-reference",
    ),
    pytest.param(
        traps.opening(b"<< /S /GoTo /Next [<< /S /GoTo /Next %s >>] >>" % SCRIPT),
        Refusal.SCRIPT,
        id="script-behind-two-other-actions",
    ),
    pytest.param(
        traps.text_page(catalog=b"/AA << /WP %s >>" % SCRIPT),
        Refusal.SCRIPT,
        id="script-before-printing",
    ),
    pytest.param(
        traps.text_page(page=b"/AA << /O %s >>" % SCRIPT),
        Refusal.SCRIPT,
        id="script-of-a-page",
    ),
    pytest.param(traps.link(SCRIPT), Refusal.SCRIPT, id="script-of-a-link"),
    pytest.param(
        traps.form(b"/FT /Tx /AA << /K %s >>" % SCRIPT),
        Refusal.SCRIPT,
        id="script-of-a-field",
    ),
    pytest.param(
        traps.text_page(
            catalog=b"/Names << /JavaScript << /Kids [4 0 R] >> >>",
            o4=b"<< /Names [(a) << /S /JavaScript /JS 5 0 R >>] >>",
            o5=pdfs.stream(b"", b"app.alert"),
        ),
        Refusal.SCRIPT,
        id="script-of-the-document",
    ),
    pytest.param(
        traps.text_page(
            catalog=b"/Outlines 4 0 R",
            o4=b"<< /First << /Title (a) /A %s >> >>" % SCRIPT,
        ),
        Refusal.SCRIPT,
        id="script-of-a-bookmark",
    ),
    pytest.param(
        traps.link(b"<< /S /Rendition /JS (app.alert) >>"),
        Refusal.SCRIPT,
        id="script-of-a-film",
    ),
    pytest.param(
        traps.text_page(catalog=b"/Whatever << /JS (app.alert) >>"),
        Refusal.SCRIPT,
        id="script-without-an-action",
    ),
    pytest.param(
        traps.link(b"<< /S /Launch /F (calc.exe) >>"),
        Refusal.LAUNCHES,
        id="link-starts-a-program",
    ),
    pytest.param(
        traps.opening(b"<< /S /GoToR /F (other.pdf) /D [0 /Fit] >>"),
        Refusal.LAUNCHES,
        id="opens-another-file-by-itself",
    ),
    pytest.param(
        traps.text_page(catalog=b"/AA << /WC << /S /SubmitForm /F (x) >> >>"),
        Refusal.LAUNCHES,
        id="document-sends-when-closed",
    ),
    pytest.param(
        traps.text_page(page=b"/AA << /O << /S /URI /URI (https://a.example) >> >>"),
        Refusal.LAUNCHES,
        id="page-opens-a-web-page-by-itself",
    ),
    pytest.param(
        traps.annotated(
            b"<< /Subtype /Link %s /AA << /E << /S /SubmitForm >> >> >>" % AREA
        ),
        Refusal.LAUNCHES,
        id="sends-when-pointed-at",
    ),
    pytest.param(
        traps.link(b"<< /S /ImportData /F (data.fdf) >>"),
        Refusal.EXTERNAL_CONTENT,
        id="takes-in-data",
    ),
    pytest.param(
        traps.image(b"/F (image.raw)"),
        Refusal.EXTERNAL_CONTENT,
        id="image-in-another-file",
    ),
    pytest.param(
        traps.image(b"/F (image.raw)", name=b"SE"),
        Refusal.EXTERNAL_CONTENT,
        id="image-in-another-file-named-to-be-left-out",
    ),
    pytest.param(
        traps.image(b"/F << /FS /URL /F (https://a.example/i) >>"),
        Refusal.EXTERNAL_CONTENT,
        id="image-on-the-web",
    ),
    pytest.param(
        pdfs.plain(page=b"/Contents 4 0 R", o4=pdfs.stream(b"/F (text.txt)", b"")),
        Refusal.EXTERNAL_CONTENT,
        id="page-content-in-another-file",
    ),
    pytest.param(
        traps.drawing(b"/Subtype /Form /BBox [0 0 9 9] /Ref << /F (b.pdf) /Page 0 >>"),
        Refusal.EXTERNAL_CONTENT,
        id="page-of-another-file",
    ),
    pytest.param(
        traps.image(b"/OPI << /2.0 << /F (big.tif) >> >>"),
        Refusal.EXTERNAL_CONTENT,
        id="better-picture-for-printers",
    ),
    pytest.param(
        traps.image(b"/Alternates [<< /Image 5 0 R /DefaultForPrinting true >>]"),
        Refusal.CHANGING_CONTENT,
        id="another-picture-on-paper",
    ),
    pytest.param(
        traps.drawing(b"/Subtype /PS"), Refusal.CHANGING_CONTENT, id="postscript"
    ),
    pytest.param(
        traps.link(b"<< /S /Hide /T (a) >>"),
        Refusal.CHANGING_CONTENT,
        id="link-hides-something",
    ),
    pytest.param(
        traps.opening(b"<< /S /SetOCGState /State [/OFF 4 0 R] >>"),
        Refusal.CHANGING_CONTENT,
        id="switches-layers-by-itself",
    ),
    pytest.param(
        traps.opening(b"<< /S /ResetForm >>"),
        Refusal.CHANGING_CONTENT,
        id="empties-the-form-by-itself",
    ),
    pytest.param(
        traps.text_page(page=b"/PresSteps << /Type /NavNode >>"),
        Refusal.CHANGING_CONTENT,
        id="page-in-steps",
    ),
    pytest.param(
        traps.text_page(catalog=b"/Names << /AlternatePresentations << >> >>"),
        Refusal.CHANGING_CONTENT,
        id="slide-show",
    ),
    pytest.param(
        traps.text_page(catalog=b"/Collection << /View /T >>"),
        Refusal.CHANGING_CONTENT,
        id="portfolio",
    ),
    pytest.param(
        traps.stamp(b"/F 36"), Refusal.CHANGING_CONTENT, id="stamp-only-on-paper"
    ),
    pytest.param(
        traps.stamp(b"/F 260"),
        Refusal.CHANGING_CONTENT,
        id="stamp-that-goes-when-pointed-at",
    ),
    pytest.param(
        traps.annotated(
            b"<< /Subtype /Widget %s /F 4 /AP << /N 5 0 R >> >>" % AREA, o5=PICTURE
        ),
        Refusal.CHANGING_CONTENT,
        id="field-that-is-in-no-form",
    ),
    pytest.param(
        traps.form(
            b"/FT /Tx /V (1000) /AP << /N 5 0 R >>",
            b"/NeedAppearances true",
            o5=PICTURE,
        ),
        Refusal.FORM_REDRAWN,
        id="form-asks-to-be-drawn-anew",
    ),
    pytest.param(
        traps.form(b"/FT /Tx /V (1000)"),
        Refusal.FORM_REDRAWN,
        id="value-without-a-picture",
    ),
    pytest.param(
        pdfs.of_pages(10).replace(b"/Count 10", b"/Count 9 "),
        Refusal.MALFORMED,
        id="pages-not-as-many-as-said",
    ),
    pytest.param(
        pdfs.plain().replace(b"/Type /Page ", b"/Type /Pags "),
        Refusal.MALFORMED,
        id="page-of-unknown-type",
    ),
    pytest.param(
        pdfs.plain(page=b"/Kids [4 0 R] /Count 1", o4=pdfs.PAGE % b""),
        Refusal.MALFORMED,
        id="page-that-is-a-branch-as-well",
    ),
    pytest.param(
        pdfs.pdf({1: pdfs.CATALOG % b"", 2: pdfs.PAGE % b""}),
        Refusal.MALFORMED,
        id="page-without-a-tree",
    ),
    pytest.param(
        pdfs.plain().replace(b"/Kids [3 0 R]", b"/Kids [9 0 R]"),
        Refusal.MALFORMED,
        id="page-that-is-not-there",
    ),
    pytest.param(
        traps.text_page().replace(
            b"/Contents 9 0 R", b"/Contents 9 0 R /Contents 8 0 R"
        ),
        Refusal.MALFORMED,
        id="page-with-two-contents",
    ),
]


@pytest.mark.parametrize(("original", "refusal"), REFUSED)
def test_a_trap_is_refused(
    documents: Documents, original: bytes, refusal: Refusal
) -> None:
    with pytest.raises(UnsignableDocumentError) as refused:
        documents.prepare(original, signed_at=NOW)

    assert refused.value.refusal is refusal
