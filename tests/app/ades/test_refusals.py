"""The hostile corpus: each file is refused with its sentence, within the limits."""

import time
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign.fields import MDPPerm

from app.ades.documents import Documents, Limits
from app.ades.errors import SENTENCES, Refusal, UnsignableDocumentError
from app.ades.prepare import prepare
from tests.app.ades import earlier_signers, pdfs
from tests.app.ades.pki import NOW, Pki, Signer

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
MIB = 1 << 20


def encrypted() -> bytes:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(pdfs.plain())))
    writer.encrypt(owner_pass="secret", user_pass="")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def certified(permission: int) -> bytes:
    """An author signature's dictionary as far as ``prepare`` reads it."""
    parameters = b"/TransformParams << /V /1.2 /P %d >>" % permission
    reference = b"<< /TransformMethod /DocMDP %s >>" % parameters
    return pdfs.plain(
        catalog=b"/Perms << /DocMDP 4 0 R >>",
        o4=b"<< /Type /Sig /Reference [%s] >>" % reference,
    )


def xfa() -> bytes:
    return pdfs.plain(catalog=b"/AcroForm << /Fields [] /XFA [(template) 4 0 R] >>")


CORPUS = [
    pytest.param(b"", Refusal.EMPTY_FILE, id="zero-bytes"),
    pytest.param(b"Dear Sir or Madam", Refusal.NOT_A_PDF, id="text"),
    pytest.param(PNG, Refusal.NOT_A_PDF, id="png"),
    pytest.param(b"junk\n" + pdfs.plain(), Refusal.NOT_A_PDF, id="junk-before"),
    pytest.param(b"%PDF-", Refusal.TRUNCATED, id="header-only"),
    pytest.param(pdfs.plain()[:-20], Refusal.TRUNCATED, id="truncated"),
    pytest.param(pdfs.plain() + b"PK\3\4", Refusal.MALFORMED, id="bytes-after-the-end"),
    pytest.param(b"%PDF-1.7\n%%EOF\n", Refusal.MALFORMED, id="nothing-inside"),
    pytest.param(
        pdfs.plain().replace(b"startxref\n", b"startxref\n9"),
        Refusal.MALFORMED,
        id="wrong-table-offset",
    ),
    pytest.param(pdfs.cross_reference_loop(), Refusal.MALFORMED, id="table-loop"),
    pytest.param(pdfs.circular_page_tree(), Refusal.MALFORMED, id="circular-pages"),
    pytest.param(
        pdfs.plain().replace(b"/Pages 2 0 R", b"/Pages (what)"),
        Refusal.NO_PAGES,
        id="pages-are-a-string",
    ),
    pytest.param(
        pdfs.pdf({1: pdfs.CATALOG % b"", 2: b"<< /Type /Pages /Kids [] /Count 0 >>"}),
        Refusal.NO_PAGES,
        id="no-pages",
    ),
    pytest.param(pdfs.hybrid(), Refusal.HYBRID, id="hybrid"),
    pytest.param(encrypted(), Refusal.ENCRYPTED, id="encrypted"),
    pytest.param(xfa(), Refusal.XFA_FORM, id="xfa"),
    pytest.param(
        pdfs.plain(catalog=b"/NeedsRendering true"), Refusal.XFA_FORM, id="dynamic-xfa"
    ),
    pytest.param(
        pdfs.plain(catalog=b"/OpenAction 4 0 R", o4=b"<< /S /GoTo /Next 4 0 R >>"),
        Refusal.MALFORMED,
        id="action-loop",
    ),
    pytest.param(
        pdfs.plain(
            catalog=b"/AcroForm << /Fields [4 0 R] >>",
            o4=b"<< /T (a) /FT /Tx /Kids [4 0 R] >>",
        ),
        Refusal.MALFORMED,
        id="form-loop",
    ),
    pytest.param(certified(1), Refusal.FORBIDS_SIGNING, id="certified-no-changes"),
    pytest.param(
        pdfs.plain(catalog=b"/OpenAction 4 0 R", o4=b"4 0 R"),
        Refusal.TOO_COMPLEX,
        id="reference-to-itself",
    ),
    pytest.param(pdfs.deep_array(100_000), Refusal.TOO_COMPLEX, id="deep-array"),
    pytest.param(pdfs.deep_page_tree(5000), Refusal.TOO_COMPLEX, id="deep-page-tree"),
    pytest.param(
        pdfs.object_streams(
            {
                1: pdfs.CATALOG % b"/ViewerPreferences 4 0 R",
                2: pdfs.PAGES,
                3: pdfs.PAGE % b"",
                4: b"<< /HideMenubar false >>",
                5: b"<< /HideMenubar true >>",
            },
            places={4: 4},
        ),
        Refusal.MALFORMED,
        id="object-in-another-place-of-its-stream",
    ),
    pytest.param(
        pdfs.object_streams(
            {
                1: pdfs.CATALOG % b"/ViewerPreferences 4 0 R",
                2: pdfs.PAGES,
                3: pdfs.PAGE % b"",
                4: b"3 0 R",
            }
        ),
        Refusal.MALFORMED,
        id="reference-as-an-object-in-a-stream",
    ),
    pytest.param(
        pdfs.plain_in_object_streams(padding=300 * MIB),
        Refusal.TOO_COMPLEX,
        id="object-stream-bomb",
    ),
    pytest.param(pdfs.of_pages(2001), Refusal.TOO_MANY_PAGES, id="2001-pages"),
    pytest.param(pdfs.of_pages(10_000), Refusal.TOO_MANY_PAGES, id="10000-pages"),
]


@pytest.mark.parametrize(("original", "refusal"), CORPUS)
def test_a_hostile_file_is_refused_with_its_sentence(
    documents: Documents, original: bytes, refusal: Refusal
) -> None:
    started = time.monotonic()

    with pytest.raises(UnsignableDocumentError) as refused:
        documents.prepare(original, signed_at=NOW)

    assert refused.value.refusal is refusal
    assert time.monotonic() - started < 10


def test_a_file_beyond_the_limit_is_refused_unread() -> None:
    documents = Documents(Limits(max_bytes=2_000_000))

    with pytest.raises(UnsignableDocumentError, match="larger than 2 MB"):
        documents.prepare(b"%PDF-" + bytes(2_000_000), signed_at=NOW)


def test_the_unchanged_file_is_accepted(documents: Documents) -> None:
    """Guards the corpus: a broken generator would make every row pass."""
    assert documents.prepare(pdfs.plain(), signed_at=NOW).page_count == 1


def test_two_thousand_pages_are_accepted(documents: Documents) -> None:
    assert documents.prepare(pdfs.of_pages(2000), signed_at=NOW).page_count == 2000


def test_a_certified_file_that_allows_signing_is_accepted(documents: Documents) -> None:
    assert documents.prepare(certified(2), signed_at=NOW).page_count == 1


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=list(SENTENCES))
def test_every_refusal_is_one_sentence(sentence: str) -> None:
    assert sentence.startswith("The ")
    assert sentence.index(".") == len(sentence) - 1


def test_every_refusal_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Refusal)


def test_a_file_certified_against_changes_is_refused(
    documents: Documents, signer: Signer
) -> None:
    author = earlier_signers.certified(signer, MDPPerm.NO_CHANGES)

    with pytest.raises(UnsignableDocumentError, match="would not stay valid"):
        documents.prepare(author, signed_at=NOW)


def test_a_file_locked_by_an_approval_is_refused(
    documents: Documents, signer: Signer
) -> None:
    with pytest.raises(UnsignableDocumentError, match="would not stay valid"):
        documents.prepare(earlier_signers.locked(signer), signed_at=NOW)


def test_a_file_whose_fields_are_locked_by_an_approval_is_refused(
    documents: Documents, signer: Signer
) -> None:
    with pytest.raises(UnsignableDocumentError, match="would not stay valid"):
        documents.prepare(earlier_signers.locked_fields(signer), signed_at=NOW)


def test_a_file_certified_for_filling_forms_can_be_signed_and_both_are_valid(
    documents: Documents, signer: Signer, pki: Pki
) -> None:
    author = earlier_signers.certified(signer, MDPPerm.FILL_FORMS)

    prepared = documents.prepare(author, signed_at=NOW)
    parts = signer.sign(prepared)
    signed = documents.embed(prepared.content, prepared.byte_range, parts)

    validation = documents.validate(
        signed, anchors=pki.anchors, at=NOW, crls=[pki.issuing.crl()]
    )
    assert [report.valid for report in validation.signatures] == [True, True]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(pdfs.plain()) - 1), st.integers(0, 255))
def test_a_file_with_any_byte_changed_is_prepared_or_refused(
    position: int, value: int
) -> None:
    changed = bytearray(pdfs.plain())
    changed[position] = value

    try:
        prepare(bytes(changed), signed_at=NOW, max_pages=10)
    except UnsignableDocumentError:
        return
