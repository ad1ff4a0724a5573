"""Two values are the same whoever wrote them, and no others are."""

from io import BytesIO

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from app.ades.same_values import differing, same
from tests.app.ades import pdfs

READER = PdfFileReader(BytesIO(pdfs.plain()))


def value(written: bytes) -> object:
    return generic.read_object(BytesIO(written), generic.Reference(1, 0, READER))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"595 ", b"595.0 "),
        (b"-.5 ", b"-0.50 "),
        (b"(EN)", b"<454E>"),
        (b"(EN)", b"(\xfe\xff\0E\0N)"),
        (b"/A#41 ", b"/AA "),
        (b"[1 2]", b"[ 1.0 2 ]"),
        (b"<< /A 1 /B [ 2 0 R ] >>", b"<</B[2 0 R]/A 1>>"),
        (b"null", b"null"),
        (b"true", b"true"),
    ],
)
def test_the_same_in_another_spelling(one: bytes, other: bytes) -> None:
    assert same(value(one), value(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"1 ", b"2 "),
        (b"1 ", b"(1)"),
        (b"1 ", b"true"),
        (b"true", b"false"),
        (b"(A)", b"/A "),
        (b"(A)", b"(B)"),
        (b"/A ", b"/B "),
        (b"[1 2]", b"[2 1]"),
        (b"[1 2]", b"[1]"),
        (b"2 0 R ", b"3 0 R "),
        (b"2 0 R ", b"2 1 R "),
        (b"2 0 R ", b"<< >>"),
        (b"<< /A 1 >>", b"<< /A 1 /B 2 >>"),
        (b"<< /A 1 >>", b"<< /A 2 >>"),
        (b"<< /A << /B 1 >> >>", b"<< /A << /B 2 >> >>"),
        (b"null", b"0 "),
    ],
)
def test_not_the_same(one: bytes, other: bytes) -> None:
    assert not same(value(one), value(other))
    assert not same(value(other), value(one))


def test_nothing_is_the_same_as_nothing_only() -> None:
    assert [same(None, None), same(None, value(b"null"))] == [True, False]


def test_a_stream_is_never_the_same() -> None:
    stream = generic.StreamObject(stream_data=b"x")

    assert not same(stream, stream)


def test_the_keys_that_differ_are_told_in_order() -> None:
    one, other = value(b"<< /C 1 /A 1 /B 1 >>"), value(b"<< /B 1 /C 2 >>")
    assert isinstance(one, generic.DictionaryObject)
    assert isinstance(other, generic.DictionaryObject)

    assert differing(one, other) == ["/A", "/C"]
