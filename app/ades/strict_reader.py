"""pyHanko's strict reader, that reads the table of an object stream once.

pyHanko reads it again for every object in the stream: visiting all objects of a
stream of n would cost n² steps.
"""

from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.misc import PdfStrictReadError
from pyhanko.pdf_utils.reader import PdfFileReader


class StrictReader(PdfFileReader):
    """Raises what pyHanko raises; see ``faults``."""

    def __init__(self, content: bytes) -> None:
        super().__init__(BytesIO(content), strict=True)
        self._tables: dict[int, _ObjectStream] = {}

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> Any:
        if stmnum not in self._tables:
            self._tables[stmnum] = _ObjectStream(self, stmnum)
        return self._tables[stmnum].read(idnum, idx)


class _ObjectStream:
    """ISO 32000-2 §7.5.7: pairs of object number and offset, then the objects."""

    def __init__(self, reader: PdfFileReader, number: int) -> None:
        stream = generic.Reference(number, 0, reader).get_object()
        if not isinstance(stream, generic.StreamObject) or stream["/Type"] != "/ObjStm":
            raise PdfStrictReadError("this is no object stream")
        first, count = int(stream["/First"]), int(stream["/N"])
        content = stream.read_data(DecodePurpose.OBJECT_STREAM)
        table = [int(word) for word in content[:first].split()[: 2 * count]]
        self._reader = reader
        self._content = BytesIO(content)
        self._objects = list(zip(table[::2], table[1::2], strict=True))
        self._places: dict[int, int] = {}
        for place, (object_number, _offset) in enumerate(self._objects):
            self._places.setdefault(object_number, place)
        self._first = first

    def read(self, number: int, place: int) -> generic.PdfObject:
        if self._places.get(number) != place:
            raise PdfStrictReadError("the object is not in its place")
        self._content.seek(self._first + self._objects[place][1])
        found = generic.read_object(
            self._content, generic.Reference(number, 0, self._reader)
        )
        if isinstance(found, generic.StreamObject | generic.IndirectObject):
            raise PdfStrictReadError("an object stream holds no such object")
        return found
