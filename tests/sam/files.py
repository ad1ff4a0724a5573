"""Stand-ins for prepared PDFs: the SAM parses none."""

from sam import messages as m

HOLE = b"<" + b"0" * 64 + b">"


def prepared(original: bytes) -> bytes:
    """``original`` with something behind it that holds an empty hole."""
    return original + b" /Contents " + HOLE + b" trailer"


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
