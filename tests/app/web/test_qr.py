"""The QR code, read back from the SVG as a scanner's camera would sample it."""

import re

import pytest
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from app.web.qr import MASK, MODULE, QUIET_ZONE, qr_svg
from tests.app.web.scenes import LINK

TILE = re.compile(r'<path fill="#fff" d="M0 0h(\d+)v(\d+)H0z"/>')
STROKES = re.compile(r'<path stroke="#000" d="([^"]+)"/>')


def sampled(svg: str) -> list[list[bool]]:
    """The colour at the middle of every module of the tile: true is dark."""
    tile, strokes = TILE.search(svg), STROKES.search(svg)
    assert tile is not None
    assert strokes is not None
    side = int(tile[1])
    modules = [[False] * side for _ in range(side)]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([\d. ]+)", strokes[1]):
        values = [float(value) for value in numbers.split()]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for column in range(int(x), int(x + values[0])):
                modules[int(y)][column] = True
            x += values[0]
    return modules


def expected(text: str) -> list[list[bool]]:
    code = QRCode(
        error_correction=ERROR_CORRECT_M, mask_pattern=MASK, border=QUIET_ZONE
    )
    code.add_data(text)
    code.make(fit=True)
    matrix: list[list[bool]] = code.get_matrix()
    return matrix


@pytest.mark.parametrize(
    "text", ["a", LINK, "https://sign.example/continue/" + 22 * "x"]
)
def test_the_picture_is_the_code_with_its_quiet_zone(text: str) -> None:
    assert sampled(qr_svg(text)) == expected(text)


def test_four_light_modules_surround_the_code() -> None:
    modules = sampled(qr_svg(LINK))

    edge = [*modules[:4], *modules[-4:]] + [row[:4] + row[-4:] for row in modules]
    assert not any(any(row) for row in edge)
    assert modules[4][4]


def test_a_module_is_six_pixels() -> None:
    side = len(sampled(qr_svg(LINK)))

    assert f'width="{MODULE * side}" viewBox="0 0 {side} {side}"' in qr_svg(LINK)


def test_a_link_of_180_characters_is_below_8_kb() -> None:
    assert len(qr_svg(LINK.ljust(180, "x"))) < 8_000


def test_a_screen_reader_hears_a_short_name_and_not_the_link() -> None:
    svg = qr_svg(LINK)

    assert 'role="img" aria-label="QR code. Scan it with your wallet app."' in svg
    assert "openid4vp" not in svg


def test_nothing_of_the_text_becomes_markup() -> None:
    assert "script" not in qr_svg("</svg><script>")


def test_a_text_that_fits_no_code_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid version"):
        qr_svg("x" * 2332)
