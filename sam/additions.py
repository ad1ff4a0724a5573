"""What was appended to a document, as far as it shows without reading a PDF.

Whether it only adds a signature takes a parser: that is the web tier's claim. Seen
here, in bytes that the signature covers or leaves out:

    1. the hole is one hexadecimal string of whole bytes, all zero, between ``<`` and
       ``>``, and ``/Contents`` stands right before it
    2. the addition says ``/ByteRange`` once, with the very numbers that were stated
    3. its last line is the end marker: nothing follows it
"""

import re
from typing import Final

from sam.messages import PreparedDocument

MAX_ADDITION: Final = 4 * 1024 * 1024
HOLE: Final = re.compile(rb"<(?:00)+>")
BEFORE_HOLE: Final = (b"/Contents", b"/Contents ")
BYTE_RANGE: Final = re.compile(rb"/ByteRange(?: ?\[ ?(\d+) (\d+) (\d+) (\d+) ?\])?")
END: Final = re.compile(rb"%%EOF[\r\n]{0,2}\Z")


class UnfitDocumentError(Exception):
    """ByteRange, hole, length or end are not those of a prepared file."""

    code = "unfit_document"


def require_fit(document: PreparedDocument, addition: bytes) -> None:
    """``addition``: all bytes behind the original's. Raises ``UnfitDocumentError``."""
    _first, before, resume, _rest = document.byte_range
    start = before - document.original_length
    end = resume - document.original_length
    if not HOLE.fullmatch(addition, start, end):
        raise UnfitDocumentError("the hole is no empty hexadecimal string")
    if not addition[:start].endswith(BEFORE_HOLE):
        raise UnfitDocumentError("the hole is not the value of /Contents")
    stated = [tuple(match.groups()) for match in BYTE_RANGE.finditer(addition)]
    if stated != [tuple(b"%d" % number for number in document.byte_range)]:
        raise UnfitDocumentError("the file states another ByteRange")
    if not END.search(addition[-16:]):
        raise UnfitDocumentError("the file does not end with its end marker")
