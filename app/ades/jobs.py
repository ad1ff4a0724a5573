"""What a child can be asked to do; the other end of ``documents``.

Each job takes the arguments and blobs of its frame and returns a JSON result and
blobs. ``warm_up`` runs in the fork server: after a child is confined it can import
nothing more, so every path is walked once on a document made here.
"""

import importlib
import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from asn1crypto import cms, x509
from pydantic import TypeAdapter

from app.ades import embed, increments, pages, prepare, uplift_jobs, validate
from app.ades.byte_range import ByteRange
from app.ades.confinement import Confinement
from app.ades.errors import IncrementError
from app.ades.forkserver import Job, Result
from app.ades.reports import EarlierSignature, SignatureReport

Arguments = Mapping[str, object]
Blobs = Sequence[bytes]

# Imported inside functions of the libraries, or by a codec's name.
LAZILY_IMPORTED: Final = (
    "_strptime",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    "encodings.utf_32_be",
    "encodings.utf_8_sig",
    "lxml.etree",
    "pyhanko.pdf_utils.crypt.pdfmac",
    "pyhanko.pdf_utils.filters",
    "pyhanko.pdf_utils.metadata.xmp_xml",
)
SAMPLE_TIME: Final = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
BYTE_RANGE: Final = TypeAdapter(ByteRange)
EARLIER: Final = TypeAdapter(tuple[EarlierSignature, ...])
REPORTS: Final = TypeAdapter(list[SignatureReport])


def _prepare(arguments: Arguments, blobs: Blobs, _confinement: Confinement) -> Result:
    (original,) = blobs
    done = prepare.prepare(
        original,
        signed_at=datetime.fromisoformat(str(arguments["signed_at"])),
        max_pages=int(str(arguments["max_pages"])),
    )
    facts = {
        "byte_range": done.byte_range,
        "page_count": done.page_count,
        "findings": [asdict(finding) for finding in done.findings],
        "earlier_signatures": EARLIER.dump_python(done.earlier_signatures, mode="json"),
    }
    return facts, [done.content]


def _increment(arguments: Arguments, blobs: Blobs, _confinement: Confinement) -> Result:
    (content,) = blobs
    facts: dict[str, object] = {"tool": increments.TOOL}
    try:
        facts["byte_range"] = increments.check(
            content, int(str(arguments["original_length"]))
        )
    except IncrementError as unfit:
        facts["complaint"] = str(unfit)
    return facts, []


def _embed(arguments: Arguments, blobs: Blobs, _confinement: Confinement) -> Result:
    prepared, attributes, signature, token, *chain = blobs
    signed = embed.embed(
        prepared,
        BYTE_RANGE.validate_python(arguments["byte_range"]),
        attributes=attributes,
        signature=signature,
        chain=chain,
        timestamp_token=token or None,
        scheme=str(arguments["scheme"]),
    )
    return {}, [signed]


def _validate(arguments: Arguments, blobs: Blobs, _confinement: Confinement) -> Result:
    signed, trust = uplift_jobs.with_trust(arguments, blobs)
    reports = validate.validate(
        signed,
        trust=trust,
        at=datetime.fromisoformat(str(arguments["at"])),
    )
    return {"reports": REPORTS.dump_python(reports, mode="json")}, []


def _render_page(
    arguments: Arguments, blobs: Blobs, _confinement: Confinement
) -> Result:
    (content,) = blobs
    page, width = int(str(arguments["page"])), int(str(arguments["width"]))
    return {}, [pages.render(content, page=page, width=width)]


def _page_text(arguments: Arguments, blobs: Blobs, _confinement: Confinement) -> Result:
    (content,) = blobs
    return {}, [pages.text(content, page=int(str(arguments["page"]))).encode()]


def _confinement(
    _arguments: Arguments, _blobs: Blobs, confinement: Confinement
) -> Result:
    return asdict(confinement), []


JOBS: Final[Mapping[str, Job]] = {
    "prepare": _prepare,
    "increment": _increment,
    "embed": _embed,
    "validate": _validate,
    "protection": uplift_jobs.find_protection,
    "make-room": uplift_jobs.make_room,
    "render-page": _render_page,
    "page-text": _page_text,
    "confinement": _confinement,
}


def warm_up() -> None:
    """Do every job once, so that nothing is left to be imported."""
    for name in LAZILY_IMPORTED:
        importlib.import_module(name)
    folder = importlib.resources.files("app.ades") / "sample"
    signed, anchor, revocations = (
        (folder / name).read_bytes() for name in ("signed.pdf", "anchor.der", "ca.crl")
    )
    trust = validate.Trust(
        anchors=(anchor,), timestamp_anchors=(anchor,), crls=(revocations,)
    )
    (report,) = validate.validate(signed, trust=trust, at=SAMPLE_TIME)
    if not report.valid or report.byte_range is None:
        raise RuntimeError(f"the sample does not validate: {report.summary}")
    again = prepare.prepare(signed, signed_at=SAMPLE_TIME, max_pages=1)
    increments.check(again.content, len(signed))
    pages.render(signed, page=1, width=pages.MIN_WIDTH)
    pages.text(signed, page=1)
    _embed_again(signed, report.byte_range)
    uplift_jobs.warm_up(signed, report.byte_range, trust, SAMPLE_TIME)


def _embed_again(signed: bytes, byte_range: ByteRange) -> None:
    _start, before, resume, _after = byte_range
    room = resume - before - 2
    message = bytes.fromhex(signed[before + 1 : resume - 1].decode())
    content = cms.ContentInfo.load(message)["content"]
    signer = content["signer_infos"][0]
    embed.embed(
        signed[:before] + b"<" + b"0" * room + b">" + signed[resume:],
        byte_range,
        attributes=signer["signed_attrs"].untag().dump(),
        signature=signer["signature"].native,
        chain=sorted(
            (one.dump() for one in content["certificates"]),
            key=lambda der: (
                _serial(der) != signer["sid"].chosen["serial_number"].native
            ),
        ),
        timestamp_token=signer["unsigned_attrs"][0]["values"][0].dump(),
    )


def _serial(der: bytes) -> int:
    number: int = x509.Certificate.load(der).serial_number
    return number
