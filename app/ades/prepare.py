"""Append the signature field and its dictionary; leave a gap for the signature.

Runs in the confined child. PAdES baseline (EN 319 142-1): /SubFilter
ETSI.CAdES.detached, /M, no /Cert, no /Reason; an invisible field. The person's
bytes stay an exact prefix of the result. The same bytes and ``signed_at`` give the
same result: nothing random goes in, and document metadata (also XMP, which is XML
from a stranger) is neither parsed nor touched.

A file with earlier signatures is refused if they would not stay valid.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import count
from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import (
    SigFieldSpec,
    SigSeedSubFilter,
)
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigIOSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from app.ades.byte_range import ByteRange
from app.ades.faults import refusing_faults
from app.ades.inspection import inspect
from app.ades.pdf_objects import dictionary, member, members, value
from app.ades.predecessors import (
    earlier_signatures,
    predecessors,
    refuse_changed,
    refuse_forbidding,
)
from app.ades.reports import EarlierSignature, Finding, FindingKind
from app.ades.survey import Survey

# Counted in hexadecimal characters: 16 KiB of CMS with chain and timestamp token.
RESERVED: Final = 32768
FIELD_DESCRIPTION: Final = "Electronic signature"  # PDF/UA wants a /TU


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """The file to be signed, and what was seen in it."""

    content: bytes
    byte_range: ByteRange
    page_count: int
    findings: tuple[Finding, ...]
    earlier_signatures: tuple[EarlierSignature, ...]


def prepare(original: bytes, *, signed_at: datetime, max_pages: int) -> Preparation:
    """``signed_at`` (aware) becomes /M. Raises ``UnsignableDocumentError``."""
    inspection = inspect(original, max_pages=max_pages)
    with refusing_faults():
        signatures = predecessors(inspection.reader)
        refuse_changed(signatures)
        field = _free_name(inspection.reader)
        content, byte_range = _append_signature(original, field, signed_at)
        if signatures:
            after = PdfFileReader(BytesIO(content), strict=True)
            refuse_forbidding(predecessors(after, our_field=field))
        earlier = tuple(earlier_signatures(signatures))
    return Preparation(
        content=content,
        byte_range=byte_range,
        page_count=inspection.survey.page_count,
        findings=_with_signatures(inspection.survey, len(earlier)),
        earlier_signatures=earlier,
    )


def _with_signatures(survey: Survey, count: int) -> tuple[Finding, ...]:
    if count == 0:
        return survey.findings
    return (*survey.findings, Finding(kind=FindingKind.EARLIER_SIGNATURE, count=count))


def _append_signature(
    original: bytes, field: str, signed_at: datetime
) -> tuple[bytes, ByteRange]:
    stream = BytesIO(
        original if original.endswith((b"\n", b"\r")) else original + b"\n"
    )
    writer = QuietWriter(stream, strict=True)
    writer.replace_second_id(original, signed_at)
    if writer.output_version < (2, 0):
        writer.register_extension(ESIC_EXTENSION_1)
    steps = PdfCMSEmbedder(
        new_field_spec=SigFieldSpec(field, readable_field_name=FIELD_DESCRIPTION)
    ).write_cms(field, writer)
    next(steps)
    signature = SignatureObject(
        timestamp=signed_at,
        subfilter=SigSeedSubFilter.PADES,
        bytes_reserved=RESERVED,
    )
    steps.send(SigObjSetup(sig_placeholder=signature))
    gap, output = steps.send(SigIOSetup(md_algorithm="sha256", in_place=True))
    content: bytes = output.getvalue()
    before, resume = gap.reserved_region_start, gap.reserved_region_end
    return content, (0, before, resume, len(content) - resume)


class QuietWriter(IncrementalPdfFileWriter):
    """pyHanko's writer without its two surprises: metadata and a random /ID."""

    def _update_meta(self) -> None:
        """Leave /Info and XMP as the author wrote them."""

    def replace_second_id(self, original: bytes, signed_at: datetime) -> None:
        """ISO 32000-2 §14.4: a changed file has a new second half of its /ID."""
        seed = hashlib.sha256(original)
        seed.update(signed_at.isoformat().encode())
        fresh = generic.ByteStringObject(seed.digest()[:16])
        first = self._document_id[0] if "/ID" in self.prev.trailer else fresh
        self._document_id = generic.ArrayObject([first, fresh])


def field_names(reader: PdfFileReader) -> set[str]:
    """Names of the fields at the top of the form."""
    fields = members(member(reader.root, "/AcroForm"), "/Fields")
    return {str(value(dictionary(field), "/T")) for field in fields}


def _free_name(reader: PdfFileReader) -> str:
    taken = field_names(reader)
    return next(name for n in count(1) if (name := f"Signature{n}") not in taken)
