"""Open a PDF strictly, and refuse what cannot be signed honestly.

Runs in the confined child. ``inspect`` refuses, in this order: empty, not a PDF from
its first byte, end missing, bytes after the end, unreadable, encrypted, two cross-
reference tables, XFA, an author signature that forbids changes, and then whatever
``survey`` finds that would not show everybody the same.

What is unusual but may be wanted (forms, attachments, links) is reported as
``Finding``. Nothing is repaired: what the person brought is what is signed.
"""

import re
from dataclasses import dataclass
from typing import Final

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import read_certification_data

from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.faults import refusing_faults
from app.ades.pdf_objects import dictionary
from app.ades.strict_reader import StrictReader
from app.ades.survey import Survey, survey

# ISO 32000-2 §7.5.5 wants the marker on the last line; readers look this far back.
END_WINDOW: Final = 1024
END: Final = re.compile(rb"%%EOF[\s\x00]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A signable document, opened."""

    reader: PdfFileReader
    survey: Survey


def inspect(content: bytes, *, max_pages: int) -> Inspection:
    """Return the opened document, or raise ``UnsignableDocumentError``."""
    _refuse_by_envelope(content)
    with refusing_faults():
        reader = StrictReader(content)
        _refuse_by_structure(reader)
        return Inspection(reader=reader, survey=survey(reader, max_pages=max_pages))


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
