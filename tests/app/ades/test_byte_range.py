import hashlib

import pytest

from app.ades.byte_range import ByteRange, ByteRangeError, covers_whole_file, gap, sdr

FILE = b"before<0aFf>after"
GOOD: ByteRange = (0, 6, 12, 5)


@pytest.mark.parametrize(
    ("content", "byte_range"),
    [
        pytest.param(FILE, (1, 6, 12, 5), id="starts-late"),
        pytest.param(FILE, (0, 0, 12, 5), id="nothing-before"),
        pytest.param(FILE, (0, 12, 6, 5), id="ranges-overlap"),
        pytest.param(FILE, (0, 6, 12, -5), id="negative-length"),
        pytest.param(FILE, (0, -6, 12, 5), id="negative-offset"),
        pytest.param(FILE, (0, 6, 12, 6), id="ends-after-the-file"),
        pytest.param(FILE, (0, 7, 12, 5), id="gap-without-bracket"),
        pytest.param(FILE, (0, 6, 13, 4), id="gap-too-long"),
        pytest.param(b"before<0aF >after", GOOD, id="white-space-in-the-gap"),
        pytest.param(b"before<0a><>after", GOOD, id="two-strings-in-the-gap"),
        pytest.param(b"before<>after", (0, 6, 8, 5), id="empty-gap"),
        pytest.param(b"before<0aF>after", (0, 6, 11, 5), id="odd-digits"),
    ],
)
def test_a_range_with_a_second_meaning_is_refused(
    content: bytes, byte_range: ByteRange
) -> None:
    with pytest.raises(ByteRangeError):
        sdr(content, byte_range)


def test_the_unchanged_range_is_accepted() -> None:
    """Guards the table above."""
    assert sdr(FILE, GOOD) == hashlib.sha256(b"beforeafter").digest()


def test_the_gap_is_returned_with_its_brackets() -> None:
    assert gap(FILE, GOOD) == b"<0aFf>"


@pytest.mark.parametrize(("after", "expected"), [(5, True), (4, False)])
def test_a_range_covers_the_file_only_to_its_last_byte(
    after: int, expected: bool
) -> None:
    assert covers_whole_file(FILE, (0, 6, 12, after)) is expected
