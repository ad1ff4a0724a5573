"""A link as a QR code: one SVG path, black on white also where the page is dark."""

from functools import lru_cache
from itertools import groupby
from typing import Final

from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

# Every mask decodes. A fixed one spares the search for the prettiest: 12 → 3 ms.
MASK: Final = 3
QUIET_ZONE: Final = 4  # modules, ISO/IEC 18004 §9.1
MODULE: Final = 6  # CSS pixels
NAME: Final = "QR code. Scan it with your wallet app."


@lru_cache(maxsize=128)
def qr_svg(text: str) -> Markup:
    """``text`` at error level M as an ``<svg>``, six CSS pixels a module.

    The style sheet may make it smaller; the white quiet zone is part of it.
    ``ValueError`` beyond 2331 bytes.
    """
    matrix = _matrix(text)
    side = len(matrix) + 2 * QUIET_ZONE
    path = "".join(_row(y + QUIET_ZONE, row) for y, row in enumerate(matrix))
    return Markup(  # noqa: S704 (numbers and constants only)
        f'<svg class="qr" width="{side * MODULE}" viewBox="0 0 {side} {side}"'
        f' role="img" aria-label="{NAME}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path stroke="#000" d="{path}"/></svg>'
    )


def _matrix(text: str) -> list[list[bool]]:
    code = QRCode(error_correction=ERROR_CORRECT_M, mask_pattern=MASK, border=0)
    code.add_data(text)
    code.make(fit=True)
    matrix: list[list[bool]] = code.get_matrix()
    return matrix


def _row(y: int, row: list[bool]) -> str:
    """The row's dark runs, each a stroke one module wide along the modules' middle."""
    path, gap = f"M{QUIET_ZONE} {y}.5", 0
    for dark, modules in groupby(row):
        run = len(list(modules))
        if dark:
            path += (f"m{gap} 0" if gap else "") + f"h{run}"
        gap = 0 if dark else run
    return path
