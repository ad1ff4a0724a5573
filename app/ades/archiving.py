"""Append certificates, CRLs and the place of a time stamp over the whole file (B-LTA).

Runs in the confined child, which has no network: the token is fetched by the parent
and put into the gap there (``embed.fill``). EN 319 142-1 §5.5, §6.3: /DSS, then a
document time stamp with /SubFilter ETSI.RFC3161 over it.
"""

from datetime import datetime
from io import BytesIO
from itertools import count
from typing import Final

from asn1crypto import crl, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore

from app.ades.byte_range import ByteRange
from app.ades.faults import refusing_faults
from app.ades.prepare import QuietWriter, field_names
from app.ades.validate import Trust

# Counted in hexadecimal characters: 16 KiB for a token with its chain.
RESERVED: Final = 32768


def make_room(
    signed: bytes, *, trust: Trust, at: datetime, md_algorithm: str
) -> tuple[bytes, ByteRange]:
    """``signed`` with an update that holds an empty document time stamp."""
    with refusing_faults():
        writer = QuietWriter(BytesIO(signed), strict=True)
        writer.replace_second_id(signed, at)
        if writer.output_version < (2, 0):
            writer.register_extension(ESIC_EXTENSION_1)
        _add_store(writer, trust)
        field = _free_name(writer.prev)
        spec = SigFieldSpec(field, readable_field_name="Archive time stamp")
        steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(field, writer)
        next(steps)
        stamp = DocumentTimestamp(bytes_reserved=RESERVED)  # type: ignore[no-untyped-call]
        steps.send(SigObjSetup(sig_placeholder=stamp))
        io = SigIOSetup(md_algorithm=md_algorithm, in_place=True)
        gap, output = steps.send(io)
        content: bytes = output.getvalue()
    before, resume = gap.reserved_region_start, gap.reserved_region_end
    return content, (0, before, resume, len(content) - resume)


def _add_store(writer: QuietWriter, trust: Trust) -> None:
    """Long-term validation material: what the verdict of today rests on."""
    ders = {*trust.anchors, *trust.timestamp_anchors, *trust.other_certificates}
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        sig_contents=None,
        certs=[x509.Certificate.load(der) for der in sorted(ders)],
        crls=[crl.CertificateList.load(der) for der in trust.crls],
    )


def _free_name(reader: PdfFileReader) -> str:
    taken = field_names(reader)
    return next(n for i in count(1) if (n := f"ArchiveTimeStamp{i}") not in taken)
