"""What is shown must be all there is: one document per trap, and ordinary ones."""

import shutil
import subprocess
from pathlib import Path

import pytest

from app.ades.documents import Documents
from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.reports import FindingKind
from tests.app.ades import pdfs, traps
from tests.app.ades.pki import NOW
from tests.app.ades.traps import AREA, BLANK, PICTURE, SCRIPT

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


FOUND = [
    pytest.param(
        traps.link(b"<< /S /SubmitForm /F (x) >>"),
        FindingKind.SUBMIT_ACTION,
        id="sends-on-request",
    ),
    pytest.param(
        traps.link(b"<< /S /URI /URI (https://a.example) >>"),
        FindingKind.WEB_LINK,
        id="web-link",
    ),
    pytest.param(
        traps.link(b"<< /S /GoToR /F (other.pdf) /D [0 /Fit] >>"),
        FindingKind.EXTERNAL_LINK,
        id="link-to-a-file",
    ),
    pytest.param(
        traps.link(b"<< /S /GoToE /D [0 /Fit] /T << /R /C /N (a) >> >>"),
        FindingKind.EXTERNAL_LINK,
        id="link-to-an-attachment",
    ),
    pytest.param(
        traps.link(b"<< /S /SetOCGState /State [/OFF 4 0 R] >>"),
        FindingKind.HIDDEN_LAYERS,
        id="link-switches-layers",
    ),
    pytest.param(
        traps.text_page(
            catalog=b"/OCProperties << /OCGs [4 0 R] /D << /OFF [4 0 R] >> >>",
            o4=b"<< /Type /OCG /Name (draft) >>",
        ),
        FindingKind.HIDDEN_LAYERS,
        id="layer",
    ),
    pytest.param(
        traps.text_page(
            catalog=b"/OCProperties << /D << /OFF [4 0 R] >> >>",
            o4=b"<< /Type /OCG /Name (draft) >>",
        ),
        FindingKind.HIDDEN_LAYERS,
        id="layer-that-is-not-listed",
    ),
    pytest.param(
        traps.text_page(
            catalog=b"/Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >>",
            o4=b"<< /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> >>",
            o5=pdfs.stream(b"", b"MZ"),
        ),
        FindingKind.EMBEDDED_FILE,
        id="attachment",
    ),
    pytest.param(
        traps.annotated(
            b"<< /Subtype /FileAttachment %s /FS << /EF << /F 5 0 R >> >> >>" % AREA,
            o5=pdfs.stream(b"", b"MZ"),
        ),
        FindingKind.EMBEDDED_FILE,
        id="attachment-on-a-page",
    ),
    pytest.param(
        traps.annotated(b"<< /Subtype /RichMedia %s >>" % AREA),
        FindingKind.RICH_MEDIA,
        id="film",
    ),
    pytest.param(traps.form(b"/FT /Tx"), FindingKind.FORM_FIELD, id="empty-field"),
    pytest.param(
        traps.box(b"/V /Off /AS /Yes"),
        FindingKind.FORM_CONTRADICTS,
        id="drawn-ticked-stored-unticked",
    ),
    pytest.param(
        traps.box(b"/V /Yes /AS /Off"),
        FindingKind.FORM_CONTRADICTS,
        id="drawn-unticked-stored-ticked",
    ),
    pytest.param(traps.stamp(b"/F 6"), FindingKind.HIDDEN_CONTENT, id="hidden-stamp"),
    pytest.param(traps.stamp(b"/F 32"), FindingKind.HIDDEN_CONTENT, id="unseen-stamp"),
    pytest.param(
        traps.stamp(b"/F 0"), FindingKind.HIDDEN_CONTENT, id="stamp-not-on-paper"
    ),
    pytest.param(
        traps.stamp(b"/F 4 /CA 0"), FindingKind.HIDDEN_CONTENT, id="transparent-stamp"
    ),
    pytest.param(
        traps.annotated(b"<< /Subtype /FreeText %s /F 4 /Contents (hi) >>" % AREA),
        FindingKind.SELF_DRAWN,
        id="note-without-a-picture",
    ),
    pytest.param(
        traps.annotated(
            b"<< /Subtype /Stamp %s /F 4 /AP << /N 5 0 R /R 6 0 R >> >>" % AREA,
            o5=PICTURE,
            o6=BLANK,
        ),
        FindingKind.CHANGES_WHEN_TOUCHED,
        id="another-picture-when-pointed-at",
    ),
]


@pytest.mark.parametrize(("original", "kind"), FOUND)
def test_what_a_person_may_want_to_know_is_found(
    documents: Documents, original: bytes, kind: FindingKind
) -> None:
    prepared = documents.prepare(original, signed_at=NOW)

    assert kind in {finding.kind for finding in prepared.findings}


ORDINARY = [
    pytest.param(traps.text_page(), id="text"),
    pytest.param(traps.picture_only(), id="scan"),
    pytest.param(traps.image(), id="image"),
    pytest.param(traps.typeset(), id="typeset"),
    pytest.param(traps.tagged(), id="tagged"),
    pytest.param(traps.printed_form(), id="empty-signature-field"),
    pytest.param(traps.dangling(), id="references-to-nothing"),
    pytest.param(traps.stamp(b"/F 4"), id="stamp"),
    pytest.param(
        traps.annotated(
            b"<< /Subtype /Stamp /Rect [9 9 9 9] /F 2 /AP << /N 5 0 R >> >>", o5=PICTURE
        ),
        id="hidden-stamp-without-area",
    ),
    pytest.param(traps.opening(b"<< /S /Named /N /Print >>"), id="prints-itself"),
    pytest.param(traps.link(b"<< /S /GoTo /D [3 0 R /Fit] >>"), id="link-inside"),
    pytest.param(
        traps.text_page(catalog=b"/OCProperties << /OCGs [] /D << >> >>"),
        id="no-layers",
    ),
    pytest.param(
        traps.text_page(catalog=b"/Names << /JavaScript << /Names [] >> >>"),
        id="no-scripts",
    ),
    pytest.param(pdfs.of_pages(50), id="fifty-pages"),
]


@pytest.mark.parametrize("original", ORDINARY)
def test_an_ordinary_document_has_no_findings(
    documents: Documents, original: bytes
) -> None:
    assert documents.prepare(original, signed_at=NOW).findings == ()


def test_a_ticked_box_does_not_contradict_itself(documents: Documents) -> None:
    prepared = documents.prepare(traps.box(b"/V /Yes /AS /Yes"), signed_at=NOW)

    assert [found.kind for found in prepared.findings] == [FindingKind.FORM_FIELD]


def test_a_filled_field_with_its_picture_is_only_a_form(documents: Documents) -> None:
    original = traps.form(b"/FT /Tx /V (1000) /AP << /N 5 0 R >>", o5=PICTURE)

    prepared = documents.prepare(original, signed_at=NOW)

    assert [found.kind for found in prepared.findings] == [FindingKind.FORM_FIELD]


@pytest.fixture(scope="module")
def browser_made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A page printed to PDF by a browser."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no browser here")
    folder: Path = tmp_path_factory.mktemp("browser")
    (folder / "page.html").write_text("<h1>Umowa</h1><p>Zażółć gęślą jaźń, 1200 €")
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu"),
            *(f"--user-data-dir={folder}/profile", "--no-pdf-header-footer"),
            *(f"--print-to-pdf={folder}/page.pdf", f"file://{folder}/page.html"),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return (folder / "page.pdf").read_bytes()


def test_a_document_printed_by_a_browser_has_no_findings(
    documents: Documents, browser_made: bytes
) -> None:
    assert documents.prepare(browser_made, signed_at=NOW).findings == ()


def test_a_document_printed_by_a_browser_can_be_read_aloud(
    documents: Documents, browser_made: bytes
) -> None:
    prepared = documents.prepare(browser_made, signed_at=NOW)

    assert "Zażółć gęślą jaźń" in documents.page_text(prepared.content, page=1)
