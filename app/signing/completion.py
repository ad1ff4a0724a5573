"""The SAM's signature becomes a signed document, or nothing that anybody gets to see.

1. a time stamp over the signature value          RFC 3161, PAdES B-T
2. CMS embedded into the very file that was shown; all other bytes stay
3. our own validator finds it valid and covering the whole file
4. the digest recomputed from the finished file is the one that was approved
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, cast

from app.ades.documents import CmsParts, Documents, Validation
from app.signing.files import DocumentFiles
from app.signing.store import SigningRequest
from app.signing.time_stamps import TimeStamps
from app.signing.validation_trust import ValidationTrust
from sam import messages as m


class NotValidError(Exception):
    """Our own validator does not accept what we made: it is not delivered."""

    code: ClassVar[str] = "not_valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    content: bytes
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
        parts = cms_parts(finished)
        token = self._time_stamps.fetch(parts.signature)
        signed = self._documents.embed(
            self._files.get(request.id, request.prepared),
            cast("tuple[int, int, int, int]", tuple(request.byte_range)),
            parts,
            token,
        )
        validation = self._documents.validate(
            signed,
            anchors=self._trust.anchors(),
            crls=self._trust.crls(),
            at=self._clock(),
            expected_sdr=bytes.fromhex(request.sdr),
        )
        return Completed(content=signed, signed_at=accepted_at(validation, request.sdr))


def cms_parts(finished: m.Finished) -> CmsParts:
    if len(finished.signatures) != 1:
        raise NotValidError("not one signature")
    signature = finished.signatures[0]
    return CmsParts(
        signed_attributes=base64.b64decode(signature.signed_attributes),
        signature=base64.b64decode(signature.signature),
        chain=tuple(base64.b64decode(c) for c in finished.certificate_chain),
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
