"""Out of the SAM's signatures: documents that may leave the house, all or none.

For each document, in their order:

1. a time stamp over the signature value          RFC 3161, PAdES B-T
2. CMS embedded into the very file that was shown; all other bytes stay
3. a signature is all that was added to the file as it was brought
4. our own validator finds it valid and covering the whole file
5. the digest recomputed from the finished file is the one that was approved
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.ades.documents import CmsParts, Documents, Validation
from app.faults import fault
from app.signing.files import DocumentFiles
from app.signing.tables import Document, SigningRequest
from app.signing.time_stamps import TimeStamps
from app.verification.validation_trust import ValidationTrust
from sam import messages as m


class NotValidError(Exception):
    """Our own validator does not accept what we made: it is not delivered."""

    code: ClassVar[str] = "not_valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The signed files in the documents' order, and the last one's proven time."""

    contents: tuple[bytes, ...]
    signed_at: datetime


class Completion:
    def __init__(
        self,
        files: DocumentFiles,
        documents: Documents,
        time_stamps: TimeStamps,
        trust: ValidationTrust,
        clock: Callable[[], datetime],
    ) -> None:
        self._files = files
        self._documents = documents
        self._time_stamps = time_stamps
        self._trust = trust
        self._clock = clock

    def complete(self, request: SigningRequest, finished: m.Finished) -> Completed:
        completed = [
            self._complete(request.id, document, parts)
            for document, parts in zip(
                request.documents,
                cms_parts(finished, len(request.documents)),
                strict=True,
            )
        ]
        return Completed(
            contents=tuple(content for content, _ in completed),
            signed_at=max(signed_at for _, signed_at in completed),
        )

    def _complete(
        self, request_id: str, document: Document, parts: CmsParts
    ) -> tuple[bytes, datetime]:
        fault("before-time-stamp")
        token = self._time_stamps.fetch(parts.signature)
        fault("after-time-stamp")
        signed = self._documents.embed(
            self._files.get(request_id, document.prepared),
            document.span,
            parts,
            token,
        )
        self._documents.require_only_a_signature(
            signed, document.original_length, document.span
        )
        validation = self._documents.validate(
            signed,
            anchors=self._trust.anchors(),
            crls=self._trust.crls(),
            at=self._clock(),
            expected_sdr=bytes.fromhex(document.sdr),
        )
        return signed, accepted_at(validation, document.sdr)


def cms_parts(finished: m.Finished, documents: int) -> tuple[CmsParts, ...]:
    if len(finished.signatures) != documents:
        raise NotValidError("not one signature per document")
    chain = tuple(base64.b64decode(c) for c in finished.certificate_chain)
    return tuple(
        CmsParts(
            signed_attributes=base64.b64decode(signature.signed_attributes),
            signature=base64.b64decode(signature.signature),
            chain=chain,
            scheme=finished.scheme.value,
        )
        for signature in finished.signatures
    )


def accepted_at(validation: Validation, sdr: str) -> datetime:
    """The proven time of a valid signature over ``sdr``; else ``NotValidError``."""
    if not validation.valid:
        raise NotValidError(validation.summary)
    if not validation.covers_whole_file:
        raise NotValidError("bytes outside the signature")
    if validation.sdr.hex() != sdr:
        raise NotValidError("another digest than the one approved")
    if validation.signed_at is None:
        raise NotValidError("no time stamp")
    return validation.signed_at
