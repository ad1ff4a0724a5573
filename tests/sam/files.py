"""Stand-ins for prepared PDFs: the SAM parses none."""

from sam import messages as m

HOLE = b"<" + b"0" * 64 + b">"


REST = 100


def prepared(original: bytes, rest: int = REST) -> bytes:
    """``original`` with an empty hole behind it, and ``rest`` bytes behind that."""
    before = original + b" /Contents "
    numbers = (len(before), len(before) + len(HOLE), rest)
    stated = b" /ByteRange [0 %d %d %d]" % numbers
    return before + HOLE + stated.ljust(rest - 6) + b"%%EOF\n"


def described(content: bytes, **changed: object) -> m.PreparedDocument:
    start = content.index(HOLE)
    end = start + len(HOLE)
    values: dict[str, object] = {
        "name": "lease.pdf",
        "byte_range": (0, start, end, len(content) - end),
        "original_length": content.index(b" /Contents"),
        "length": len(content),
    }
    return m.PreparedDocument(**(values | changed))  # type: ignore[arg-type]
