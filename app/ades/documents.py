"""The door to documents for the rest of ``app``: bytes in, values out.

Each call is one child process (``children``, ``forkserver``) that is confined before
it reads a byte and killed when its time is over. The child's word is taken only for
what this side cannot see without parsing: what comes back must still be the
person's bytes with an addition, or the prepared file with its gap filled; digests
are computed here.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import TypeAdapter

from app.ades import frames
from app.ades.byte_range import (
    ByteRange,
    ByteRangeError,
    covers_whole_file,
    gap,
    sdr,
)
from app.ades.children import ChildGoneError, Children
from app.ades.confinement import Confinement
from app.ades.errors import (
    DocumentsUnavailableError,
    EmbeddingError,
    IncrementError,
    Refusal,
    UnsignableDocumentError,
)
from app.ades.reports import EarlierSignature, Finding, SignatureReport
from app.ades.schemes import ECDSA_SHA256
from app.ades.verdict import Validation, unsigned, verdict

__all__ = ["CmsParts", "Documents", "Limits", "Prepared", "Validation"]

logger = logging.getLogger(__name__)

JOBS = "app.ades.jobs"
ROOM_FOR_UPDATE = 4 << 20  # what a signature field may add to a file
MAX_IMAGE_BYTES = 6_000_000
MAX_TEXT_BYTES = 200_000
ROOM_FOR_PAGE = MAX_IMAGE_BYTES + (1 << 16)
PNG = b"\x89PNG\r\n\x1a\n"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one document may cost. Memory is about four times the file."""

    max_bytes: int = 50_000_000
    max_pages: int = 2000
    cpu_seconds: int = 10
    wall_seconds: float = 20.0
    memory_bytes: int = 1 << 30
    concurrent: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The file to be signed. ``original_length`` bytes of it are the person's own.

    ``sdr``: SHA-256 over ``byte_range``, 32 bytes, the digest the signer approves.
    ``checked_by``: what found that nothing but a signature was added (``increments``).
    """

    content: bytes
    byte_range: ByteRange
    original_length: int
    sdr: bytes
    page_count: int
    findings: tuple[Finding, ...]
    earlier_signatures: tuple[EarlierSignature, ...]
    checked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsParts:
    """What the SAM released: DER SET OF, signature, DER chain leaf first, and how the
    signature was made (a name of ``schemes.SCHEMES``)."""

    signed_attributes: bytes
    signature: bytes
    chain: tuple[bytes, ...]
    scheme: str = ECDSA_SHA256


@dataclass(frozen=True, slots=True, kw_only=True)
class _PreparationFacts:
    byte_range: ByteRange
    page_count: int
    findings: tuple[Finding, ...]
    earlier_signatures: tuple[EarlierSignature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _IncrementFacts:
    tool: str
    byte_range: ByteRange | None = None
    complaint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ValidationFacts:
    reports: tuple[SignatureReport, ...]


class ChildFaultError(Exception):
    """The child failed on this input in a way nobody foresaw."""


class Documents:
    """Prepare, embed and validate PDFs. Safe from several threads; one per process."""

    def __init__(self, limits: Limits | None = None, *, jobs: str = JOBS) -> None:
        self._limits = limits or Limits()
        self._children = Children(
            jobs=jobs,
            cpu_seconds=self._limits.cpu_seconds,
            memory_bytes=self._limits.memory_bytes,
            wall_seconds=self._limits.wall_seconds,
            concurrent=self._limits.concurrent,
        )

    def prepare(self, original: bytes, *, signed_at: datetime) -> Prepared:
        """Append an empty signature dated ``signed_at`` (aware).

        Raises ``UnsignableDocumentError`` with a sentence for the person.
        """
        self._refuse_by_size(original)
        arguments = {
            "signed_at": signed_at.isoformat(),
            "max_pages": self._limits.max_pages,
        }
        try:
            frame = self._run("prepare", arguments, [original])
            facts = parsed(_PreparationFacts, frame)
            (content,) = frame.blobs
            digest = digest_of_update(original, content, facts.byte_range)
        except (ChildFaultError, ByteRangeError, ValueError):
            raise self._refusal(Refusal.MALFORMED) from None
        try:
            checked_by = self.require_only_a_signature(
                content, len(original), facts.byte_range
            )
        except IncrementError as unfit:
            logger.warning("a prepared file is refused: %s", unfit)
            raise self._refusal(Refusal.MORE_THAN_A_SIGNATURE) from None
        return Prepared(
            content=content,
            byte_range=facts.byte_range,
            original_length=len(original),
            sdr=digest,
            page_count=facts.page_count,
            findings=facts.findings,
            earlier_signatures=facts.earlier_signatures,
            checked_by=checked_by,
        )

    def require_only_a_signature(
        self, content: bytes, original_length: int, byte_range: ByteRange
    ) -> str:
        """What was added to the first ``original_length`` bytes is this signature.

        Holds for a prepared file and for the signed one. Returns what checked it, and
        its version; raises ``IncrementError`` with the first thing that does not fit,
        ``UnsignableDocumentError`` where that takes too long to tell.
        """
        arguments = {"original_length": original_length}
        try:
            frame = self._run("increment", arguments, [content])
            facts = parsed(_IncrementFacts, frame)
        except (ChildFaultError, ValueError):
            raise IncrementError("The file cannot be read reliably.") from None
        if facts.complaint is not None:
            raise IncrementError(_clean(facts.complaint))
        if facts.byte_range != byte_range:
            raise IncrementError("The signature has another ByteRange.")
        return _clean(facts.tool)

    def embed(
        self,
        prepared: bytes,
        byte_range: ByteRange,
        parts: CmsParts,
        timestamp_token: bytes | None = None,
    ) -> bytes:
        """Return ``prepared`` with its gap filled, or raise ``EmbeddingError``.

        The signature is verified against the file and the certificate first.
        """
        blobs = [prepared, parts.signed_attributes, parts.signature]
        blobs += [timestamp_token or b"", *parts.chain]
        try:
            arguments = {"byte_range": byte_range, "scheme": parts.scheme}
            frame = self._run("embed", arguments, blobs)
            (signed,) = frame.blobs
        except (ChildFaultError, UnsignableDocumentError, ValueError) as fault:
            raise EmbeddingError(f"the signature cannot be embedded: {fault}") from None
        _require_only_the_gap_filled(prepared, signed, byte_range)
        return signed

    def validate(
        self,
        signed: bytes,
        *,
        anchors: Sequence[bytes],
        at: datetime,
        timestamp_anchors: Sequence[bytes] | None = None,
        other_certificates: Sequence[bytes] = (),
        crls: Sequence[bytes] = (),
        expected_sdr: bytes | None = None,
    ) -> Validation:
        """Judge the signatures of ``signed`` at the time ``at`` (aware).

        Certificates and CRLs are DER. A certificate that names a CRL is invalid
        unless a fitting one is passed. ``timestamp_anchors`` default to ``anchors``.
        With ``expected_sdr`` the question is whether to deliver: the last signature
        must also have that sdr, a timestamp, and nothing behind it.
        """
        if len(signed) > self._limits.max_bytes + ROOM_FOR_UPDATE:
            return unsigned(str(self._refusal(Refusal.TOO_LARGE)))
        stamps = anchors if timestamp_anchors is None else timestamp_anchors
        groups = (anchors, stamps, other_certificates, crls)
        arguments = {"at": at.isoformat(), "counts": [len(group) for group in groups]}
        blobs = [signed, *(blob for group in groups for blob in group)]
        try:
            frame = self._run("validate", arguments, blobs)
            reports = parsed(_ValidationFacts, frame).reports
        except UnsignableDocumentError as refused:
            return unsigned(str(refused))
        except (ChildFaultError, ValueError):
            return unsigned("The file cannot be read reliably.")
        if not reports:
            return unsigned("The file has no signature.")
        return verdict(signed, reports, expected_sdr)

    def render_page(self, content: bytes, *, page: int, width: int) -> bytes:
        """Return page number ``page`` (from 1) as PNG, at most 6 MB.

        About ``width`` pixels wide (200 to 1600, else the nearest); narrower if the
        page is very long. Raises ``UnsignableDocumentError``.
        """
        image = self._page("render-page", content, {"page": page, "width": width})
        if len(image) > MAX_IMAGE_BYTES or not image.startswith(PNG):
            raise self._refusal(Refusal.MALFORMED)
        return image

    def page_text(self, content: bytes, *, page: int) -> str:
        """Return the text of page number ``page`` (from 1), at most 200 kB of UTF-8.

        Empty if the page holds pictures only. Raises ``UnsignableDocumentError``.
        """
        text = self._page("page-text", content, {"page": page})
        if len(text) > MAX_TEXT_BYTES:
            raise self._refusal(Refusal.MALFORMED)
        return text.decode(errors="replace")

    def confinement(self) -> Confinement:
        """What holds in a child on this machine, and what is missing."""
        try:
            frame = self._run("confinement", {}, [])
            return parsed(Confinement, frame)
        except (ChildFaultError, UnsignableDocumentError, ValueError) as fault:
            raise DocumentsUnavailableError("no child can be confined") from fault

    def close(self) -> None:
        """End the fork server. A later call starts it again."""
        self._children.close()

    def _page(self, job: str, content: bytes, arguments: Mapping[str, int]) -> bytes:
        if len(content) > self._limits.max_bytes + ROOM_FOR_UPDATE:
            raise self._refusal(Refusal.TOO_LARGE)
        try:
            (found,) = self._run(job, arguments, [content], room=ROOM_FOR_PAGE).blobs
        except (ChildFaultError, ValueError):
            raise self._refusal(Refusal.MALFORMED) from None
        return found

    def _run(
        self,
        job: str,
        arguments: Mapping[str, object],
        blobs: Sequence[bytes],
        *,
        room: int | None = None,
    ) -> frames.Frame:
        """Return the reply to a job that was done; raise what the child reports.

        ``room``: bytes of the longest reply; by default a file and what is added.
        """
        request = frames.encode({"job": job, "arguments": arguments}, blobs)
        if room is None:
            room = max((len(blob) for blob in blobs), default=0) + ROOM_FOR_UPDATE
        try:
            reply = frames.decode(self._children.run(request, max_reply=room))
        except ChildGoneError as gone:
            logger.warning("document child lost during %s: %s", job, gone)
            raise self._refusal(Refusal.TOO_COMPLEX) from None
        outcome = reply.header.get("outcome")
        detail = _clean(reply.header.get("detail", ""))
        if outcome == "refused":
            raise self._refusal(Refusal(str(reply.header.get("code"))))
        if outcome == "wrong":
            raise EmbeddingError(detail)
        if outcome == "unready":
            raise DocumentsUnavailableError(f"the fork server is not warm: {detail}")
        if outcome != "done":
            logger.warning("document child failed during %s: %s", job, detail)
            raise ChildFaultError(detail)
        return reply

    def _refuse_by_size(self, original: bytes) -> None:
        if not original:
            raise self._refusal(Refusal.EMPTY_FILE)
        if len(original) > self._limits.max_bytes:
            raise self._refusal(Refusal.TOO_LARGE)

    def _refusal(self, refusal: Refusal) -> UnsignableDocumentError:
        return UnsignableDocumentError(
            refusal,
            max_bytes=self._limits.max_bytes,
            max_pages=self._limits.max_pages,
        )


def parsed(shape: type[T], frame: frames.Frame) -> T:
    """The result as ``shape``, strictly. pydantic's error is a ``ValueError``."""
    text = json.dumps(frame.header.get("result"))
    return TypeAdapter(shape).validate_json(text, strict=True)


def _clean(detail: object) -> str:
    """A child's words for a log: printable and short."""
    return "".join(c for c in str(detail)[:300] if c.isprintable())


def digest_of_update(original: bytes, content: bytes, byte_range: ByteRange) -> bytes:
    if not content.startswith(original):
        raise ValueError("the original is not a prefix")
    if byte_range[1] < len(original) or not covers_whole_file(content, byte_range):
        raise ValueError("the ByteRange does not cover the file")
    if gap(content, byte_range).strip(b"<0>"):
        raise ValueError("the gap is not empty")
    return sdr(content, byte_range)


def _require_only_the_gap_filled(
    prepared: bytes, signed: bytes, byte_range: ByteRange
) -> None:
    _start, before, resume, _after = byte_range
    left, right = memoryview(prepared), memoryview(signed)
    same = len(left) == len(right) and left[:before] == right[:before]
    if not same or left[resume:] != right[resume:]:
        raise EmbeddingError("the signed file differs outside the gap")
