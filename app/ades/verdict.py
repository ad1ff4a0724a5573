"""From the reports of a child to one verdict. Digests are computed on this side."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from app.ades.byte_range import ByteRangeError, covers_whole_file, sdr
from app.ades.reports import SignatureReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The verdict on the last signature of a file, and a report on each.

    ``sdr`` is computed from the file (empty if there is no readable signature);
    ``signed_at`` is the time proven by a valid timestamp, or ``None``.
    """

    valid: bool
    summary: str
    sdr: bytes
    signed_at: datetime | None
    signer_subject: str
    covers_whole_file: bool
    revocation: str
    signatures: tuple[SignatureReport, ...]


def verdict(
    signed: bytes, reports: tuple[SignatureReport, ...], expected_sdr: bytes | None
) -> Validation:
    last = reports[-1]
    digest, whole = b"", False
    if last.byte_range is not None:
        try:
            digest = sdr(signed, last.byte_range)
            whole = covers_whole_file(signed, last.byte_range)
        except ByteRangeError:
            last = dataclasses.replace(last, valid=False)
    validation = Validation(
        valid=last.valid,
        summary=last.summary,
        sdr=digest,
        signed_at=last.signed_at,
        signer_subject=last.signer_subject,
        covers_whole_file=whole,
        revocation=last.revocation,
        signatures=reports,
    )
    if expected_sdr is not None and validation.valid:
        return _as_delivery(validation, expected_sdr)
    return validation


def _as_delivery(validation: Validation, expected_sdr: bytes) -> Validation:
    complaint = None
    if validation.sdr != expected_sdr:
        complaint = "The signature is over another document."
    elif not validation.covers_whole_file:
        complaint = "Something was added after the signature."
    elif validation.signed_at is None:
        complaint = "The signature has no timestamp."
    if complaint is None:
        return validation
    return dataclasses.replace(validation, valid=False, summary=complaint)


def unsigned(summary: str) -> Validation:
    return Validation(
        valid=False,
        summary=summary,
        sdr=b"",
        signed_at=None,
        signer_subject="",
        covers_whole_file=False,
        revocation="not checked",
        signatures=(),
    )
