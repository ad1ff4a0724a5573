"""Take apart what was appended to a PDF, so that every byte of it is accounted for.

An increment (ISO 32000-2 §7.5.6) is read in this order; ``IncrementError`` says what
does not fit:

    1. something was appended, not too much, and both files end at their end marker
    2. both files open strictly; neither is encrypted nor has two tables
    3. exactly one table was added, and it continues the original's last
    4. the table lists objects in the increment only, each once; it takes none away
       and none lies in an object stream
    5. these objects, the table and its trailer lie side by side: no byte between them,
       behind them or in a comment belongs to nobody, and none is read in two ways
    6. the trailer is the original's but for size, place and second file identifier

What the objects are is not looked at here (``increments``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from app.ades.errors import IncrementError
from app.ades.increment_words import require_plain
from app.ades.inspection import END, END_WINDOW
from app.ades.pdf_objects import array
from app.ades.same_values import STRINGS, differing, same
from app.ades.strict_reader import StrictReader

Name = tuple[int, int]

MAX_INCREMENT: Final = 4 << 20
HEADER: Final = re.compile(rb"(\d{1,10}) (\d{1,5}) obj(?:\s{1,4}|(?=[<\[(/]))")
END_OF_OBJECT: Final = re.compile(rb"\s{0,4}endobj(?=\s)")
STREAM: Final = re.compile(rb">>\s{0,4}stream\b")
TABLE: Final = re.compile(
    rb"xref\s{1,2}((?:\d{1,10} \d{1,10}\s{1,3}(?:\d{10} \d{5} [nf]\s\s)*)+)"
    rb"trailer\s{0,2}"
)
ENTRY: Final = re.compile(rb"\d{10} \d{5} [nf]\s\s")
ENDING: Final = re.compile(rb"\s{0,4}startxref\s{1,2}(\d{1,12})\s{1,2}%%EOF\s{0,2}\Z")
BLANK: Final = re.compile(rb"\s{0,4}")
# What a table is about, not the document (§7.5.5, §7.5.8.2).
OF_THE_TABLE: Final = frozenset(
    {"/Size", "/Prev", "/ID", "/Type", "/W", "/Index", "/Length", "/Filter"}
    | {"/DecodeParms", "/XRefStm"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Increment:
    """``before``: the original, opened; ``after``: with what was added.

    ``objects``: name → what was added or replaced, but for the table. ``spans``: name →
    its first byte and the one behind it. An object's name is number and generation.
    ``first_free``: no object of the original has this number or a higher one.
    """

    before: PdfFileReader
    after: PdfFileReader
    objects: Mapping[Name, object]
    spans: Mapping[Name, tuple[int, int]]
    trailer: generic.DictionaryObject
    first_free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The added table: where it says the objects are, and where it is itself."""

    place: int
    own: Name | None
    entries: Mapping[Name, int]


def read(content: bytes, original_length: int) -> Increment:
    """Raises ``IncrementError``, and what the parser raises at hostile bytes."""
    _require_envelope(content, original_length)
    before = StrictReader(content[:original_length])
    after = StrictReader(content)
    for reader in (before, after):
        if "/Encrypt" in reader.trailer:
            raise IncrementError("The file is encrypted.")
        if reader.xrefs.hybrid_xrefs_present:
            raise IncrementError("The file has two tables of contents.")
    table = _table(before, after, original_length)
    objects, spans = _objects(content, after, table, original_length)
    last = max(end for _, end in spans.values())
    trailer = _trailer(content, after, table, objects, last)
    first_free = int(before.trailer["/Size"])
    highest = max(number for number, _generation in spans)
    _require_trailer(before, trailer, max(highest, first_free - 1))
    if table.own is not None:
        del objects[table.own]
    return Increment(
        before=before,
        after=after,
        objects=objects,
        spans=spans,
        trailer=trailer,
        first_free=first_free,
    )


def _require_envelope(content: bytes, original_length: int) -> None:
    added = len(content) - original_length
    if original_length <= 0 or added <= 0:
        raise IncrementError("Nothing was added.")
    if added > MAX_INCREMENT:
        raise IncrementError("More was added than a signature needs.")
    for end in (original_length, len(content)):
        if not END.search(content[max(0, end - END_WINDOW) : end]):
            raise IncrementError("Something follows the end of the file.")


def _table(before: PdfFileReader, after: PdfFileReader, start: int) -> _Table:
    revisions = after.xrefs.total_revisions
    if revisions != before.xrefs.total_revisions + 1:
        raise IncrementError("Not exactly one revision was added.")
    about = after.xrefs.get_xref_container_info(revisions - 1)
    data = after.xrefs.get_xref_data(revisions - 1)
    if data.xrefs_in_objstm:
        raise IncrementError("An object was added inside an object stream.")
    for number in data.freed:
        raise IncrementError(f"Object {number} is taken away.")
    for number, (_generation, place) in data.standard_xrefs.items():
        if place < start:
            raise IncrementError(f"Object {number} is one of the original's again.")
    entries = {
        (number, generation): place
        for number, (generation, place) in data.standard_xrefs.items()
    }
    own = None
    if about.stream_ref is not None:
        own = about.stream_ref.idnum, about.stream_ref.generation
        entries[own] = about.declared_startxref
    return _Table(place=about.declared_startxref, own=own, entries=entries)


def _objects(
    content: bytes, after: PdfFileReader, table: _Table, start: int
) -> tuple[dict[Name, object], dict[Name, tuple[int, int]]]:
    """In the order in which they lie; nothing between them."""
    objects: dict[Name, object] = {}
    spans: dict[Name, tuple[int, int]] = {}
    position = start
    for name, place in sorted(table.entries.items(), key=lambda entry: entry[1]):
        _require_blank(content, position, place)
        reference = generic.Reference(*name, after)
        objects[name], position = _object(content, after, reference, place)
        spans[name] = place, position
    if not spans:
        raise IncrementError("No object was added.")
    return objects, spans


def _object(
    content: bytes, after: PdfFileReader, reference: generic.Reference, place: int
) -> tuple[object, int]:
    header = HEADER.match(content, place)
    named = (reference.idnum, reference.generation)
    if header is None or (int(header[1]), int(header[2])) != named:
        raise IncrementError(f"Object {reference.idnum} is not where the table says.")
    after.stream.seek(header.end())
    found: object = generic.read_object(after.stream, reference)
    end = END_OF_OBJECT.match(content, after.stream.tell())
    if end is None:
        raise IncrementError(f"Object {reference.idnum} does not end where it should.")
    written = content[place : end.end()]
    if isinstance(found, generic.StreamObject):
        written = STREAM.split(written, maxsplit=1)[0]
    require_plain(written)
    return found, end.end()


def _trailer(
    content: bytes,
    after: PdfFileReader,
    table: _Table,
    objects: Mapping[Name, object],
    position: int,
) -> generic.DictionaryObject:
    if table.own is not None:
        trailer, end = objects[table.own], position
        rows = _rows_of_stream(trailer)
    else:
        _require_blank(content, position, table.place)
        match = TABLE.match(content, table.place)
        if match is None:
            raise IncrementError("The added table is not well-formed.")
        after.stream.seek(match.end())
        place = generic.TrailerReference(after)  # type: ignore[no-untyped-call]
        trailer = generic.DictionaryObject.read_from_stream(after.stream, place)
        end = after.stream.tell()
        require_plain(content[match.end() : end])
        rows = len(ENTRY.findall(match[1]))
    ending = ENDING.match(content, end)
    if ending is None or int(ending[1]) != table.place:
        raise IncrementError("Something was added that no table lists.")
    # The first row is that of number 0: the head of the free list (§7.5.4).
    if rows not in (len(table.entries), len(table.entries) + 1):
        raise IncrementError("The added table lists an object twice.")
    assert isinstance(trailer, generic.DictionaryObject)  # noqa: S101  # both ways
    return trailer


def _rows_of_stream(trailer: object) -> int:
    if not isinstance(trailer, generic.StreamObject):
        raise IncrementError("The added table is not well-formed.")
    index = [int(number) for number in trailer.get("/Index", [0, trailer["/Size"]])]
    return sum(index[1::2])


def _require_trailer(
    before: PdfFileReader, trailer: generic.DictionaryObject, highest: int
) -> None:
    known = before.trailer.flatten()
    changed = [key for key in differing(known, trailer) if key not in OF_THE_TABLE]
    if changed:
        raise IncrementError(f"The trailer was changed: {changed[0]}.")
    if int(trailer["/Prev"]) != before.last_startxref:
        raise IncrementError("The added table does not continue the original's.")
    if int(trailer["/Size"]) != highest + 1:
        raise IncrementError("The trailer was changed: /Size.")
    one, other = array(known.get("/ID")), array(trailer.get("/ID"))
    halves = len(other) == 2 and all(isinstance(half, STRINGS) for half in other)  # noqa: PLR2004
    if ((one or other) and not halves) or (one and not same(one[0], other[0])):
        raise IncrementError("The trailer was changed: /ID.")


def _require_blank(content: bytes, start: int, end: int) -> None:
    if start > end or not BLANK.fullmatch(content, start, end):
        raise IncrementError("Something was added that no table lists.")
