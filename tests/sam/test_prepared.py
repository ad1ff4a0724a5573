"""What the SAM proves about a prepared file while it streams in."""

import hashlib
import io

import pytest

from sam import messages as m
from sam.prepared import BLOCK, MAX_HOLE, Digests, UnfitDocumentError, digest
from tests.sam.files import HOLE, described, prepared

CONTENT = prepared(b"%PDF the lease ")
START = CONTENT.index(HOLE)
END = START + len(HOLE)
LENGTH = len(CONTENT)


def digested(content: bytes, **changed: object) -> Digests:
    return digest(described(content, **changed), io.BytesIO(content).read)


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def test_the_digests_of_a_prepared_file_are_taken() -> None:
    """Guards the tables below: the unchanged file passes."""
    found = digested(CONTENT)

    assert found == Digests(
        sdr=sha256(CONTENT[:START] + CONTENT[END:]),
        sodr=sha256(b"%PDF the lease "),
        checksum=sha256(CONTENT),
    )


@pytest.mark.parametrize(
    "byte_range",
    [
        pytest.param((1, START - 1, END, LENGTH - END), id="first-byte-left-out"),
        pytest.param((1, START, END, LENGTH - END), id="not-from-the-start"),
        pytest.param((-1, START, END, LENGTH - END), id="from-before-the-start"),
        pytest.param((0, START, END, LENGTH - END - 1), id="last-byte-left-out"),
        pytest.param((0, START, END, LENGTH - END + 1), id="past-the-end"),
        pytest.param((0, START, START - 1, LENGTH - START + 1), id="overlapping"),
        pytest.param((0, START, START, LENGTH - START), id="no-hole"),
        pytest.param((0, 0, END, LENGTH - END), id="nothing-before"),
        pytest.param((0, -1, END, LENGTH - END), id="negative-length"),
        pytest.param((0, START, LENGTH + 1, -1), id="negative-rest"),
        pytest.param((0, LENGTH, LENGTH, 0), id="no-hole-at-all"),
        pytest.param((0, START - 1, END, LENGTH - END), id="hole-with-text-before"),
        pytest.param((0, START, END + 1, LENGTH - END - 1), id="hole-with-text-after"),
        pytest.param((0, START + 1, END, LENGTH - END), id="hole-without-bracket"),
        pytest.param((0, START, END - 1, LENGTH - END + 1), id="hole-not-closed"),
        pytest.param((0, START, START + 1, LENGTH - START - 1), id="hole-of-one-byte"),
    ],
)
def test_a_byte_range_that_is_not_the_whole_file_but_the_hole_is_refused(
    byte_range: tuple[int, int, int, int],
) -> None:
    with pytest.raises(UnfitDocumentError):
        digested(CONTENT, byte_range=byte_range)


def test_a_second_span_of_negative_length_is_refused() -> None:
    """It would add up, and the hole would end the file."""
    content = b"before" + HOLE
    document = m.PreparedDocument(
        name="lease.pdf",
        byte_range=(0, 6, len(content) + 5, -5),
        original_length=6,
        length=len(content),
    )

    with pytest.raises(UnfitDocumentError):
        digest(document, io.BytesIO(content).read)


@pytest.mark.parametrize(
    "hole",
    [
        pytest.param(b"<" + b"0" * 63 + b"1>", id="digit"),
        pytest.param(b"<" + b"0" * 63 + b" >", id="space"),
        pytest.param(b"<" + b"a" * 64 + b">", id="hex"),
        pytest.param(b"<0>> /JS (app) <<" + b"0" * 48 + b">", id="pdf-syntax"),
        pytest.param(b"(" + b"0" * 64 + b")", id="literal-string"),
        pytest.param(b"\0" * 66, id="zero-bytes"),
    ],
)
def test_a_hole_that_is_not_empty_is_refused(hole: bytes) -> None:
    content = CONTENT.replace(HOLE, hole)
    byte_range = (0, START, START + len(hole), len(content) - START - len(hole))
    document = m.PreparedDocument(
        name="lease.pdf", byte_range=byte_range, original_length=5, length=len(content)
    )

    with pytest.raises(UnfitDocumentError, match="hole"):
        digest(document, io.BytesIO(content).read)


def with_hole(size: int) -> tuple[m.PreparedDocument, bytes]:
    hole = b"<" + b"0" * (size - 2) + b">"
    content = b"before" + hole + b"after"
    document = m.PreparedDocument(
        name="lease.pdf",
        byte_range=(0, 6, 6 + size, 5),
        original_length=6,
        length=len(content),
    )
    return document, content


def test_a_hole_as_large_as_allowed_is_taken() -> None:
    document, content = with_hole(MAX_HOLE)

    assert digest(document, io.BytesIO(content).read).sdr == sha256(b"beforeafter")


def test_a_hole_one_byte_too_large_is_refused() -> None:
    document, content = with_hole(MAX_HOLE + 1)

    with pytest.raises(UnfitDocumentError, match="too large"):
        digest(document, io.BytesIO(content).read)


def test_a_hole_inside_the_original_is_refused() -> None:
    with pytest.raises(UnfitDocumentError, match="inside the original"):
        digested(CONTENT, original_length=START + 1)


def test_an_original_right_up_to_the_hole_is_taken() -> None:
    found = digested(CONTENT, original_length=START)

    assert found.sodr == sha256(CONTENT[:START])


@pytest.mark.parametrize("missing", [1, LENGTH - START, LENGTH])
def test_a_stream_that_ends_early_is_refused(missing: int) -> None:
    short = io.BytesIO(CONTENT[: LENGTH - missing])

    with pytest.raises(UnfitDocumentError, match="shorter"):
        digest(described(CONTENT), short.read)


def test_not_a_byte_more_than_stated_is_read() -> None:
    stream = io.BytesIO(CONTENT + b"next")

    digest(described(CONTENT), stream.read)

    assert stream.read() == b"next"


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(BLOCK - 11 - 66, id="hole-ends-at-the-boundary"),
        pytest.param(BLOCK - 11, id="hole-begins-at-the-boundary"),
        pytest.param(BLOCK - 11 - 30, id="hole-across-the-boundary"),
        pytest.param(2 * BLOCK - 12, id="hole-begins-one-byte-earlier"),
        pytest.param(3 * BLOCK + 5, id="hole-in-the-fourth-block"),
    ],
)
@pytest.mark.parametrize("after", [0, BLOCK, 2 * BLOCK + 7])
def test_digests_do_not_depend_on_where_blocks_end(before: int, after: int) -> None:
    original = bytes(range(251)) * (before // 251) + b"x" * (before % 251)
    content = prepared(original) + b"y" * after
    start = content.index(HOLE)

    found = digested(content)

    assert found.sdr == sha256(content[:start] + content[start + len(HOLE) :])
    assert found.sodr == sha256(original)
    assert found.checksum == sha256(content)


def test_digests_do_not_depend_on_how_much_one_read_yields() -> None:
    stream = io.BytesIO(CONTENT)

    found = digest(described(CONTENT), lambda size: stream.read(min(size, 7)))

    assert found == digested(CONTENT)
