import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.ades.documents import Documents, Limits, Prepared, Validation
from app.ades.reports import FindingKind
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki, Signer

Judge = Callable[..., Validation]


@pytest.fixture
def judge(documents: Documents, pki: Pki) -> Judge:
    """Validate as on the day of signing; keyword arguments change one thing."""

    def judge(signed: bytes, **changed: object) -> Validation:
        usual = {"anchors": pki.anchors, "at": NOW, "crls": [pki.issuing.crl()]}
        return documents.validate(signed, **{**usual, **changed})  # type: ignore[arg-type]

    return judge


@pytest.fixture
def sign(documents: Documents, pki: Pki) -> Callable[..., bytes]:
    """Prepare, sign, time-stamp and embed in one go."""

    def sign(original: bytes, signer: Signer, *, stamped_at: object = NOW) -> bytes:
        prepared = documents.prepare(original, signed_at=NOW)
        parts = signer.sign(prepared)
        token = pki.timestamp(parts.signature, at=stamped_at) if stamped_at else None  # type: ignore[arg-type]
        return documents.embed(prepared.content, prepared.byte_range, parts, token)

    return sign


def test_a_signed_file_is_valid(judge: Judge, signed: bytes) -> None:
    assert judge(signed).valid


def test_the_verdict_names_time_signer_and_revocation(
    judge: Judge, signed: bytes, prepared: Prepared
) -> None:
    validation = judge(signed)

    assert validation.signed_at == NOW
    assert "TEST Erika Mustermann" in validation.signer_subject
    assert validation.revocation.startswith("not revoked, CRL of 2026-11-20")
    assert validation.sdr == prepared.sdr
    assert validation.covers_whole_file


def test_the_file_to_deliver_is_valid(
    judge: Judge, signed: bytes, prepared: Prepared
) -> None:
    assert judge(signed, expected_sdr=prepared.sdr).valid


def test_it_is_still_valid_after_the_certificate_has_expired(
    judge: Judge, signed: bytes, pki: Pki
) -> None:
    later = NOW + timedelta(days=30)

    validation = judge(signed, at=later, crls=[pki.issuing.crl(at=later)])

    assert validation.valid


def test_without_timestamp_it_ends_with_the_certificate(
    judge: Judge, sign: Callable[..., bytes], signer: Signer, original: bytes, pki: Pki
) -> None:
    signed = sign(original, signer, stamped_at=None)
    later = NOW + timedelta(days=30)

    assert judge(signed).valid
    assert not judge(signed, at=later, crls=[pki.issuing.crl(at=later)]).valid


def test_a_file_without_timestamp_is_not_delivered(
    judge: Judge,
    sign: Callable[..., bytes],
    signer: Signer,
    original: bytes,
    prepared: Prepared,
) -> None:
    signed = sign(original, signer, stamped_at=None)

    assert "no timestamp" in judge(signed, expected_sdr=prepared.sdr).summary


def test_another_document_is_not_delivered(judge: Judge, signed: bytes) -> None:
    validation = judge(signed, expected_sdr=bytes(32))

    assert not validation.valid
    assert "another document" in validation.summary


def test_a_file_with_an_addition_is_not_delivered(
    judge: Judge, documents: Documents, signed: bytes, prepared: Prepared
) -> None:
    """An empty signature field behind the signature is allowed, but not ours."""
    grown = documents.prepare(signed, signed_at=NOW).content
    addition = re.sub(rb"\n/V \d+ 0 R", _blank, grown[len(signed) :])

    without, delivered = (
        judge(signed + addition, expected_sdr=sdr) for sdr in (None, prepared.sdr)
    )

    assert without.valid
    assert delivered.summary == "Something was added after the signature."
    assert not delivered.valid


def _blank(found: re.Match[bytes]) -> bytes:
    return b" " * len(found[0])


@pytest.mark.parametrize("position", [20, 400, -300])
def test_a_changed_byte_makes_it_invalid(
    judge: Judge, signed: bytes, position: int
) -> None:
    changed = bytearray(signed)
    changed[position] ^= 0x20

    assert not judge(bytes(changed)).valid


def test_a_changed_page_makes_it_invalid_by_name(judge: Judge, signed: bytes) -> None:
    validation = judge(signed.replace(b"[0 0 595 842]", b"[0 0 595 843]"))

    assert (validation.valid, validation.summary) == (
        False,
        "The document was changed after it was signed.",
    )


def test_a_page_added_behind_makes_it_invalid(judge: Judge, signed: bytes) -> None:
    """Incremental saving: a second revision that replaces the page."""
    page = b"\n3 0 obj\n" + pdfs.PAGE % b"/Rotate 90" + b"\nendobj\n"

    validation = judge(pdfs.updated(signed, {3: page}))

    assert "in a way the signature forbids" in validation.summary
    assert not validation.valid
    assert not validation.covers_whole_file


def test_a_second_range_moved_inside_the_first_makes_it_invalid(
    judge: Judge, signed: bytes, prepared: Prepared
) -> None:
    """Lengths still add up to the file: adding them up must not be the check."""
    written = b"[%d %d %d %d]" % prepared.byte_range
    start, before, resume, after = prepared.byte_range
    moved = b"[%d %d %d %d]" % (start, before, resume - 7, after)

    validation = judge(signed.replace(written, moved.ljust(len(written))))

    assert validation.summary == "The signature does not cover what it must."


def test_a_signature_moved_away_from_its_gap_is_invalid(
    judge: Judge, signed: bytes, prepared: Prepared
) -> None:
    """The dictionary is written again behind the file, and its old gap emptied."""
    _start, before, resume, _after = prepared.byte_range
    found = re.search(rb"\n(\d+) 0 obj\n<<\n/Contents .*?endobj\n", signed, re.DOTALL)
    assert found is not None
    emptied = signed[:before] + prepared.content[before:resume] + signed[resume:]

    validation = judge(pdfs.updated(emptied, {int(found[1]): found[0]}))

    assert validation.summary == "The signature leaves out more than itself."


def test_contents_swapped_between_two_files_make_it_invalid(
    judge: Judge,
    sign: Callable[..., bytes],
    signer: Signer,
    signed: bytes,
    prepared: Prepared,
) -> None:
    other = sign(pdfs.plain(page=b"/Rotate 0"), signer)
    _start, before, resume, _after = prepared.byte_range
    foreign = re.search(rb"<[0-9a-f]{32768}>", other)
    assert foreign is not None

    validation = judge(signed[:before] + foreign[0] + signed[resume:])

    assert not validation.valid


def test_a_missing_crl_makes_it_invalid(judge: Judge, signed: bytes) -> None:
    assert judge(signed, crls=[]).summary == (
        "No CRL tells whether the signing certificate was revoked."
    )


def test_a_missing_crl_of_the_issuing_ca_makes_it_invalid(
    documents: Documents, judge: Judge, original: bytes
) -> None:
    pki = Pki(issuing_names_crl=True)
    prepared = documents.prepare(original, signed_at=NOW)
    parts = pki.signer().sign(prepared)
    signed = documents.embed(prepared.content, prepared.byte_range, parts)
    one, both = [pki.issuing.crl()], [pki.issuing.crl(), pki.root.crl()]

    assert not judge(signed, anchors=pki.anchors, crls=one).valid
    assert judge(signed, anchors=pki.anchors, crls=both).valid


def test_a_stale_crl_makes_it_invalid(judge: Judge, signed: bytes, pki: Pki) -> None:
    stale = pki.issuing.crl(at=NOW - timedelta(days=3))

    assert not judge(signed, crls=[stale]).valid


def test_a_crl_of_another_ca_makes_it_invalid(judge: Judge, signed: bytes) -> None:
    assert not judge(signed, crls=[Pki().issuing.crl()]).valid


def test_a_revoked_certificate_makes_it_invalid(
    judge: Judge, signed: bytes, signer: Signer, pki: Pki
) -> None:
    revoking = pki.issuing.crl(signer.certificate)

    validation = judge(signed, crls=[revoking])

    assert validation.summary == "The signing certificate was revoked."


def test_a_revocation_after_the_timestamp_does_not_undo_it(
    judge: Judge, signed: bytes, signer: Signer, pki: Pki
) -> None:
    after = NOW + timedelta(minutes=5)
    revoking = pki.issuing.crl(signer.certificate, at=after, revoked_at=after)

    assert judge(signed, at=after, crls=[revoking]).valid


def test_a_certificate_that_names_no_crl_is_said_to_be_unchecked(
    judge: Judge, sign: Callable[..., bytes], original: bytes, pki: Pki
) -> None:
    validation = judge(sign(original, pki.signer(crl=False)), crls=[])

    assert validation.valid
    assert validation.revocation == "not checked: the certificate names no CRL"


def test_another_anchor_makes_it_invalid(judge: Judge, signed: bytes) -> None:
    validation = judge(signed, anchors=Pki().anchors)

    assert not validation.valid


def test_a_timestamp_from_an_unknown_authority_makes_it_invalid(
    judge: Judge, signed: bytes
) -> None:
    validation = judge(signed, timestamp_anchors=Pki().anchors)

    assert validation.summary == "The timestamp is not from a trusted authority."


def test_a_timestamp_from_the_future_makes_it_invalid(
    judge: Judge, sign: Callable[..., bytes], signer: Signer, original: bytes
) -> None:
    signed = sign(original, signer, stamped_at=NOW + timedelta(minutes=2))

    assert judge(signed).summary == "The timestamp lies in the future."


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(NOW - timedelta(minutes=2), id="before"),
        pytest.param(NOW + timedelta(hours=2), id="after"),
    ],
)
def test_a_timestamp_outside_the_certificate_makes_it_invalid(
    judge: Judge,
    sign: Callable[..., bytes],
    signer: Signer,
    original: bytes,
    moment: object,
) -> None:
    signed = sign(original, signer, stamped_at=moment)

    assert judge(signed, at=NOW + timedelta(hours=3)).summary == (
        "The timestamp lies outside the validity of the signing certificate."
    )


def test_a_certificate_not_meant_for_signatures_makes_it_invalid(
    judge: Judge, sign: Callable[..., bytes], original: bytes, pki: Pki
) -> None:
    signed = sign(original, pki.signer(usage="key_agreement"))

    assert not judge(signed).valid


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="not-a-pdf"),
        pytest.param(pdfs.plain(), id="unsigned"),
        pytest.param(pdfs.plain()[:-20], id="truncated"),
        pytest.param(pdfs.deep_array(100_000), id="deep-array"),
        pytest.param(pdfs.cross_reference_loop(), id="table-loop"),
    ],
)
def test_what_is_no_signed_pdf_is_invalid(judge: Judge, content: bytes) -> None:
    validation = judge(content)

    assert (validation.valid, validation.sdr) == (False, b"")


def test_a_file_beyond_the_limit_is_invalid_unread() -> None:
    documents = Documents(Limits(max_bytes=1_000_000))

    validation = documents.validate(bytes(6_000_000), anchors=[], at=NOW)

    assert validation.summary == "The file is larger than 1 MB."


def test_a_prepared_file_is_not_valid(judge: Judge, prepared: Prepared) -> None:
    assert not judge(prepared.content).valid


def test_anchors_that_are_no_certificates_make_it_invalid(
    judge: Judge, signed: bytes
) -> None:
    assert not judge(signed, anchors=[b"\x30\x00"]).valid


def test_a_signed_file_can_be_signed_again_and_both_are_valid(
    judge: Judge, sign: Callable[..., bytes], signed: bytes, pki: Pki
) -> None:
    twice = sign(signed, pki.signer("TEST Max Mustermann"))

    validation = judge(twice)

    assert [report.valid for report in validation.signatures] == [True, True]
    assert [report.covers_whole_file for report in validation.signatures] == [
        False,
        True,
    ]


def test_an_earlier_signature_is_found(documents: Documents, signed: bytes) -> None:
    findings = documents.prepare(signed, signed_at=NOW).findings

    assert [finding.kind for finding in findings] == [FindingKind.EARLIER_SIGNATURE]


def test_the_verdict_is_about_the_last_signature(
    judge: Judge, sign: Callable[..., bytes], signed: bytes, pki: Pki
) -> None:
    stranger = Pki()
    theirs = stranger.signer("TEST Stranger")
    twice = sign(signed, theirs)

    assert not judge(twice).valid
    assert judge(twice).signatures[0].valid


def test_earlier_revisions_with_metadata_are_compared(
    judge: Judge, sign: Callable[..., bytes], pki: Pki
) -> None:
    """The comparison parses XMP: nothing may be left to import in the child."""
    metadata = pdfs.stream(
        b"/Type /Metadata /Subtype /XML",
        b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>"
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf="
        b"'http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>"
        b"<?xpacket end='r'?>",
    )
    original = pdfs.plain(catalog=b"/Metadata 4 0 R", o4=metadata)
    twice = sign(sign(original, pki.signer()), pki.signer("TEST Zoë"))

    assert [report.valid for report in judge(twice).signatures] == [True, True]
