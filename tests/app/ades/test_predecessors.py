"""Files that others signed before: who they are, and that their work is intact."""

import re

import pytest

from app.ades.documents import Documents
from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.reports import EarlierSignature, FindingKind
from tests.app.ades import earlier_signers, pdfs
from tests.app.ades.pki import NOW, Pki

ERIKA = EarlierSignature(signer_name="TEST Erika Mustermann", signed_at=NOW)


def test_an_earlier_signer_is_named_with_the_claimed_time(
    documents: Documents, signed: bytes
) -> None:
    prepared = documents.prepare(signed, signed_at=NOW)

    assert prepared.earlier_signatures == (ERIKA,)
    assert [found.kind for found in prepared.findings] == [
        FindingKind.EARLIER_SIGNATURE
    ]


def test_earlier_signers_are_named_in_their_order(
    documents: Documents, signed: bytes, pki: Pki
) -> None:
    twice = earlier_signers.approved(pki.signer("TEST Ana Horvat"), signed)

    found = documents.prepare(twice, signed_at=NOW).earlier_signatures

    names = [signature.signer_name for signature in found]
    assert names == ["TEST Erika Mustermann", "TEST Ana Horvat"]


def test_a_file_nobody_signed_names_nobody(documents: Documents) -> None:
    assert documents.prepare(pdfs.plain(), signed_at=NOW).earlier_signatures == ()


def test_what_cannot_be_printed_is_left_out_of_a_name(
    documents: Documents, pki: Pki
) -> None:
    signed = earlier_signers.approved(pki.signer("Ana\u202eHorvat\n" + "x" * 40))

    (found,) = documents.prepare(signed, signed_at=NOW).earlier_signatures

    assert found.signer_name == "AnaHorvat" + "x" * 40


@pytest.fixture
def grown(documents: Documents, signed: bytes) -> bytes:
    """An empty signature field added behind a signature, as templates do."""
    content = documents.prepare(signed, signed_at=NOW).content
    blank = re.sub(rb"\n/V \d+ 0 R", lambda v: b" " * len(v[0]), content[len(signed) :])
    return signed + blank


def test_a_field_added_for_the_next_signer_is_no_change(
    documents: Documents, grown: bytes
) -> None:
    assert documents.prepare(grown, signed_at=NOW).earlier_signatures == (ERIKA,)


def test_a_document_timestamp_is_no_change_and_no_signer(
    documents: Documents, signed: bytes, pki: Pki
) -> None:
    stamped = earlier_signers.time_stamped(signed, pki.timestamper())

    assert documents.prepare(stamped, signed_at=NOW).earlier_signatures == (ERIKA,)


def page(entries: bytes) -> dict[int, bytes]:
    return {3: b"\n3 0 obj\n" + pdfs.PAGE % entries + b"\nendobj\n"}


NOTE = b"<< /Type /Annot /Subtype /Text /Rect [9 9 29 29] /Contents (I agree) >>"
CHANGES = [
    pytest.param(page(b"/Rotate 90"), id="page-turned"),
    pytest.param(page(b"/Annots [%s]" % NOTE), id="note-added"),
    pytest.param(
        {
            2: b"\n2 0 obj\n<< /Type /Pages /Kids [3 0 R 19 0 R] /Count 2 >>\nendobj\n",
            19: b"\n19 0 obj\n" + pdfs.PAGE % b"" + b"\nendobj\n",
        },
        id="page-added",
    ),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_after_an_earlier_signature_is_refused(
    documents: Documents, signed: bytes, change: dict[int, bytes]
) -> None:
    with pytest.raises(UnsignableDocumentError) as refused:
        documents.prepare(pdfs.updated(signed, change), signed_at=NOW)

    assert refused.value.refusal is Refusal.CHANGED_AFTER_SIGNING


def test_a_change_before_another_signature_is_refused_too(
    documents: Documents, signed: bytes, pki: Pki
) -> None:
    changed = pdfs.updated(signed, page(b"/Rotate 90"))
    twice = earlier_signers.approved(pki.signer("TEST Ana Horvat"), changed)

    with pytest.raises(UnsignableDocumentError, match="changed after someone"):
        documents.prepare(twice, signed_at=NOW)


def test_a_change_inside_what_was_signed_is_refused(
    documents: Documents, signed: bytes
) -> None:
    changed = signed.replace(b"[0 0 595 842]", b"[0 0 595 843]")

    with pytest.raises(UnsignableDocumentError, match="changed after someone"):
        documents.prepare(changed, signed_at=NOW)


def test_a_document_timestamp_over_other_bytes_is_refused(
    documents: Documents, pki: Pki
) -> None:
    stamped = earlier_signers.time_stamped(pdfs.plain(), pki.timestamper())
    changed = stamped.replace(b"[0 0 595 842]", b"[0 0 595 843]")

    assert documents.prepare(stamped, signed_at=NOW).earlier_signatures == ()
    with pytest.raises(UnsignableDocumentError, match="changed after someone"):
        documents.prepare(changed, signed_at=NOW)
