"""Pages as images and as text: what the person is shown, within fixed bounds."""

import io
import time
from collections.abc import Iterator

import pytest
from PIL import Image

from app.ades import pages
from app.ades.documents import ROOM_FOR_UPDATE, Documents, Limits
from app.ades.errors import Refusal, UnsignableDocumentError
from tests.app.ades import hostile_pages, pdfs, traps
from tests.app.ades.pki import NOW
from tests.app.ades.traps import PICTURE

RED = (255, 0, 0)
MIB = 1 << 20


def image(png: bytes) -> Image.Image:
    opened = Image.open(io.BytesIO(png))
    assert opened.format == "PNG"
    return opened.convert("RGB")


def drawn(documents: Documents, content: bytes, width: int = 595) -> Image.Image:
    return image(documents.render_page(content, page=1, width=width))


@pytest.mark.parametrize(
    ("width", "size"),
    [
        pytest.param(595, (595, 842), id="a-pixel-per-point"),
        pytest.param(1190, (1190, 1684), id="two"),
        pytest.param(1, (200, 283), id="no-narrower-than-200"),
        pytest.param(10**9, (1600, 2264), id="no-wider-than-1600"),
        pytest.param(-5, (200, 283), id="negative"),
    ],
)
def test_a_page_is_drawn_as_wide_as_wanted(
    documents: Documents, width: int, size: tuple[int, int]
) -> None:
    assert drawn(documents, traps.text_page(), width).size == size


def test_a_page_is_not_blank(documents: Documents) -> None:
    darkest, lightest = drawn(documents, traps.text_page()).convert("L").getextrema()

    assert (darkest, lightest) == (0, 255)


def test_the_prepared_file_is_what_is_drawn(documents: Documents) -> None:
    """The signature field we add is invisible: nothing covers the page."""
    original = traps.text_page()
    prepared = documents.prepare(original, signed_at=NOW)

    before = documents.render_page(original, page=1, width=400)

    assert documents.render_page(prepared.content, page=1, width=400) == before


def test_a_turned_page_is_drawn_turned(documents: Documents) -> None:
    assert drawn(documents, traps.text_page(page=b"/Rotate 90"), 842).size == (842, 595)


def test_each_page_is_drawn_and_read_by_its_number(documents: Documents) -> None:
    second = pdfs.PAGE % b"/Contents 9 0 R /Resources << /Font << /F1 8 0 R >> >>"
    content = pdfs.pdf(
        {
            1: pdfs.CATALOG % b"",
            2: b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
            3: pdfs.PAGE % b"",
            4: second,
            8: traps.FONT,
            9: pdfs.stream(b"", traps.TEXT),
        }
    )

    texts = [documents.page_text(content, page=number) for number in (1, 2)]

    assert texts == ["", "I rent the flat."]


def test_a_field_is_drawn_as_the_file_draws_it(documents: Documents) -> None:
    content = traps.form(b"/FT /Tx /V (1000) /AP << /N 5 0 R >>", o5=PICTURE)

    assert drawn(documents, content).getpixel((200, 842 - 150)) == RED


def test_a_field_is_not_drawn_anew_from_its_value(documents: Documents) -> None:
    """The picture says one thing, the value another: the picture is what is signed."""
    with_value, without = (
        traps.form(b"/FT /Tx /DA (/F1 9 Tf) %s /AP << /N 5 0 R >>" % v, o5=PICTURE)
        for v in (b"/V (1000)", b"/X (1000)")
    )

    assert documents.render_page(
        with_value, page=1, width=595
    ) == documents.render_page(without, page=1, width=595)


def test_a_stamp_is_drawn(documents: Documents) -> None:
    assert drawn(documents, traps.stamp(b"/F 4")).getpixel((200, 692)) == RED


def test_a_hidden_stamp_is_not_drawn(documents: Documents) -> None:
    assert drawn(documents, traps.stamp(b"/F 2")).getpixel((200, 692)) != RED


def test_a_script_is_not_run(documents: Documents) -> None:
    """Were it run, the field would be drawn with another value."""
    script = b"<< /S /JavaScript /JS (event.value = 7) >>"
    content = traps.form(
        b"/FT /Tx /V (1) /AA << /F %s /C %s >> /AP << /N 5 0 R >>" % (script, script),
        o5=PICTURE,
    )

    assert drawn(documents, content).getpixel((200, 692)) == RED


def test_the_text_of_a_page_is_read(documents: Documents) -> None:
    assert documents.page_text(traps.text_page(), page=1) == "I rent the flat."


def test_marks_that_reorder_text_are_left_out() -> None:
    assert pages.UNSPEAKABLE.sub("", "1\u202e000\x07\u2066 €\n") == "1000 €\n"


def test_a_page_of_pictures_has_no_text(documents: Documents) -> None:
    assert documents.page_text(traps.picture_only(), page=1) == ""


def test_a_file_of_20_mb_is_drawn(documents: Documents) -> None:
    assert drawn(documents, pdfs.of_size(20_000_000), 200).size == (200, 283)


BOXES = [
    pytest.param(b"0 0 1e30 1e30", id="huge"),
    pytest.param(b"0 0 999999999999999999999 1", id="wide"),
    pytest.param(b"0 0 1 999999999999999999999", id="tall"),
    pytest.param(b"0 0 1 100000", id="narrow"),
    pytest.param(b"0 0 100 700", id="receipt"),
    pytest.param(b"0 0 100000 1", id="flat"),
    pytest.param(b"0 0 0 0", id="empty"),
    pytest.param(b"0 0 -595 -842", id="negative"),
    pytest.param(b"595 842 0 0", id="corners-swapped"),
    pytest.param(b"0 0 nan nan", id="not-numbers"),
    pytest.param(b"(what)", id="not-corners"),
    pytest.param(b"", id="no-corners"),
]


@pytest.mark.parametrize("corners", BOXES)
def test_the_picture_is_bounded_whatever_the_page_says(
    documents: Documents, corners: bytes
) -> None:
    size = drawn(documents, hostile_pages.with_media_box(corners), 1600).size

    assert 1 <= size[0] <= pages.MAX_WIDTH
    assert 1 <= size[1] <= pages.MAX_SIDE
    assert size[0] * size[1] <= pages.MAX_PIXELS


def test_a_scan_that_cannot_be_packed_is_drawn_smaller(documents: Documents) -> None:
    png = documents.render_page(hostile_pages.noise(1500), page=1, width=1600)

    assert len(png) <= pages.MAX_IMAGE_BYTES
    assert image(png).size == (1120, 1584)


def test_a_small_file_may_have_a_large_picture(documents: Documents) -> None:
    content = hostile_pages.photograph()

    png = documents.render_page(content, page=1, width=1600)

    assert len(content) + ROOM_FOR_UPDATE < len(png) <= pages.MAX_IMAGE_BYTES


def test_endless_text_is_cut(documents: Documents) -> None:
    text = documents.page_text(hostile_pages.endless_text(100), page=1)

    assert 0.99 * pages.MAX_TEXT_BYTES < len(text.encode()) <= pages.MAX_TEXT_BYTES


@pytest.fixture(scope="module")
def strict_documents() -> Iterator[Documents]:
    """One second and 400 MiB: the hostile pages below need more."""
    limits = Limits(cpu_seconds=1, memory_bytes=400 * MIB)
    documents = Documents(limits)
    documents.confinement()
    yield documents
    documents.close()


COSTLY = [
    pytest.param(hostile_pages.forms_in_forms(9, 10), id="pictures-in-pictures"),
    pytest.param(hostile_pages.form_in_itself(), id="picture-in-itself"),
    pytest.param(hostile_pages.content_bomb(500 * MIB), id="content-bomb"),
]


@pytest.mark.parametrize("content", COSTLY)
def test_a_page_that_costs_too_much_is_refused_in_time(
    strict_documents: Documents, content: bytes
) -> None:
    started = time.monotonic()

    with pytest.raises(UnsignableDocumentError) as refused:
        strict_documents.render_page(content, page=1, width=1000)

    assert refused.value.refusal is Refusal.TOO_COMPLEX
    assert time.monotonic() - started < 10


def test_the_text_of_a_costly_page_is_refused_in_time(
    strict_documents: Documents,
) -> None:
    with pytest.raises(UnsignableDocumentError, match="too complex"):
        strict_documents.page_text(hostile_pages.forms_in_forms(9, 10), page=1)


def test_an_ordinary_page_is_within_the_strict_limits(
    strict_documents: Documents,
) -> None:
    """Guards the rows above."""
    assert drawn(strict_documents, traps.text_page(), 1600).size == (1600, 2264)


def test_an_image_that_says_it_is_huge_takes_no_memory(
    strict_documents: Documents,
) -> None:
    content = hostile_pages.huge_image(100_000)

    assert drawn(strict_documents, content, 1000).size == (1000, 1415)


@pytest.mark.parametrize("number", [0, -1, 2, 2**31, 10**30])
def test_a_page_that_is_not_there_is_refused(documents: Documents, number: int) -> None:
    with pytest.raises(UnsignableDocumentError, match="no page with this number"):
        documents.render_page(pdfs.plain(), page=number, width=400)
    with pytest.raises(UnsignableDocumentError, match="no page with this number"):
        documents.page_text(pdfs.plain(), page=number)


def test_a_number_too_long_to_be_said_is_refused(documents: Documents) -> None:
    with pytest.raises(UnsignableDocumentError):
        documents.render_page(pdfs.plain(), page=10**5000, width=400)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"Dear Sir or Madam", id="text"),
        pytest.param(b"%PDF-1.7\n%%EOF\n", id="nothing-inside"),
        pytest.param(pdfs.plain()[:150], id="truncated"),
    ],
)
def test_what_is_no_pdf_is_refused(documents: Documents, content: bytes) -> None:
    with pytest.raises(UnsignableDocumentError, match=r"damaged|no page"):
        documents.render_page(content, page=1, width=400)


def test_a_file_beyond_the_limit_is_refused_unread() -> None:
    documents = Documents(Limits(max_bytes=10))

    with pytest.raises(UnsignableDocumentError, match="larger than"):
        documents.render_page(bytes(5 << 20), page=1, width=400)


def test_a_missing_font_is_replaced_by_one_of_our_own(documents: Documents) -> None:
    """No font of the machine is looked for: every server draws the same."""
    missing = b"<< /Type /Font /Subtype /TrueType /BaseFont /DejaVuSans >>"
    content = pdfs.plain(
        page=b"/Contents 9 0 R " + traps.RESOURCES,
        o8=missing,
        o9=pdfs.stream(b"", traps.TEXT),
    )

    assert drawn(documents, content).convert("L").getextrema()[0] == 0


def test_a_stamp_without_area_draws_nothing(documents: Documents) -> None:
    content = traps.annotated(
        b"<< /Subtype /Stamp /Rect [9 9 9 9] /F 4 /AP << /N 5 0 R >> >>", o5=PICTURE
    )

    assert documents.render_page(content, page=1, width=300) == documents.render_page(
        traps.text_page(), page=1, width=300
    )
