"""What is appended to a document to sign it is a signature, or is refused by name."""

from collections.abc import Sequence

import pytest

from app.ades import increments
from app.ades.errors import IncrementError
from tests.app.ades import additions as a
from tests.app.ades import pdfs
from tests.app.ades.additions import Addition

ORIGINAL = a.original()
HONEST = Addition()
NOTE = (
    b"<< /Type /Annot /Subtype /FreeText /Rect [9 9 99 99] /Contents (I owe nothing) >>"
)
UNREADABLE = "The file cannot be read reliably."
SCRIPT = b"<< /Type /Action /S /JavaScript /JS (app.alert(1)) >>"


def test_an_honest_addition_passes() -> None:
    """Guards the tables: each row differs from this one by one thing."""
    content = HONEST.to(ORIGINAL)

    byte_range = increments.check(content, len(ORIGINAL))

    before = content.index(a.HOLE)
    resume = before + len(a.HOLE)
    assert byte_range == (0, before, resume, len(content) - resume)


def test_the_same_addition_passes_when_it_is_signed() -> None:
    content = HONEST.to(ORIGINAL).replace(a.HOLE, b"<" + b"3f" * 32 + b">")

    assert increments.check(content, len(ORIGINAL))[0] == 0


SHOWN = [
    ("annotation-added", {3: a.page(b" 16 0 R 18 0 R"), 18: NOTE},
     "Not exactly one entry was added to /Annots."),
    ("annotation-instead", {3: a.page(b" 18 0 R"), 18: NOTE},
     "The page got another annotation than the signature."),
    ("annotation-unlinked", {18: NOTE}, "An annotation was added (object 18)."),
    ("annotation-inline", {3: a.page(b" 16 0 R " + NOTE)},
     "Not exactly one entry was added to /Annots."),
    ("annotation-inline-instead", {3: a.page(b" " + NOTE)},
     "What was added to /Annots is no reference."),
    ("annotation-removed", {3: a.page().replace(b"7 0 R", b"")},
     "Not exactly one entry was added to /Annots."),
    ("content-replaced", {5: a.PARTS[13]}, "Page content was replaced (object 5)."),
    ("content-exchanged",
     {3: a.page().replace(b"/Contents 5", b"/Contents 13")},
     "The page was changed: /Contents."),
    ("page-added",
     {2: b"<< /Type /Pages /Kids [3 0 R 4 0 R 18 0 R] /Count 3 >>", 18: a.PARTS[4]},
     "The page tree was replaced (object 2)."),
    ("page-removed", {2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"},
     "The page tree was replaced (object 2)."),
    ("pages-reordered", {2: b"<< /Type /Pages /Kids [4 0 R 3 0 R] /Count 2 >>"},
     "The page tree was replaced (object 2)."),
    ("page-unlinked", {18: a.PARTS[4]}, "A page was added (object 18)."),
    ("another-page-replaced", {4: a.PARTS[4].replace(b"13 0 R", b"5 0 R")},
     "A page was replaced (object 4)."),
    ("page-turned", {3: a.page().replace(b"/Parent", b"/Rotate 180 /Parent")},
     "The page was changed: /Rotate."),
    ("page-cropped", {3: a.page().replace(b"842]", b"421]")},
     "The page was changed: /MediaBox."),
    ("font-replaced", {8: a.PARTS[8].replace(b"Helvetica", b"Symbol")},
     "A font was replaced (object 8)."),
    ("font-exchanged",
     {3: a.page().replace(b"/F1 8", b"/F1 18"), 18: a.PARTS[8]},
     "The page was changed: /Resources."),
    ("layer-shown", {1: a.catalog().replace(b"/OFF [9 0 R]", b"/OFF []")},
     "The catalog was changed: /OCProperties."),
    ("layer-replaced", {9: a.PARTS[9].replace(b"Small", b"Large")},
     "A layer was replaced (object 9)."),
    ("value-changed", {7: a.PARTS[7].replace(b"(100)", b"(999)")},
     "A form field was replaced (object 7)."),
    ("value-redrawn", {11: a.PARTS[11].replace(b"(100)", b"(999)")},
     "A drawing was replaced (object 11)."),
    ("script-on-opening", {1: a.catalog(b"/OpenAction 18 0 R"), 18: SCRIPT},
     "The catalog was changed: /OpenAction."),
    ("script-inline", {1: a.catalog(b"/OpenAction " + SCRIPT)},
     "The catalog was changed: /OpenAction."),
    ("script-unlinked", {18: SCRIPT}, "An action was added (object 18)."),
    ("script-of-the-page", {3: a.page().replace(b"/Parent", b"/AA << >> /Parent")},
     "The page was changed: /AA."),
    ("script-of-the-field", {16: a.FIELD.replace(b"/TU", b"/AA << >> /TU")},
     "The signature field is not ours: /AA."),
    ("file-embedded",
     {1: a.catalog(b"/Names << /EmbeddedFiles << /Names [] >> >>")},
     "The catalog was changed: /Names."),
    ("file-unlinked", {18: pdfs.stream(b"/Type /EmbeddedFile", b"MZ")},
     "An embedded file was added (object 18)."),
    ("metadata-replaced", {10: a.PARTS[10].replace(b"<x/>", b"<y/>")},
     "Metadata was replaced (object 10)."),
    ("title-replaced", {14: b"<< /Title (Gift) >>"},
     "A dictionary was replaced (object 14)."),
    ("material-for-validation", {1: a.catalog(b"/DSS 18 0 R"), 18: b"<< >>"},
     "The catalog was changed: /DSS."),
    ("material-unlinked", {18: b"<< /Type /DSS /Certs [] >>"},
     "Validation material was added (object 18)."),
    ("certification", {1: a.catalog(b"/Perms << /DocMDP 17 0 R >>")},
     "The catalog was changed: /Perms."),
    ("object-stream", {18: pdfs.stream(b"/Type /ObjStm /N 0 /First 0", b"")},
     "An object stream was added (object 18)."),
    ("list-unlinked", {18: b"[1 2]"}, "A list was added (object 18)."),
    ("catalog-of-other-pages", {1: a.catalog().replace(b"/Pages 2", b"/Pages 18"),
     18: a.PARTS[2]}, "The catalog was changed: /Pages."),
    ("catalog-a-stream", {1: pdfs.stream(a.catalog()[2:-2], b"")},
     "/Root is no dictionary."),
]  # fmt: skip

# Shadow attacks: what was planted in the original shows when it is signed.
SHADOWS = [
    ("hide-the-overlay-goes", Addition(places={12: b"0000000000 00001 f \n"},
     objects={12: None}), "Object 12 is taken away."),
    ("hide-the-overlay-is-emptied", Addition(objects={12: pdfs.stream(
        b"/Type /XObject /Subtype /Image /Width 0 /Height 0", b"")}),
     "A picture was replaced (object 12)."),
    ("replace-the-overlay", Addition(objects={11: pdfs.stream(
        b"/Type /XObject /Subtype /Form /BBox [0 0 90 20]", b"(999) Tj")}),
     "A drawing was replaced (object 11)."),
    ("replace-the-glyphs", Addition(objects={8: b"<< /Type /Font /Subtype /Type3 >>"}),
     "A font was replaced (object 8)."),
    ("hide-and-replace-by-reference",
     Addition(places={5: b"%010d 00000 n \n" % ORIGINAL.index(b"13 0 obj")},
              objects={5: None}),
     "Object 5 is one of the original's again."),
    ("hide-and-replace-by-usage", Addition(objects={
        2: b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>"}),
     "The page tree was replaced (object 2)."),
    ("hide-and-replace-the-catalog", Addition(
        objects={18: a.catalog()}, trailer=a.TRAILER.replace(b"1 0 R", b"18 0 R")),
     "The trailer was changed: /Root."),
    ("another-generation-of-the-catalog", Addition(generations={1: 1}),
     UNREADABLE),
    ("another-generation-of-content", Addition(
        objects={5: a.PARTS[13]}, generations={5: 1}),
     UNREADABLE),
]  # fmt: skip

FORMS = [
    ("fields-moved", {6: a.form().replace(b"[7 0 R 16 0 R]", b"18 0 R"),
     18: b"[7 0 R 16 0 R]"}, "form's /Fields points to another object."),
    ("field-in-an-old-place", {14: a.FIELD, 16: None, 6: a.form(b" 14 0 R"),
     3: a.page(b" 14 0 R")}, "The signature field is not a new object."),
    ("field-nowhere", {6: a.form(b" 99 0 R"), 3: a.page(b" 99 0 R")},
     "The signature field is not a new object."),
    ("second-field", {6: a.form(b" 16 0 R 18 0 R"), 18: a.FIELD},
     "Not exactly one entry was added to /Fields."),
    ("field-first", {6: a.form().replace(b"7 0 R 16 0 R", b"16 0 R 7 0 R")},
     "Not exactly one entry was added to /Fields."),
    ("field-lost", {6: a.form().replace(b"7 0 R 16 0 R", b"16 0 R")},
     "Not exactly one entry was added to /Fields."),
    ("fields-no-list", {6: a.form().replace(b"[7 0 R 16 0 R]", b"<< >>")},
     "The form was changed: /Fields."),
    ("field-not-listed", {6: a.form(b"")},
     "Not exactly one entry was added to /Fields."),
    ("no-flags", {6: a.form(more=b"")}, "The form was changed: /SigFlags."),
    ("other-flags", {6: a.form(more=b"/SigFlags 1")},
     "The form was changed: /SigFlags."),
    ("appearances", {6: a.form(more=b"/SigFlags 3 /NeedAppearances true")},
     "The form was changed: /NeedAppearances."),
    ("xfa", {6: a.form(more=b"/SigFlags 3 /XFA (x)")}, "The form was changed: /XFA."),
    ("other-font", {6: a.form().replace(b"/F1", b"/F2")}, "The form was changed: /DA."),
    ("form-exchanged",
     {1: a.catalog().replace(b"/AcroForm 6", b"/AcroForm 18"), 18: a.form()},
     "/AcroForm points to another object."),
    ("field-visible", {16: a.FIELD.replace(b"[0 0 0 0]", b"[0 0 90 90]")},
     "The signature field is not ours: /Rect."),
    ("field-drawn", {16: a.FIELD.replace(b"/TU", b"/AP << /N 11 0 R >> /TU")},
     "The signature field is not ours: /AP."),
    ("field-locks", {16: a.FIELD.replace(b"/TU", b"/Lock 9 0 R /TU")},
     "The signature field is not ours: /Lock."),
    ("field-flags", {16: a.FIELD.replace(b"132", b"4")},
     "The signature field is not ours: /F."),
    ("field-of-text", {16: a.FIELD.replace(b"/FT /Sig", b"/FT /Tx")},
     "The signature field is not ours: /FT."),
    ("field-kind-a-string", {16: a.FIELD.replace(b"/FT /Sig", b"/FT (/Sig)")},
     "The signature field is not ours: /FT."),
    ("field-described", {16: a.FIELD.replace(b"(Electronic", b"(Worthless")},
     "The signature field is not ours: /TU."),
    ("field-name-taken", {16: a.FIELD.replace(b"Signature1", b"Signature9")},
     "The signature field is not ours: /T."),
    ("field-name-free", {16: a.FIELD.replace(b"Signature1", b"I owe nothing")},
     "The signature field is not ours: /T."),
    ("field-on-no-page", {16: a.FIELD.replace(b"/P 3 0 R", b"/P 5 0 R")},
     "The signature field is on no page."),
    ("field-on-a-page-inline", {16: a.FIELD.replace(b"/P 3 0 R", b"/P << >>")},
     "The signature field is on no page."),
    ("field-on-another-page", {16: a.FIELD.replace(b"/P 3 0 R", b"/P 4 0 R")},
     "The page was changed: /Annots."),
    ("field-an-old-object", {6: a.form(b" 12 0 R"), 16: None},
     "The signature field is not a new object."),
    ("field-a-list", {16: b"[17 0 R]"}, "The signature field is no dictionary."),
    ("signature-an-old-object", {16: a.FIELD.replace(b"17 0 R", b"14 0 R")},
     "The signature is not a new object."),
    ("signature-rules", {17: a.SIGNATURE.replace(b"/M", b"/Reference [] /M")},
     "The signature is not ours: /Reference."),
    ("signature-reason", {17: a.SIGNATURE.replace(b"/M", b"/Reason (x) /M")},
     "The signature is not ours: /Reason."),
    ("signature-without-time",
     {17: a.SIGNATURE.replace(b"/M (D:20261120093000Z)", b"")},
     "The signature is not ours: /M."),
    ("signature-time", {17: a.SIGNATURE.replace(b"D:2026", b"I owe nothing")},
     "The signature is not ours: /M."),
    ("signature-kind", {17: a.SIGNATURE.replace(b"CAdES", b"RFC3161")},
     "The signature is not ours: /SubFilter."),
    ("extension", {1: a.catalog(a.EXTENSION.replace(b"Level 1", b"Level 9"))},
     "The extension is not ours: /ExtensionLevel."),
    ("extension-url",
     {1: a.catalog(a.EXTENSION.replace(b"1 >>", b"1 /URL (http://x) >>"))},
     "The extension is not ours."),
    ("second-extension", {1: a.catalog(a.EXTENSION[:-3] + b" /ADBE << >> >>")},
     "The catalog's extensions was changed: /ADBE."),
    ("version", {1: a.catalog(b"/Version /2.0")},
     "The catalog was changed: /Version."),
]  # fmt: skip


def named(rows: Sequence[tuple[str, object, str]]) -> list[object]:
    return [pytest.param(what, sentence, id=name) for name, what, sentence in rows]


@pytest.mark.parametrize(("objects", "sentence"), named([*SHOWN, *FORMS]))
def test_an_addition_with_another_object_is_refused(
    objects: dict[int, bytes | None], sentence: str
) -> None:
    with pytest.raises(IncrementError) as refused:
        increments.check(Addition(objects=objects).to(ORIGINAL), len(ORIGINAL))

    assert str(refused.value) == sentence


@pytest.mark.parametrize(("addition", "sentence"), named(SHADOWS))
def test_a_shadow_is_not_let_out(addition: Addition, sentence: str) -> None:
    """The RUB variants: hide, replace, hide and replace."""
    with pytest.raises(IncrementError) as refused:
        increments.check(addition.to(ORIGINAL), len(ORIGINAL))

    assert str(refused.value) == sentence
