"""Open a PDF strictly, refuse what cannot be signed honestly, list what is noteworthy.

Runs in the confined child. ``inspect`` refuses, in this order: empty, not a PDF from
its first byte, end missing, bytes after the end, unreadable, encrypted, two cross-
reference tables, XFA, an author signature that forbids changes, no or too many pages.

What is suspicious but may be wanted (scripts, forms, attachments, earlier
signatures) is reported as ``Finding``, never executed and never judged here.
Nothing is repaired: what the person brought is what is signed.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import read_certification_data
from pyhanko.sign.validation.errors import SignatureValidationError

from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.pdf_objects import array, dictionary, resolved, value
from app.ades.reports import Finding, FindingKind

# ISO 32000-2 §7.5.5 wants the marker on the last line; readers look this far back.
END_WINDOW: Final = 1024
END: Final = re.compile(rb"%%EOF[\s\x00]*\Z")
MAX_NODES: Final = 200_000

# What a parser written in Python raises at hostile bytes.
PARSER_FAULTS: Final = (
    PdfError,
    SigningError,
    SignatureValidationError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A signable document, opened."""

    reader: PdfFileReader
    page_count: int
    findings: tuple[Finding, ...]


@contextlib.contextmanager
def refusing_faults() -> Iterator[None]:
    """Turn what the parser raises into one of two refusals."""
    try:
        yield
    except (PdfDecodeLimitError, RecursionError, MemoryError):
        raise UnsignableDocumentError(Refusal.TOO_COMPLEX) from None
    except PARSER_FAULTS:
        raise UnsignableDocumentError(Refusal.MALFORMED) from None


def inspect(content: bytes, *, max_pages: int) -> Inspection:
    """Return the opened document, or raise ``UnsignableDocumentError``."""
    _refuse_by_envelope(content)
    with refusing_faults():
        reader = PdfFileReader(BytesIO(content), strict=True)
        _refuse_by_structure(reader)
        survey = _Survey(reader, max_pages)
        return Inspection(
            reader=reader, page_count=survey.page_count, findings=survey.findings()
        )


def _refuse_by_envelope(content: bytes) -> None:
    if not content:
        raise UnsignableDocumentError(Refusal.EMPTY_FILE)
    if not content.startswith(b"%PDF-"):
        raise UnsignableDocumentError(Refusal.NOT_A_PDF)
    if b"%%EOF" not in content[-END_WINDOW:]:
        raise UnsignableDocumentError(Refusal.TRUNCATED)
    if not END.search(content[-END_WINDOW:]):
        # A second document hidden behind the end (polyglot) is not signed along.
        raise UnsignableDocumentError(Refusal.MALFORMED)


def _refuse_by_structure(reader: PdfFileReader) -> None:
    if "/Encrypt" in reader.trailer:
        raise UnsignableDocumentError(Refusal.ENCRYPTED)
    if reader.xrefs.hybrid_xrefs_present:
        raise UnsignableDocumentError(Refusal.HYBRID)
    form = dictionary(reader.root.get("/AcroForm"))
    if "/XFA" in form or "/NeedsRendering" in reader.root:
        raise UnsignableDocumentError(Refusal.XFA_FORM)
    certification = read_certification_data(reader)
    if certification is not None and certification.permission is MDPPerm.NO_CHANGES:
        raise UnsignableDocumentError(Refusal.FORBIDS_SIGNING)


class _Survey:
    """One bounded walk over catalog, form and pages. It never looks into streams."""

    def __init__(self, reader: PdfFileReader, max_pages: int) -> None:
        self._counts: Counter[FindingKind] = Counter()
        self._nodes = 0
        self._max_pages = max_pages
        self.page_count = 0
        self._catalog(reader.root)
        self._form(dictionary(reader.root.get("/AcroForm")))
        self._pages(reader.root.raw_get("/Pages"))

    def findings(self) -> tuple[Finding, ...]:
        counted = sorted(self._counts.items())
        return tuple(Finding(kind=kind, count=count) for kind, count in counted)

    def _catalog(self, root: generic.DictionaryObject) -> None:
        self._triggers(root)
        self._action(root.get("/OpenAction"))
        names = dictionary(root.get("/Names"))
        self._counts_if(FindingKind.JAVASCRIPT, "/JavaScript" in names)
        self._counts_if(FindingKind.EMBEDDED_FILE, "/EmbeddedFiles" in names)
        self._counts_if(FindingKind.HIDDEN_LAYERS, "/OCProperties" in root)

    def _form(self, form: generic.DictionaryObject) -> None:
        waiting: list[tuple[object, object]] = [
            (field, None) for field in array(form.get("/Fields"))
        ]
        seen: set[generic.Reference] = set()
        while waiting:
            item, inherited = waiting.pop()
            field = dictionary(self._visit(item, seen))
            kind = value(field, "/FT") or inherited
            self._triggers(field)
            children = [
                child
                for child in array(field.get("/Kids"))
                if "/T" in dictionary(child)
            ]
            waiting += [(child, kind) for child in children]
            if not children and kind == "/Sig":
                self._counts_if(FindingKind.EARLIER_SIGNATURE, "/V" in field)
            elif not children:
                self._counts[FindingKind.FORM_FIELD] += 1

    def _pages(self, tree: generic.PdfObject) -> None:
        waiting: list[object] = [tree]
        seen: set[generic.Reference] = set()
        while waiting:
            node = dictionary(self._visit(waiting.pop(), seen))
            kind = value(node, "/Type")
            if kind == "/Pages":
                waiting += array(node.get("/Kids"))
            elif kind == "/Page":
                self._page(node)
        if self.page_count == 0:
            raise UnsignableDocumentError(Refusal.NO_PAGES)

    def _page(self, page: generic.DictionaryObject) -> None:
        self.page_count += 1
        if self.page_count > self._max_pages:
            raise UnsignableDocumentError(Refusal.TOO_MANY_PAGES)
        self._triggers(page)
        for item in array(page.get("/Annots")):
            annotation = dictionary(self._visit(item, None))
            self._triggers(annotation)
            kind = value(annotation, "/Subtype")
            self._counts_if(FindingKind.EMBEDDED_FILE, kind == "/FileAttachment")
            self._counts_if(
                FindingKind.RICH_MEDIA,
                kind in ("/RichMedia", "/3D", "/Screen", "/Movie", "/Sound"),
            )

    def _triggers(self, holder: generic.DictionaryObject) -> None:
        self._action(holder.get("/A"))
        for action in dictionary(holder.get("/AA")).values():
            self._action(action)

    def _action(self, item: object) -> None:
        waiting = [] if item is None else [item]
        while waiting:
            action = dictionary(self._visit(waiting.pop(), None))
            kind = value(action, "/S")
            self._counts_if(FindingKind.JAVASCRIPT, kind == "/JavaScript")
            self._counts_if(FindingKind.LAUNCH_ACTION, kind == "/Launch")
            self._counts_if(
                FindingKind.SUBMIT_ACTION, kind in ("/SubmitForm", "/ImportData")
            )
            following = resolved(action.get("/Next"))
            waiting += following if isinstance(following, list) else []
            waiting += [following] if isinstance(following, dict) else []

    def _counts_if(self, kind: FindingKind, present: bool) -> None:
        if present:
            self._counts[kind] += 1

    def _visit(self, item: object, seen: set[generic.Reference] | None) -> object:
        """Count every step, so that no cycle and no crowd can hold us."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise UnsignableDocumentError(Refusal.TOO_COMPLEX)
        if seen is not None and isinstance(item, generic.IndirectObject):
            if item.reference in seen:
                raise UnsignableDocumentError(Refusal.MALFORMED)
            seen.add(item.reference)
        return item
