"""The door to XML trusted lists for the rest of ``app``: bytes in, signed parts out.

A child of ``children`` does it (``list_parts``), confined like those for documents. A
list comes a few times a day at most, so the fork server lives for one list only.
"""

from typing import Final

from app.ades import frames
from app.ades.children import ChildGoneError, Children
from app.ades.errors import UnreadableListError

JOBS: Final = "app.ades.list_parts"
MAX_LIST_BYTES: Final = 16 << 20
ROOM_FOR_FRAME: Final = 1 << 16
CPU_SECONDS: Final = 10
WALL_SECONDS: Final = 20.0
MEMORY_BYTES: Final = 1 << 30
FORBIDDEN: Final = (b"<!DOCTYPE", b"<!ENTITY", b"\0")


def signed_parts(content: bytes, *, max_bytes: int = MAX_LIST_BYTES) -> bytes:
    """Return what the SAM verifies (``list_parts``), at most ``max_bytes`` of it.

    Nothing is verified here. Raises ``UnreadableListError``, and
    ``DocumentsUnavailableError`` where no child can be started.
    """
    _refuse_by_its_bytes(content)
    children = Children(
        jobs=JOBS,
        cpu_seconds=CPU_SECONDS,
        memory_bytes=MEMORY_BYTES,
        wall_seconds=WALL_SECONDS,
        concurrent=1,
    )
    job = frames.encode({"job": "signed-parts", "arguments": {}}, [content])
    try:
        reply = children.run(job, max_reply=max_bytes + ROOM_FOR_FRAME)
        parts = _parts(frames.decode(reply))
    except (ChildGoneError, frames.FrameError) as gone:
        raise UnreadableListError(f"its child failed: {gone}") from None
    finally:
        children.close()
    if len(parts) > max_bytes:
        raise UnreadableListError(f"its canonical form is above {max_bytes} bytes")
    return parts


def _refuse_by_its_bytes(content: bytes) -> None:
    """What no parser has to see: too long, another encoding, a DTD."""
    if len(content) > MAX_LIST_BYTES:
        raise UnreadableListError(f"longer than {MAX_LIST_BYTES} bytes")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableListError("not in UTF-8") from None
    for mark in FORBIDDEN:
        if mark in content:
            raise UnreadableListError(f"it holds {mark!r}")


def _parts(frame: frames.Frame) -> bytes:
    if len(frame.blobs) != 1:
        detail = str(frame.header.get("detail") or frame.header.get("code"))
        raise UnreadableListError("".join(c for c in detail[:300] if c.isprintable()))
    return frame.blobs[0]
