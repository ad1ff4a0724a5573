"""What a person is told of a document, and that ordinary ones raise no alarm."""

import shutil
import subprocess
from pathlib import Path

import pytest

from app.ades.documents import Documents
from app.ades.reports import FindingKind
from tests.app.ades import pdfs, traps
from tests.app.ades.pki import NOW
from tests.app.ades.traps import AREA, BLANK, PICTURE

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
