"""Look once at every object a program can reach while it shows the document.

What a document does, or takes from elsewhere, hides in many places: actions of pages,
fields, bookmarks and name trees, chained by /Next; streams whose data lie in another
file. So nothing is looked for in its place: every dictionary is judged by what it is.

Left out are structure trees, named places and private data of authoring programs:
they are large, and no program shows or runs what stands there. A stream is never left
out: its name may be that of an image, and those are free.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from pyhanko.pdf_utils import generic

from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.pdf_objects import Steps, resolved, value
from app.ades.reports import FindingKind

PRUNED: Final = frozenset({"/StructTreeRoot", "/SE", "/SD", "/Dests", "/PieceInfo"})
CONTAINERS: Final = (
    generic.IndirectObject,
    generic.DictionaryObject,
    generic.ArrayObject,
)
# ISO 32000-2 §12.6.4. Not judged: those that only move within the document.
REFUSED_ACTIONS: Final = {
    "/JavaScript": Refusal.SCRIPT,
    "/Launch": Refusal.LAUNCHES,
    "/ImportData": Refusal.EXTERNAL_CONTENT,
    "/Hide": Refusal.CHANGING_CONTENT,
}
NOTED_ACTIONS: Final = {
    "/SubmitForm": FindingKind.SUBMIT_ACTION,
    "/GoToR": FindingKind.EXTERNAL_LINK,
    "/GoToE": FindingKind.EXTERNAL_LINK,
    "/URI": FindingKind.WEB_LINK,
    "/SetOCGState": FindingKind.HIDDEN_LAYERS,
}
# Keys of a form or image that make programs take another picture than this one.
REFUSED_KEYS: Final = {
    "/Ref": Refusal.EXTERNAL_CONTENT,  # §8.10.4: a page of another file
    "/OPI": Refusal.EXTERNAL_CONTENT,  # §14.11.7: a better picture, for printers
    "/Alternates": Refusal.CHANGING_CONTENT,  # §8.9.5.4: another one, for printers
}
STRINGS: Final = (generic.TextStringObject, generic.ByteStringObject)


def survey_objects(
    root: generic.DictionaryObject, steps: Steps, found: Counter[FindingKind]
) -> None:
    """Count into ``found``; raises ``UnsignableDocumentError``."""
    waiting: list[object] = [root]
    seen: set[generic.Reference] = set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            if item.reference in seen:
                continue
            seen.add(item.reference)
            item = resolved(item)
        if isinstance(item, generic.DictionaryObject):
            steps.spend()
            _judge(item, found)
            waiting += _entries(item)
        elif isinstance(item, generic.ArrayObject):
            steps.spend()
            waiting += [each for each in item.iterate() if isinstance(each, CONTAINERS)]


def _entries(holder: generic.DictionaryObject) -> Iterator[object]:
    for key, entry in holder.items():
        if not isinstance(entry, CONTAINERS):
            continue
        if key in PRUNED and not isinstance(resolved(entry), generic.StreamObject):
            continue
        yield entry


def _judge(item: generic.DictionaryObject, found: Counter[FindingKind]) -> None:
    """Names of resources are free: only with a fitting value is a key what it seems."""
    kind = value(item, "/S")
    if isinstance(kind, generic.NameObject):
        if kind in REFUSED_ACTIONS:
            raise UnsignableDocumentError(REFUSED_ACTIONS[kind])
        if kind in NOTED_ACTIONS:
            found[NOTED_ACTIONS[kind]] += 1
    if "/JS" in item and _is_script(value(item, "/JS"), of_action=kind is not None):
        raise UnsignableDocumentError(Refusal.SCRIPT)
    if "/EF" in item and _holds_file(value(item, "/EF")):
        found[FindingKind.EMBEDDED_FILE] += 1
    if isinstance(item, generic.StreamObject):
        _judge_stream(item)


def _is_script(script: object, *, of_action: bool) -> bool:
    return isinstance(script, STRINGS) or (
        of_action and isinstance(script, generic.StreamObject)
    )


def _holds_file(files: object) -> bool:
    if not isinstance(files, generic.DictionaryObject):
        return False
    return any(
        isinstance(value(files, key), generic.StreamObject) for key in ("/F", "/UF")
    )


def _judge_stream(stream: generic.StreamObject) -> None:
    if value(stream, "/F") is not None:  # §7.3.8.2: its data lie in another file
        raise UnsignableDocumentError(Refusal.EXTERNAL_CONTENT)
    kind = value(stream, "/Subtype")
    if kind not in ("/Form", "/Image", "/PS"):
        return
    if kind == "/PS" or value(stream, "/Subtype2") == "/PS":  # only printers run it
        raise UnsignableDocumentError(Refusal.CHANGING_CONTENT)
    for key, refusal in REFUSED_KEYS.items():
        if value(stream, key) is not None:
            raise UnsignableDocumentError(refusal)
