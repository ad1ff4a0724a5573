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

_DOTS = "·•∙⋅・･‧‐∘⸱"
_SEPARATOR_LIKE = re.compile(rf"\s+[{_DOTS}]\s*|\s*[{_DOTS}]\s+")
_CODE_LIKE = re.compile(r"(\d{4})\s?\d{4,}")


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
    text = _SEPARATOR_LIKE.sub(" - ", text)
    text = _CODE_LIKE.sub(r"\1…", " ".join(text.split())).strip(_DOTS + " ")
    if len(text) > MAX_NAME:
        text = text[: MAX_NAME - 9] + "…" + text[-8:]
    return text or "document"


def _breaks_line(character: str) -> bool:
    return character in "\t\n\r\v\f" or unicodedata.category(character) in {
        "Zl",
        "Zp",
        "Zs",
    }


def _hidden(character: str) -> bool:
    """Controls, format characters (bidi, zero-width), surrogates, unassigned."""
    if character in "\t\n\r\v\f":
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"}
