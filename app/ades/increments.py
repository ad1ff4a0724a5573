"""Was only a signature added to a file? The claim made of every prepared file.

``check`` reads the whole file, original and addition, in a confined child. Every
object that was added or written again must have its part in one signature:

    1. ``increment_bytes``: every byte belongs to an object, the table or its trailer
    2. the catalog: as it was, but for the form, our extension entry and the version
    3. the form: as it was, with one field more, and the flags of a signed file
    4. the field: ours to the last entry, invisible, with a name nobody has
    5. its page: as it was, with this field as its last annotation
    6. the signature: ours to the last entry; its /Contents is the gap of its ByteRange,
       and that leaves out nothing else
    7. nothing is left over

It holds for a prepared file and for the same file signed: they differ in the gap. A
change of metadata is refused like any other: our preparation makes none.
"""

import re
from collections.abc import Mapping
from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfDecodeLimitError
from pyhanko.version import __version__ as pyhanko_version

from app.ades import increment_bytes
from app.ades.byte_range import ByteRange, ByteRangeError, covers_whole_file, gap
from app.ades.errors import IncrementError
from app.ades.faults import PARSER_FAULTS
from app.ades.increment_bytes import Increment, Name
from app.ades.object_names import kind_of
from app.ades.pdf_objects import array, dictionary, member, members, resolved, value
from app.ades.same_values import differing, named, raw, reference, same

TOOL: Final = f"app.ades.increments 1, pyHanko {pyhanko_version}"
EXTENSION: Final = {
    "/Type": "/DeveloperExtensions",
    "/BaseVersion": "/1.7",
    "/ExtensionLevel": 1,
}
VERSION: Final = "/1.7"  # what the writer says of older files, §7.2.2
FIELD: Final = {"/FT": "/Sig", "/Type": "/Annot", "/Subtype": "/Widget", "/F": 132}
FIELD_KEYS: Final = {*FIELD, "/T", "/TU", "/Rect", "/P", "/V"}
FIELD_DESCRIPTIONS: Final = frozenset({"Electronic signature"})
SIGNATURE: Final = {
    "/Type": "/Sig",
    "/Filter": "/Adobe.PPKLite",
    "/SubFilter": "/ETSI.CAdES.detached",
}
SIGNATURE_KEYS: Final = {*SIGNATURE, "/Contents", "/ByteRange", "/M"}
SIGNATURES_EXIST_APPEND_ONLY: Final = 3  # §12.7.3, /SigFlags
NAME: Final = re.compile(r"Signature[1-9]\d{0,8}")
TIME: Final = re.compile(r"D:\d{14}(Z|[+-]\d\d'\d\d'?)")
BEFORE_GAP: Final = re.compile(rb"/Contents ?\Z")


def check(content: bytes, original_length: int) -> ByteRange:
    """The signature's ByteRange. Raises ``IncrementError``: the first thing unfit."""
    try:
        return _Review(content, increment_bytes.read(content, original_length)).made()
    except (PdfDecodeLimitError, RecursionError, MemoryError):
        raise IncrementError("The file is too complex.") from None
    except PARSER_FAULTS:
        raise IncrementError("The file cannot be read reliably.") from None


class _Review:
    """``explained``: the names of objects that have their part in the signature."""

    def __init__(self, content: bytes, increment: Increment) -> None:
        self._content = content
        self._increment = increment
        self._explained: set[Name] = set()

    def made(self) -> ByteRange:
        """Steps 2 to 7."""
        before = self._increment.before.trailer.flatten()
        was, now = self._both(before, self._increment.trailer, "/Root")
        self._catalog(was, now)
        field = self._form(was, now)
        self._field(field, taken=member(was, "/AcroForm"))
        self._page(field)
        byte_range = self._signature(dictionary(field))
        self._nothing_left()
        return byte_range

    def _catalog(
        self, was: generic.DictionaryObject, now: generic.DictionaryObject
    ) -> None:
        _require_same(was, now, {"/AcroForm", "/Extensions", "/Version"}, "catalog")
        if differing_at(was, now, "/Version") and value(now, "/Version") != VERSION:
            raise IncrementError("The catalog was changed: /Version.")
        old, new = self._both(was, now, "/Extensions")
        _require_same(old, new, {"/ESIC"}, "catalog's extensions")
        if differing_at(old, new, "/ESIC"):
            _require_entries(member(new, "/ESIC"), EXTENSION, "extension")
            if set(member(new, "/ESIC")) != set(EXTENSION):
                raise IncrementError("The extension is not ours.")

    def _form(
        self, was: generic.DictionaryObject, now: generic.DictionaryObject
    ) -> generic.IndirectObject:
        """The field that was added."""
        old, new = self._both(was, now, "/AcroForm")
        _require_same(old, new, {"/Fields", "/SigFlags", "/NeedAppearances"}, "form")
        if value(new, "/SigFlags") != SIGNATURES_EXIST_APPEND_ONLY:
            raise IncrementError("The form was changed: /SigFlags.")
        if "/NeedAppearances" in new and differing_at(old, new, "/NeedAppearances"):
            raise IncrementError("The form was changed: /NeedAppearances.")
        return self._appended(old, new, "/Fields", "form")

    def _field(
        self, item: generic.IndirectObject, taken: generic.DictionaryObject
    ) -> None:
        field = self._fresh(item, "signature field")
        if set(field) != FIELD_KEYS:
            odd = sorted(set(field) ^ FIELD_KEYS)
            raise IncrementError(f"The signature field is not ours: {odd[0]}.")
        _require_entries(field, FIELD, "signature field")
        if [resolved(corner) for corner in members(field, "/Rect")] != [0, 0, 0, 0]:
            raise IncrementError("The signature field is not ours: /Rect.")
        if raw(field, "/TU") not in FIELD_DESCRIPTIONS:
            raise IncrementError("The signature field is not ours: /TU.")
        name = str(raw(field, "/T"))
        names = {str(value(dictionary(f), "/T")) for f in members(taken, "/Fields")}
        if not NAME.fullmatch(name) or name in names:
            raise IncrementError("The signature field is not ours: /T.")

    def _page(self, field: generic.IndirectObject) -> None:
        place = raw(dictionary(field), "/P")
        if not isinstance(place, generic.IndirectObject):
            raise IncrementError("The signature field is on no page.")
        was = dictionary(reference(named(place), self._increment.before))
        now = dictionary(place)
        if value(was, "/Type") != "/Page":
            raise IncrementError("The signature field is on no page.")
        self._explained.add(named(place))
        _require_same(was, now, {"/Annots"}, "page")
        shown = self._appended(was, now, "/Annots", "page")
        if named(shown) != named(field):
            raise IncrementError("The page got another annotation than the signature.")

    def _signature(self, field: generic.DictionaryObject) -> ByteRange:
        item = raw(field, "/V")
        signature = self._fresh(item, "signature")
        if set(signature) != SIGNATURE_KEYS:
            odd = sorted(set(signature) ^ SIGNATURE_KEYS)
            raise IncrementError(f"The signature is not ours: {odd[0]}.")
        _require_entries(signature, SIGNATURE, "signature")
        if not TIME.fullmatch(str(raw(signature, "/M"))):
            raise IncrementError("The signature is not ours: /M.")
        assert isinstance(item, generic.IndirectObject)  # noqa: S101  # fresh
        return self._byte_range(signature, self._increment.spans[named(item)])

    def _byte_range(
        self, signature: generic.DictionaryObject, span: tuple[int, int]
    ) -> ByteRange:
        numbers = [_integer(number) for number in members(signature, "/ByteRange")]
        try:
            start, before, resume, after = numbers
            byte_range = (start, before, resume, after)
            gap(self._content, byte_range)
        except (ByteRangeError, ValueError):
            raise IncrementError("The ByteRange leaves out no one string.") from None
        if not span[0] < before < resume < span[1]:
            raise IncrementError("The ByteRange leaves out something else.")
        if not BEFORE_GAP.search(self._content, max(0, before - 16), before):
            raise IncrementError("The ByteRange leaves out something else.")
        if not covers_whole_file(self._content, byte_range):
            raise IncrementError("The ByteRange ends before the file.")
        return byte_range

    def _nothing_left(self) -> None:
        for name in sorted(set(self._increment.objects) - self._explained):
            was = resolved(reference(name, self._increment.before))
            what = kind_of(was if was is not None else self._increment.objects[name])
            done = "added" if was is None else "replaced"
            raise IncrementError(f"{what} was {done} (object {name[0]}).")

    def _appended(
        self,
        was: generic.DictionaryObject,
        now: generic.DictionaryObject,
        key: str,
        holder: str,
    ) -> generic.IndirectObject:
        """The one reference that is new at the end of the array."""
        old, new = self._pair(raw(was, key), raw(now, key), f"{holder}'s {key}")
        if not isinstance(new, generic.ArrayObject):
            raise IncrementError(f"The {holder} was changed: {key}.")
        *kept, last = array(new) or [None]
        listed = generic.ArrayObject(array(old))
        if not same(generic.ArrayObject(kept), listed):
            raise IncrementError(f"Not exactly one entry was added to {key}.")
        if not isinstance(last, generic.IndirectObject):
            raise IncrementError(f"What was added to {key} is no reference.")
        return last

    def _fresh(self, item: object, what: str) -> generic.DictionaryObject:
        """The dictionary behind a reference to an object the original has not."""
        added = self._increment.objects
        if (
            not isinstance(item, generic.IndirectObject)
            or item.idnum < self._increment.first_free
            or named(item) not in added
        ):
            raise IncrementError(f"The {what} is not a new object.")
        found = added[named(item)]
        if type(found) is not generic.DictionaryObject:
            raise IncrementError(f"The {what} is no dictionary.")
        self._explained.add(named(item))
        return found

    def _both(
        self, was: generic.DictionaryObject, now: generic.DictionaryObject, key: str
    ) -> tuple[generic.DictionaryObject, generic.DictionaryObject]:
        old, new = self._pair(raw(was, key), raw(now, key), key)
        if new is not None and type(new) is not generic.DictionaryObject:
            raise IncrementError(f"{key} is no dictionary.")
        return dictionary(old), dictionary(new)

    def _pair(self, old: object, new: object, what: str) -> tuple[object, object]:
        """Both values. An object that is written again keeps its number."""
        if isinstance(old, generic.IndirectObject):
            if not isinstance(new, generic.IndirectObject) or named(old) != named(new):
                raise IncrementError(f"{what} points to another object.")
            self._explained.add(named(old))
        elif isinstance(new, generic.IndirectObject):
            if old is not None:
                raise IncrementError(f"{what} points to another object.")
            self._fresh(new, what)
        return resolved(old), resolved(new)


def differing_at(
    one: generic.DictionaryObject, other: generic.DictionaryObject, key: str
) -> bool:
    return not same(raw(one, key), raw(other, key))


def _require_same(
    was: generic.DictionaryObject,
    now: generic.DictionaryObject,
    but: set[str],
    what: str,
) -> None:
    for key in differing(was, now):
        if key not in but:
            raise IncrementError(f"The {what} was changed: {key}.")


def _require_entries(
    holder: generic.DictionaryObject, entries: Mapping[str, object], what: str
) -> None:
    for key, expected in entries.items():
        found = raw(holder, key)
        kind = generic.NumberObject if isinstance(expected, int) else generic.NameObject
        if not isinstance(found, kind) or found != expected:
            raise IncrementError(f"The {what} is not ours: {key}.")


def _integer(number: object) -> int:
    if not isinstance(number, generic.NumberObject):
        raise IncrementError("The ByteRange leaves out no one string.")
    return int(number)
