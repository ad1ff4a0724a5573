"""The line a wallet shows for a document: built here, never by a caller.

``TEST · private · lease.pdf · 4821 7730``: marks first, then the name, then the code.
The name comes from outside, so whatever could pass for one of our marks or for a code
is rewritten (not refused: people name files as they like).
"""

import hashlib
import re
import unicodedata

MAX_NAME = 48
SEPARATOR = " · "

_DOTS = "·•∙⋅・･‧‐∘⸱․ꞏ᛫ᐧ●"
_DOTS_AND_SPACES = re.compile(rf"[{_DOTS}\s]+")
_CODE_LIKE = re.compile(r"(\d{4})\s?\d{4,}")
# Letters and marks that print nothing (Default_Ignorable_Code_Point, braille blank).
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def document_code(nonce: str, sdr: bytes) -> str:
    """Eight digits in two groups: SHA-256(nonce ‖ sdr), first 8 bytes, mod 10⁸.

    It binds page and wallet to one transaction; 26 bits are no proof of anything.
    """
    digest = hashlib.sha256(nonce.encode("ascii") + sdr).digest()
    digits = f"{int.from_bytes(digest[:8], 'big') % 10**8:08d}"
    return f"{digits[:4]} {digits[4:]}"


def label(name: str, code: str, *, test: bool, private: bool) -> str:
    marks = [*(["TEST"] if test else []), *(["private"] if private else [])]
    return SEPARATOR.join([*marks, shown_name(name), code])


def shown_name(name: str) -> str:
    """``name`` without what deceives: controls, bidi, our separator, codes."""
    text = unicodedata.normalize("NFC", name)
    text = "".join(" " if _breaks_line(c) else c for c in text if not _hidden(c))
    text = _DOTS_AND_SPACES.sub(_no_separator, text)
    text = _CODE_LIKE.sub(r"\1…", " ".join(text.split())).strip(_DOTS + " ")
    if len(text) > MAX_NAME:
        text = text[: MAX_NAME - 9] + "…" + text[-8:]
    return text or "document"


def _no_separator(run: re.Match[str]) -> str:
    """A dot inside a word stays; a dot with space beside it could pass for ours."""
    text = run.group()
    mixed = text.strip() and not set(text) <= set(_DOTS)
    return " - " if mixed else text


def _breaks_line(character: str) -> bool:
    return character in "\t\n\r\v\f" or unicodedata.category(character) in {
        "Zl",
        "Zp",
        "Zs",
    }


def _hidden(character: str) -> bool:
    """Controls, format characters (bidi, zero-width), unassigned, blanks."""
    if character in "\t\n\r\v\f":
        return False
    kind = unicodedata.category(character)
    return kind in {"Cc", "Cf", "Cs", "Co", "Cn"} or bool(_BLANK.match(character))
