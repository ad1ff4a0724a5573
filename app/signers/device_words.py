"""In which browser something began, in words for the person it concerns.

Coarse on purpose: enough to recognise one's own computer, too little to be a
fingerprint. The header is the browser's own claim and proves nothing.
"""

import re
from typing import Final

# Order matters: each browser names those it imitates after itself.
_BROWSERS: Final = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"(Firefox|FxiOS)/"),
    ("Chrome", r"(Chrome|CriOS|Chromium|HeadlessChrome)/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS: Final = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)
UNKNOWN: Final = "a browser"


def device_words(user_agent: str | None) -> str:
    """``Firefox on Windows``, or as much of it as can be told."""
    text = (user_agent or "")[:512]
    browser = _first(_BROWSERS, text)
    system = _first(_SYSTEMS, text)
    if system is None:
        return browser or UNKNOWN
    return f"{browser or UNKNOWN} on {system}"


def _first(names: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for name, mark in names if re.search(mark, text)), None)
