import hashlib
import re
from datetime import timedelta
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from app.ades.documents import Documents, Prepared
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW


def test_the_persons_bytes_stay_an_exact_prefix(
    prepared: Prepared, original: bytes
) -> None:
    assert prepared.content[: prepared.original_length] == original


def test_the_sdr_is_the_digest_of_everything_but_the_gap(prepared: Prepared) -> None:
    _start, before, resume, after = prepared.byte_range
    content = prepared.content

    expected = hashlib.sha256(content[:before] + content[resume:]).digest()

    assert (prepared.sdr, resume + after) == (expected, len(content))


def test_the_gap_is_32768_zeros_in_brackets(prepared: Prepared) -> None:
    _start, before, resume, _after = prepared.byte_range

    assert prepared.content[before:resume] == b"<" + b"0" * 32768 + b">"


def test_the_same_file_and_time_give_the_same_bytes(
    documents: Documents, prepared: Prepared, original: bytes
) -> None:
    assert documents.prepare(original, signed_at=NOW) == prepared


def test_another_time_gives_another_sdr(
    documents: Documents, prepared: Prepared, original: bytes
) -> None:
    later = documents.prepare(original, signed_at=NOW + timedelta(seconds=1))

    assert later.sdr != prepared.sdr


def test_the_signature_dictionary_is_pades_baseline(prepared: Prepared) -> None:
    update = prepared.content[prepared.original_length :]

    found = re.findall(rb"/(SubFilter|M|Filter|Cert|Reason|Name|Location)\b", update)

    assert sorted(found) == [b"Filter", b"M", b"SubFilter"]


def test_the_subfilter_and_the_time_are_written(prepared: Prepared) -> None:
    update = prepared.content[prepared.original_length :]

    assert b"/SubFilter /ETSI.CAdES.detached" in update
    assert rb"/M (D\07220261120093000Z)" in update  # \072 is the colon


def test_metadata_is_not_rewritten(documents: Documents) -> None:
    metadata = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><!-- as written --></x:xmpmeta>"
    original = pdfs.plain(
        catalog=b"/Metadata 4 0 R",
        o4=pdfs.stream(b"/Type /Metadata /Subtype /XML", metadata),
    )

    prepared = documents.prepare(original, signed_at=NOW)

    assert b"xmpmeta" not in prepared.content[len(original) :]


@pytest.mark.parametrize(
    "original",
    [
        pytest.param(pdfs.plain(), id="classical-table"),
        pytest.param(pdfs.plain_in_object_streams(), id="object-streams"),
        pytest.param(pdfs.plain().rstrip(), id="no-newline-at-the-end"),
        pytest.param(pdfs.plain() + b"\n\r\n\0\0", id="white-space-at-the-end"),
        pytest.param(pdfs.plain(catalog=b"/AcroForm << /Fields [] >>"), id="has-form"),
        pytest.param(pdfs.of_pages(10), id="ten-pages"),
    ],
)
def test_ordinary_files_are_prepared_and_read_back(
    documents: Documents, original: bytes
) -> None:
    prepared = documents.prepare(original, signed_at=NOW)

    reader = PdfFileReader(BytesIO(prepared.content), strict=True)

    assert reader.root["/AcroForm"]["/Fields"][0]["/T"] == "Signature1"


def test_the_update_begins_on_its_own_line(documents: Documents) -> None:
    original = pdfs.plain().rstrip()

    prepared = documents.prepare(original, signed_at=NOW)

    assert prepared.content[len(original) :].startswith(b"\n")


def test_a_plain_file_has_no_findings(prepared: Prepared) -> None:
    assert prepared.findings == ()
