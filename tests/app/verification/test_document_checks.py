"""A signed file against what is stated of it, one stated value wrong at a time."""

import pytest

from app.ades.documents import Documents
from app.verification import archive, chains, document_checks, record_checks
from app.verification.cms_signature import UnreadableSignatureError, read
from app.verification.document_checks import Found
from app.verification.report import NotCheckedError, NotShownError
from tests.app.ades import pdfs
from tests.app.verification.conftest import ORIGINALS, Home


@pytest.fixture
def found(home: Home) -> Found:
    stated = record_checks.statement(home.files[archive.STATEMENT])
    return document_checks.find(home.documents["lease.pdf"], stated.documents)


@pytest.fixture
def chain(home: Home) -> chains.Chain:
    return chains.from_pem(home.files[archive.CHAIN])


def judge(found: Found, chain: chains.Chain, **wrong: str) -> None:
    stated = found.stated.model_copy(update=wrong)
    found = Found(content=found.content, byte_range=found.byte_range, stated=stated)
    document_checks.check_signature(found, chain)
    document_checks.check_prepared(found)
    document_checks.check_original(found)
    document_checks.check_whole(found)


def test_what_is_stated_holds(found: Found, chain: chains.Chain) -> None:
    judge(found, chain)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("sdr", "another message digest"),
        ("dtbsr", "other signed attributes"),
        ("checksum", "not the prepared file"),
        ("sodr", "does not begin with the original"),
    ],
)
def test_each_stated_digest_is_compared(
    found: Found, chain: chains.Chain, value: str, complaint: str
) -> None:
    with pytest.raises(NotShownError, match=complaint):
        judge(found, chain, **{value: "44" * 32})


def test_a_signature_of_any_size_is_not_parsed() -> None:
    with pytest.raises(UnreadableSignatureError, match="too large"):
        read(bytes(300_000))


def test_the_end_of_the_original_is_found(found: Found) -> None:
    assert document_checks.check_original(found) == len(ORIGINALS["lease.pdf"])


def test_an_original_without_an_end_is_left_open(found: Found) -> None:
    endless = Found(
        content=found.content.replace(b"startxref", b"startxxxx"),
        byte_range=found.byte_range,
        stated=found.stated,
    )

    with pytest.raises(NotCheckedError):
        document_checks.check_original(endless)


@pytest.fixture
def length() -> int:
    return len(ORIGINALS["lease.pdf"])


def with_content(found: Found, content: bytes) -> Found:
    return Found(content=content, byte_range=found.byte_range, stated=found.stated)


def test_a_signature_is_all_that_was_added(
    found: Found, length: int, documents: Documents
) -> None:
    document_checks.check_structure(found, length, documents)


def test_what_came_after_the_signature_is_not_judged_here(
    found: Found, length: int, documents: Documents
) -> None:
    later = pdfs.updated(found.content, {19: b"\n19 0 obj\n<< >>\nendobj\n"})

    document_checks.check_structure(with_content(found, later), length, documents)


def test_more_than_a_signature_is_named(
    found: Found, length: int, documents: Documents
) -> None:
    described = found.content.replace(
        b"(Electronic signature)", b"(Electronic agreement)"
    )
    moved = with_content(found, described[: len(found.content)])

    with pytest.raises(NotShownError, match=r"got more than a signature: .+[^.]$"):
        document_checks.check_structure(moved, length, documents)


def test_without_a_parser_it_stays_open(found: Found, length: int) -> None:
    with pytest.raises(NotCheckedError, match="takes a parser"):
        document_checks.check_structure(found, length, None)


def test_where_no_child_can_be_had_it_stays_open(found: Found, length: int) -> None:
    nowhere = Documents(jobs="app.ades.no_such_jobs")

    with pytest.raises(NotCheckedError, match="cannot be told: the fork server"):
        document_checks.check_structure(found, length, nowhere)
