"""Every byte that was appended has its place, or the addition is refused by name."""

import re
from dataclasses import replace

import pytest

from app.ades import increment_bytes, increments
from app.ades.errors import IncrementError
from tests.app.ades import additions as a
from tests.app.ades import pdfs
from tests.app.ades.additions import Addition

ORIGINAL = a.original()
HONEST = Addition().to(ORIGINAL)
UNLISTED = "Something was added that no table lists."
UNREADABLE = "The file cannot be read reliably."
GAP_OF_NONE = "The ByteRange leaves out no one string."
GAP_OF_OTHER = "The ByteRange leaves out something else."
AMBIGUOUS = "Something was added that can be read in two ways."
REVISIONS = "Not exactly one revision was added."
TIME = b"<443a32303236313132303039333030305a>"
HIDDEN = b"18 0 obj\n<< /Type /Page >>\nendobj\n"
PLACE_OF_5 = b"%010d 00000 n \n" % ORIGINAL.index(b"5 0 obj")


def test_an_honest_addition_is_taken_apart() -> None:
    """Guards the tables: each row differs from this one by one thing."""
    found = increment_bytes.read(HONEST, len(ORIGINAL))

    assert sorted(number for number, _generation in found.objects) == [1, 3, 6, 16, 17]


BYTES = [
    ("bytes-behind-the-trailer", Addition(trailer=a.TRAILER + b"\nPK"), UNLISTED),
    ("byte-range-reaches-into-the-gap", Addition(byte_range=(2, 0, 0)), GAP_OF_NONE),
    ("byte-range-resumes-in-the-gap", Addition(byte_range=(0, -2, 2)), GAP_OF_NONE),
    ("byte-range-leaves-out-more-before", Addition(byte_range=(-2, 0, 0)), GAP_OF_NONE),
    ("byte-range-leaves-out-more-behind", Addition(byte_range=(0, 2, -2)), GAP_OF_NONE),
    ("byte-range-ends-early", Addition(byte_range=(0, 0, -9)),
     "The ByteRange ends before the file."),
    ("byte-range-past-the-end", Addition(byte_range=(0, 0, 9)), GAP_OF_NONE),
    ("byte-range-of-another-string", Addition(
        at=b"<5369676e617475726531>", objects={
            16: a.FIELD.replace(b"(Signature1)", b"<5369676e617475726531>")}),
     GAP_OF_OTHER),
    ("byte-range-of-another-entry", Addition(
        at=b"<443a32303236313132303039333030305a>", objects={
            17: a.SIGNATURE.replace(b"(D:20261120093000Z)",
                                    b"<443a32303236313132303039333030305a>")}),
     GAP_OF_OTHER),
    ("byte-range-of-the-time-that-is-the-same", Addition(at=TIME, objects={
        17: a.SIGNATURE.replace(b"/M (D:20261120093000Z)", b"").replace(
            b"/Contents " + a.HOLE, b"/M " + TIME + b" /Contents " + TIME)}),
     GAP_OF_OTHER),
    ("byte-range-of-names", Addition(objects={
        17: a.SIGNATURE.replace(a.RANGE, b"[/0 /1 /2 /3]")}), GAP_OF_NONE),
    ("contents-twice", Addition(objects={
        17: a.SIGNATURE.replace(b"/Type", b"/Contents <00> /Type")}), UNREADABLE),
    ("contents-twice-in-two-spellings", Addition(objects={
        17: a.SIGNATURE.replace(b"/Type", b"/Conten#74s <00> /Type")}), UNREADABLE),
    ("unlisted-object", Addition(between=HIDDEN), UNLISTED),
    ("unlisted-bytes", Addition(between=b"PK\3\4"), UNLISTED),
    ("blanks", Addition(between=b" " * 99), UNLISTED),
    ("comment-between", Addition(between=b"% I owe nothing\n"), UNLISTED),
    ("comment-inside", Addition(objects={
        16: a.FIELD.replace(b" /TU", b"% I owe nothing\n/TU")}),
     "A comment was added."),
    ("comment-behind-a-string", Addition(objects={
        16: a.FIELD.replace(b" /V", rb"% \) ( I owe nothing" b"\n/V")}),
     "A comment was added."),
    ("comment-in-the-trailer", Addition(
        trailer=a.TRAILER.replace(b" /Prev", b"%% I owe nothing\n/Prev")),
     "A comment was added."),
    ("dictionary-ends-in-one-bracket", Addition(objects={
        6: a.form()[:-1] + b"X"}), AMBIGUOUS),
    ("dictionary-ends-in-a-string", Addition(objects={
        6: a.form()[:-1] + b"("}), AMBIGUOUS),
    ("reference-runs-into-a-number", Addition(objects={
        6: a.form().replace(b"7 0 R 16", b"7 0 R016")}), AMBIGUOUS),
    ("a-name-with-half-a-code", Addition(objects={
        17: a.SIGNATURE.replace(b"/Sig", b"/S#6")}), UNREADABLE),
    ("half-a-byte", Addition(objects={
        16: a.FIELD.replace(b"(Signature1)", b"<5369676e61747572653>")}), AMBIGUOUS),
    ("bytes-behind-the-end", Addition(behind=b"PK\3\4"),
     "Something follows the end of the file."),
    ("comment-behind-the-end", Addition(behind=b"%%EOF\n"), UNREADABLE),
    ("end-of-another-file", Addition(behind=b"startxref\n9\n%%EOF\n"), UNREADABLE),
    ("object-without-end", Addition(objects={18: b"<< >> 18"}),
     "Object 18 does not end where it should."),
    ("listed-elsewhere", Addition(places={18: b"%010d 00000 n \n" % (
        HONEST.index(b"16 0 obj"))}, objects={18: None}), UNLISTED),
    ("listed-behind", Addition(places={18: b"0000999999 00000 n \n"},
     objects={18: None}), UNLISTED),
    ("an-old-place", Addition(objects={5: None}, places={5: PLACE_OF_5}),
     "Object 5 is one of the original's again."),
    ("listed-twice", Addition(rows=b"5 1\n%s5 1\n%s" % (
        PLACE_OF_5, b"0000000000 00001 f \n")), "Object 5 is taken away."),
    ("listed-two-times-alike", Addition(
        rows=b"16 1\n%010d 00000 n \n" % HONEST.index(b"16 0 obj")),
     "The added table lists an object twice."),
    ("taken-away", Addition(rows=b"12 1\n0000000000 00001 f \n"),
     "Object 12 is taken away."),
    ("another-catalog", Addition(
        trailer=a.TRAILER.replace(b"1 0 R", b"18 0 R"), objects={18: a.catalog()}),
     "The trailer was changed: /Root."),
    ("another-title", Addition(
        trailer=a.TRAILER.replace(b"14 0 R", b"18 0 R"), objects={18: a.PARTS[14]}),
     "The trailer was changed: /Info."),
    ("no-title", Addition(trailer=a.TRAILER.replace(b"/Info 14 0 R", b"")),
     "The trailer was changed: /Info."),
    ("another-entry", Addition(trailer=a.TRAILER.replace(b"/Prev", b"/Xy 1 /Prev")),
     "The trailer was changed: /Xy."),
    ("another-identity", Addition(trailer=a.TRAILER.replace(b"aa", b"ab")),
     "The trailer was changed: /ID."),
    ("no-identity", Addition(trailer=a.TRAILER.replace(b"/ID [<aa> <cc>]", b"")),
     "The trailer was changed: /ID."),
    ("an-identity-in-three-parts", Addition(
        trailer=a.TRAILER.replace(b"<cc>", b"/ <cc>")),
     "The trailer was changed: /ID."),
    ("larger", Addition(size=99), "The trailer was changed: /Size."),
    ("encrypted", Addition(trailer=a.TRAILER.replace(
        b"/Prev", b"/Encrypt << /Filter /Standard >> /Prev")),
     "The file is encrypted."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("addition", "sentence"),
    [pytest.param(what, sentence, id=name) for name, what, sentence in BYTES],
)
def test_an_addition_with_another_byte_is_refused(
    addition: Addition, sentence: str
) -> None:
    with pytest.raises(IncrementError) as refused:
        increments.check(addition.to(ORIGINAL), len(ORIGINAL))

    assert str(refused.value) == sentence


def second_revision(content: bytes, *objects: bytes) -> bytes:
    numbered = {19 + place: body for place, body in enumerate(objects)}
    written = {n: b"\n%d 0 obj\n%s\nendobj\n" % (n, b) for n, b in numbered.items()}
    return pdfs.updated(content, written)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(ORIGINAL, "Nothing was added.", id="nothing"),
        pytest.param(
            ORIGINAL + b" " * (4 << 20) + HONEST[len(ORIGINAL) :],
            "More was added than a signature needs.",
            id="too-much",
        ),
        pytest.param(
            second_revision(HONEST, b"<< /Type /DSS >>"),
            REVISIONS,
            id="a-later-revision",
        ),
        pytest.param(
            Addition(size=20).to(second_revision(ORIGINAL, b"<< /Type /Page >>")),
            REVISIONS,
            id="a-revision-before",
        ),
    ],
)
def test_not_one_revision_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(IncrementError) as refused:
        increments.check(content, len(ORIGINAL))

    assert str(refused.value) == sentence


def test_a_table_that_skips_a_revision_is_refused() -> None:
    """What the skipped revision showed would be gone (ISO 32000-2 §7.5.6)."""
    original = second_revision(ORIGINAL, b"<< >>")
    first = b"%d" % ORIGINAL.index(b"xref\n0")
    honest = Addition(objects={19: b"<< >>"}).to(original)
    last = re.findall(rb"/Prev (\d+)", honest)[-1]
    skipping = honest.replace(b"/Prev %s" % last, b"/Prev %s" % first.zfill(len(last)))

    with pytest.raises(IncrementError, match=REVISIONS):
        increments.check(skipping, len(original))


def test_an_original_that_does_not_end_is_none() -> None:
    with pytest.raises(IncrementError, match="follows the end"):
        increments.check(HONEST, len(ORIGINAL) - 9)


def test_an_encrypted_original_is_refused() -> None:
    locked = ORIGINAL.replace(b"/ID", b"/Encrypt << /Filter /Standard >> /ID")

    with pytest.raises(IncrementError, match="encrypted"):
        increments.check(Addition().to(locked), len(locked))


def test_a_second_table_is_refused() -> None:
    original = pdfs.hybrid()

    with pytest.raises(IncrementError, match="two tables"):
        increments.check(Addition().to(original), len(original))


def test_contents_of_another_dictionary_are_not_the_gap() -> None:
    entry = b"/Aside << /Contents <abab> >>"
    original = a.original(entry)
    honest = Addition(objects={1: a.catalog(a.EXTENSION + entry)})
    lying = replace(honest, at=b"<abab>")

    assert increments.check(honest.to(original), len(original))
    with pytest.raises(IncrementError, match=GAP_OF_OTHER):
        increments.check(lying.to(original), len(original))


def test_an_object_inside_an_old_object_stream_is_refused() -> None:
    """The added table says that object 3 is what stands in object 2's place."""
    original = pdfs.plain_in_object_streams()
    row = b"\x02\x00\x00\x00\x0a\x01"
    entries = b"/Type /XRef /Size 13 /Index [2 1 12 1] /W [1 4 1] /Root 1 0 R /Prev %d"
    place, previous = (
        len(original),
        int(original.rsplit(b"startxref\n", 1)[1].split()[0]),
    )
    own = b"\x01" + place.to_bytes(4, "big") + b"\x00"
    table = pdfs.stream(entries % previous, row + own)
    ending = b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % place

    with pytest.raises(IncrementError, match="inside an object stream"):
        increments.check(original + b"12 0 obj\n" + table + ending, len(original))


def test_two_objects_in_each_other_s_place_are_refused() -> None:
    places = [b"%010d 00000 n \n" % HONEST.index(b"%d 0 obj" % n) for n in (17, 16)]
    swapped = Addition(places={16: places[0], 17: places[1]})

    with pytest.raises(IncrementError, match="is not where the table says"):
        increments.check(swapped.to(ORIGINAL), len(ORIGINAL))
