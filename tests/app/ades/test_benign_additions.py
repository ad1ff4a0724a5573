"""What we append to ordinary and odd documents passes the check of additions."""

import importlib.resources
import re
from pathlib import Path

import pytest

from app.ades import increments, prepare
from app.ades.documents import Documents, Prepared
from app.ades.errors import IncrementError
from tests.app.ades import additions, earlier_signers, pdfs
from tests.app.ades.pki import NOW, Pki

LEASE = Path(__file__).parents[3] / "wallet_emulator" / "sample" / "lease.pdf"
SAMPLE = importlib.resources.files("app.ades") / "sample" / "signed.pdf"
FIELD = b"<< /FT /Sig /T (Signature1) /Rect [0 0 0 0] /Subtype /Widget /F 132 >>"
LOOSE = pdfs.plain(catalog=b"/AcroForm 4 0 R", o4=b"<< /Fields [] >>")


def linearized() -> bytes:
    """The first page's table stands in front (ISO 32000-2 Annex F)."""
    parts = {1: pdfs.CATALOG % b"", 2: pdfs.PAGES, 3: pdfs.PAGE % b""}
    written = {n: b"%d 0 obj\n%s\nendobj\n" % (n, body) for n, body in parts.items()}
    head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n4 0 obj\n<< /Linearized 1 >>\nendobj\n"
    first = b"xref\n3 2\n%010d 00000 n \n%010d 00000 n \ntrailer\n"
    trailer = b"<< /Size 5 /Root 1 0 R /Prev %010d >>\nstartxref\n0\n%%%%EOF\n"
    of_page = len(head) + len(first % (0, 0)) + len(trailer % 0)
    of_catalog = of_page + len(written[3])
    of_tree = of_catalog + len(written[1])
    main = of_tree + len(written[2])
    rows = (of_catalog, of_tree, len(head))
    return b"".join(
        (
            *(head, first % (of_page, head.index(b"4 0 obj")), trailer % main),
            *(written[3], written[1], written[2]),
            b"xref\n0 3\n0000000000 65535 f \n%010d 00000 n \n%010d 00000 n \n"
            b"trailer\n<< /Size 3 >>\nstartxref\n%d\n%%%%EOF\n" % rows,
        )
    )


SOURCES = {
    "classical-table": pdfs.plain(),
    "object-streams": pdfs.plain_in_object_streams(),
    "no-line-break-at-the-end": pdfs.plain().rstrip(),
    "white-space-at-the-end": pdfs.plain() + b"\n\r\n\0\0",
    "ten-pages": pdfs.of_pages(10),
    "linearized": linearized(),
    "two-revisions": pdfs.updated(pdfs.plain(), {19: b"\n19 0 obj\n<< >>\nendobj\n"}),
    "a-form-inside-the-catalog": pdfs.plain(catalog=b"/AcroForm << /Fields [] >>"),
    "a-form-of-its-own": LOOSE,
    "fields-of-their-own": pdfs.plain(
        catalog=b"/AcroForm << /Fields 4 0 R >>", o4=b"[]"
    ),
    "a-form-that-wants-drawing": pdfs.plain(
        catalog=b"/AcroForm << /Fields [] /NeedAppearances true >>"
    ),
    "a-field-of-our-name": pdfs.plain(
        catalog=b"/AcroForm << /Fields [4 0 R] /SigFlags 3 >>", o4=FIELD
    ),
    "annotations-of-their-own": pdfs.plain(page=b"/Annots 4 0 R", o4=b"[]"),
    "a-link": pdfs.plain(
        page=b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] >>]"
    ),
    "numbers-with-fractions": pdfs.plain(page=b"/CropBox [0.0 -.5 595.27563 841.0]"),
    "text-of-two-bytes": pdfs.plain(catalog=b"/Lang (\xfe\xff\0E\0N)"),
    "strings-with-signs": pdfs.plain(page=rb"/PZ (50% \) \\) /LastModified <2550>"),
    "names-with-signs": pdfs.plain(page=b"/A#20b /c#2Fd"),
    "an-old-version": pdfs.plain().replace(b"%PDF-1.7", b"%PDF-1.3"),
    "a-new-version": pdfs.plain().replace(b"%PDF-1.7", b"%PDF-2.0"),
    "an-extension": pdfs.plain(catalog=additions.EXTENSION),
    "an-extension-of-another": pdfs.plain(
        catalog=b"/Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 3 >> >>"
    ),
    "extensions-of-their-own": pdfs.plain(catalog=b"/Extensions 4 0 R", o4=b"<< >>"),
    "an-entry-in-the-trailer": pdfs.plain().replace(
        b"/Root", b"/DocChecksum /AB /ID [<aa> <bb>] /Root"
    ),
    "the-lease": LEASE.read_bytes(),
    "signed-by-us-before": SAMPLE.read_bytes(),
    "many-objects": additions.original(),
}


@pytest.mark.parametrize("original", SOURCES.values(), ids=SOURCES)
def test_what_we_append_passes(original: bytes) -> None:
    prepared = prepare.prepare(original, signed_at=NOW, max_pages=20)

    checked = increments.check(prepared.content, len(original))

    assert checked == prepared.byte_range


def test_a_signed_file_passes_as_its_prepared_file_does(
    documents: Documents, prepared: Prepared, signed: bytes
) -> None:
    checked_by = documents.require_only_a_signature(
        signed, prepared.original_length, prepared.byte_range
    )

    assert checked_by == prepared.checked_by == increments.TOOL


def test_a_file_signed_by_others_passes(documents: Documents, pki: Pki) -> None:
    theirs = earlier_signers.approved(pki.signer("TEST Ana Horvat"))

    assert documents.prepare(theirs, signed_at=NOW).checked_by == increments.TOOL


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(
            {19: b"\n19 0 obj\n<< /Type /DSS >>\nendobj\n"}, "one revision", id="dss"
        ),
        pytest.param(
            {3: b"\n3 0 obj\n" + pdfs.PAGE % b"/Rotate 90" + b"\nendobj\n"},
            "one revision",
            id="page-turned",
        ),
    ],
)
def test_a_signed_file_with_more_behind_is_not_delivered(
    documents: Documents,
    prepared: Prepared,
    signed: bytes,
    change: dict[int, bytes],
    sentence: str,
) -> None:
    with pytest.raises(IncrementError, match=sentence):
        documents.require_only_a_signature(
            pdfs.updated(signed, change), prepared.original_length, prepared.byte_range
        )


def test_a_signature_elsewhere_is_not_the_one_asked_for(
    documents: Documents, prepared: Prepared, signed: bytes
) -> None:
    start, before, resume, after = prepared.byte_range

    with pytest.raises(IncrementError, match="another ByteRange"):
        documents.require_only_a_signature(
            signed, prepared.original_length, (start, before, resume + 2, after - 2)
        )


def test_an_older_file_cannot_be_made_out_to_be_the_original(
    documents: Documents, signed: bytes
) -> None:
    """The person brought ``signed``; shorter originals would hide its signature."""
    prepared = documents.prepare(signed, signed_at=NOW)
    first = re.search(rb"%%EOF\n", signed)
    assert first is not None

    with pytest.raises(IncrementError, match="one revision"):
        documents.require_only_a_signature(
            prepared.content, first.end(), prepared.byte_range
        )
