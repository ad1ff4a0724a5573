"""What the SAM proves about a prepared file while it streams in."""

import hashlib
import io
import re

import pytest

from sam import messages as m
from sam.additions import MAX_ADDITION, UnfitDocumentError
from sam.prepared import BLOCK, MAX_HOLE, Digests, digest
from tests.sam.files import HOLE, REST, described, prepared

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

    with pytest.raises(UnfitDocumentError, match="whole file"):
        digest(document, io.BytesIO(content).read)


@pytest.mark.parametrize(
    "hole",
    [
        pytest.param(b"<" + b"0" * 63 + b"1>", id="digit"),
        pytest.param(b"<" + b"0" * 63 + b" >", id="space"),
        pytest.param(b"<" + b"a" * 64 + b">", id="hex"),
        pytest.param(b"<0>> /JS (app) <<" + b"0" * 48 + b">", id="pdf-syntax"),
        pytest.param(b"<" + b"0" * 63 + b">", id="half-a-byte"),
        pytest.param(b"<>", id="nothing"),
        pytest.param(b" " + b"<" + b"0" * 62 + b"> ", id="blanks-around"),
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

    with pytest.raises(UnfitDocumentError, match="empty hexadecimal"):
        digest(document, io.BytesIO(content).read)


def with_hole(size: int) -> tuple[m.PreparedDocument, bytes]:
    hole = b"<" + b"0" * (size - 2) + b">"
    start, end = 17, 17 + size
    stated = b" /ByteRange [0 %d %d 100]" % (start, end)
    content = b"before /Contents " + hole + stated.ljust(94) + b"%%EOF\n"
    document = m.PreparedDocument(
        name="lease.pdf",
        byte_range=(0, start, end, 100),
        original_length=6,
        length=len(content),
    )
    return document, content


def test_a_hole_as_large_as_allowed_is_taken() -> None:
    document, content = with_hole(MAX_HOLE)

    digest(document, io.BytesIO(content).read)


def test_a_hole_one_byte_too_large_is_refused() -> None:
    document, content = with_hole(MAX_HOLE + 1)

    with pytest.raises(UnfitDocumentError, match="too large"):
        digest(document, io.BytesIO(content).read)


def test_a_hole_inside_the_original_is_refused() -> None:
    with pytest.raises(UnfitDocumentError, match="inside the original"):
        digested(CONTENT, original_length=START + 1)


def test_an_original_up_to_the_key_of_the_hole_is_taken() -> None:
    found = digested(CONTENT, original_length=START - len("/Contents "))

    assert found.sodr == sha256(CONTENT[: START - len("/Contents ")])


@pytest.mark.parametrize("length", [START - 9, START - 1, START])
def test_an_original_that_takes_part_of_the_signature_is_refused(length: int) -> None:
    with pytest.raises(UnfitDocumentError, match="value of /Contents"):
        digested(CONTENT, original_length=length)


def stated(numbers: bytes) -> bytes:
    """The file with other words for its ByteRange, of the same length."""
    found = re.search(rb"/ByteRange \[[^%]*", CONTENT)
    assert found is not None
    return CONTENT.replace(found[0], numbers.ljust(len(found[0])))


RANGE = b"/ByteRange [0 %d %d 100]" % (START, END)
SAYS = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"/ByteRange [0 0 0 0]", id="other-numbers"),
    pytest.param(RANGE.replace(b"100]", b"99]"), id="ends-earlier"),
    pytest.param(RANGE.replace(b"[0", b"[1"), id="begins-later"),
    pytest.param(RANGE.replace(b"100]", b"100 0]"), id="a-number-more"),
    pytest.param(RANGE.replace(b"100]", b"100.0]"), id="a-fraction"),
    pytest.param(RANGE.replace(b"[0", b"[+0"), id="a-sign"),
    pytest.param(RANGE.replace(b"[0 ", b"[00 "), id="a-zero-in-front"),
    pytest.param(RANGE.replace(b"[0 ", b"[0 % "), id="a-comment"),
    pytest.param(RANGE + b"/ByteRange 9 0 R", id="twice"),
    pytest.param(b"/ByteRange 9 0 R " + RANGE, id="twice-before"),
]


@pytest.mark.parametrize("says", SAYS)
def test_a_file_that_states_another_byte_range_is_refused(says: bytes) -> None:
    with pytest.raises(UnfitDocumentError, match="another ByteRange"):
        digested(stated(says))


@pytest.mark.parametrize(
    "says", [RANGE, RANGE.replace(b" [", b"["), RANGE.replace(b"[", b"[ ")]
)
def test_a_file_that_states_its_byte_range_is_taken(says: bytes) -> None:
    """Guards the table above."""
    assert digested(stated(says)).sodr == sha256(b"%PDF the lease ")


@pytest.mark.parametrize(
    "key", [b"/Contens ", b"/Contents( ", b"/Contents  ", b"/Contents\n%", b"/M "]
)
def test_a_hole_that_is_not_the_value_of_contents_is_refused(key: bytes) -> None:
    content = CONTENT.replace(b"/Contents ", key)
    start = content.index(HOLE)
    rest = b" /ByteRange [0 %d %d 100]" % (start, start + len(HOLE))
    content = content[: start + len(HOLE)] + rest.ljust(94) + b"%%EOF\n"
    document = m.PreparedDocument(
        name="lease.pdf",
        byte_range=(0, start, start + len(HOLE), 100),
        original_length=len(b"%PDF the lease "),
        length=len(content),
    )

    with pytest.raises(UnfitDocumentError, match="value of /Contents"):
        digest(document, io.BytesIO(content).read)


@pytest.mark.parametrize(
    "end", [b"%%EOF \n", b"%%EOF\0", b"%%EOF%", b"%%eof\n", b"%%EOF\n\n\n"]
)
def test_a_file_that_does_not_end_with_its_end_marker_is_refused(end: bytes) -> None:
    content = CONTENT[: -len(end)] + end

    with pytest.raises(UnfitDocumentError, match="end marker"):
        digested(content)


@pytest.mark.parametrize("end", [b" %%EOF", b"%%EOF\r", b"%%EOF\r\n"])
def test_a_file_that_ends_with_its_end_marker_is_taken(end: bytes) -> None:
    """Guards the table above."""
    content = CONTENT[: -len(end)] + end

    assert digested(content).checksum == sha256(content)


def test_an_addition_as_large_as_allowed_is_taken() -> None:
    content = large_addition(MAX_ADDITION)

    assert digested(content).checksum == sha256(content)


def test_an_addition_one_byte_too_large_is_refused_before_it_is_read() -> None:
    content = large_addition(MAX_ADDITION + 1)
    nothing = io.BytesIO(b"")

    with pytest.raises(UnfitDocumentError, match="more was added"):
        digest(described(content), nothing.read)


def large_addition(size: int) -> bytes:
    return prepared(b"%PDF", size - len(b" /Contents ") - len(HOLE))


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
    content = prepared(original, REST + after)
    start = content.index(HOLE)

    found = digested(content)

    assert found.sdr == sha256(content[:start] + content[start + len(HOLE) :])
    assert found.sodr == sha256(original)
    assert found.checksum == sha256(content)


def test_digests_do_not_depend_on_how_much_one_read_yields() -> None:
    stream = io.BytesIO(CONTENT)

    found = digest(described(CONTENT), lambda size: stream.read(min(size, 7)))

    assert found == digested(CONTENT)
