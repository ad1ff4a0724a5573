"""Say for every signature of a PDF whether it is valid, and why not.

Runs in the confined child. For each signature, in this order:

    1. the ByteRange leaves out exactly the /Contents string and nothing else
    2. the time: genTime of its signature timestamp, else ``at``
       (not from the future, and inside the validity of the signing certificate)
    3. a CRL of the certificate's issuer is there, if the certificate names one
    4. pyHanko: digest, signature, path to an anchor, revocation, timestamp, later
       changes; only its ``bottom_line`` counts: ``intact`` and ``valid`` are true on
       manipulated files too

A certificate is judged at the time of step 2 (a one-time certificate lives an hour),
the timestamp's own certificate at ``at``. Revocation is hard-fail where a certificate
names a CRL: there is no network here, so the caller passes the CRLs, and a missing,
stale or forged one makes the signature invalid. A certificate that names none is not
checked, and the report says so. Whatever pyHanko raises makes the signature invalid.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final

from asn1crypto import crl, x509
from cryptography.exceptions import InvalidSignature
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import NonexistentAttributeError, find_unique_cms_attribute
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    async_validate_pdf_signature,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import (
    CRLValidationError,
    OCSPValidationError,
    PathError,
    ValidationError,
)
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from app.ades.byte_range import ByteRange, ByteRangeError, covers_whole_file, gap
from app.ades.faults import PARSER_FAULTS
from app.ades.reports import SignatureReport

FUTURE_TOLERANCE: Final = timedelta(seconds=60)
MAX_TEXT: Final = 300
VALIDATION_FAULTS: Final = (
    *PARSER_FAULTS,
    CRLValidationError,
    InvalidSignature,
    OCSPValidationError,
    PathError,
    ValidationError,
)
REVOCATION: Final = CertRevTrustPolicy(
    RevocationCheckingPolicy(
        RevocationCheckingRule.CHECK_IF_DECLARED,
        RevocationCheckingRule.CHECK_IF_DECLARED,
    ),
    # A CRL fetched after the signature is better proof than one from before; a
    # revocation dated after the signature does not undo it.
    retroactive_revinfo=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a verdict rests on: DER certificates and CRLs."""

    anchors: tuple[bytes, ...]
    timestamp_anchors: tuple[bytes, ...]
    other_certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()


class _InvalidError(Exception):
    """The reason, in words."""


def validate(content: bytes, *, trust: Trust, at: datetime) -> list[SignatureReport]:
    """One report per signature, oldest first; empty: the file has none.

    An unreadable file gives one report that is not valid.
    """
    try:
        # Strictly, but without the refusals that concern only signing.
        reader = PdfFileReader(BytesIO(content), strict=True)
        signatures = list(reader.embedded_regular_signatures)
    except PARSER_FAULTS as fault:
        return [SignatureReport(field="", valid=False, summary=_unreadable(fault))]
    return [_report(content, signature, trust, at) for signature in signatures]


def _report(
    content: bytes, signature: EmbeddedPdfSignature, trust: Trust, at: datetime
) -> SignatureReport:
    report = SignatureReport(
        field=str(signature.fq_name)[:MAX_TEXT], valid=False, summary=""
    )
    try:
        byte_range = _byte_range(content, signature)
        report = replace(
            report,
            byte_range=byte_range,
            covers_whole_file=covers_whole_file(content, byte_range),
            signer_subject=signature.signer_cert.subject.human_friendly[:MAX_TEXT],
        )
        signed_at = _claimed_time(signature, at)
        revocation = _revocation(signature.signer_cert, trust)
        _require_bottom_line(signature, trust, at, signed_at or at)
    except _InvalidError as invalid:
        return replace(report, summary=str(invalid))
    except VALIDATION_FAULTS as fault:
        return replace(report, summary=_unreadable(fault))
    return replace(
        report,
        valid=True,
        summary="The signature is valid.",
        signed_at=signed_at,
        revocation=revocation,
    )


def _byte_range(content: bytes, signature: EmbeddedPdfSignature) -> ByteRange:
    numbers = [int(number) for number in signature.byte_range]
    try:
        start, before, resume, after = numbers
        byte_range = (start, before, resume, after)
        token = gap(content, byte_range)
    except (ByteRangeError, ValueError):
        raise _InvalidError("The signature does not cover what it must.") from None
    if bytes.fromhex(token[1:-1].decode()) != signature.pkcs7_content:
        raise _InvalidError("The signature leaves out more than itself.")
    return byte_range


def _claimed_time(signature: EmbeddedPdfSignature, at: datetime) -> datetime | None:
    """genTime of the one timestamp; not proven before ``_require_bottom_line``.

    More than one signature timestamp is refused: which of them counts?
    """
    try:
        token = find_unique_cms_attribute(
            signature.signer_info["unsigned_attrs"], "signature_time_stamp_token"
        )
    except NonexistentAttributeError:
        return None
    info = token["content"]["encap_content_info"]["content"].parsed
    claimed: datetime = info["gen_time"].native
    certificate = signature.signer_cert
    if claimed > at + FUTURE_TOLERANCE:
        raise _InvalidError("The timestamp lies in the future.")
    if not certificate.not_valid_before <= claimed <= certificate.not_valid_after:
        raise _InvalidError(
            "The timestamp lies outside the validity of the signing certificate."
        )
    return claimed


def _require_bottom_line(
    signature: EmbeddedPdfSignature, trust: Trust, at: datetime, signed_at: datetime
) -> None:
    loop = asyncio.get_event_loop()  # made before confinement
    status: PdfSignatureStatus = loop.run_until_complete(
        async_validate_pdf_signature(
            signature,
            signer_validation_context=context(trust, trust.anchors, signed_at),
            ts_validation_context=context(trust, trust.timestamp_anchors, at),
        )
    )
    if not status.bottom_line:
        raise _InvalidError(_reason(status))


def context(
    trust: Trust, anchors: Sequence[bytes], moment: datetime
) -> ValidationContext:
    """What pyHanko judges by: these anchors, these CRLs, that time, no network."""
    return ValidationContext(
        trust_roots=[x509.Certificate.load(anchor) for anchor in anchors],
        other_certs=[
            x509.Certificate.load(other) for other in trust.other_certificates
        ],
        crls=[crl.CertificateList.load(one) for one in trust.crls],
        moment=moment,
        allow_fetching=False,
        revinfo_policy=REVOCATION,
    )


def _revocation(certificate: x509.Certificate, trust: Trust) -> str:
    if not certificate.crl_distribution_points:
        return "not checked: the certificate names no CRL"
    dates = [
        crl.CertificateList.load(one)["tbs_cert_list"]["this_update"].native
        for one in trust.crls
        if crl.CertificateList.load(one).issuer == certificate.issuer
    ]
    if not dates:
        raise _InvalidError("No CRL tells whether the signing certificate was revoked.")
    return f"not revoked, CRL of {max(dates):%Y-%m-%d %H:%M:%S} UTC"


def _reason(status: PdfSignatureStatus) -> str:
    """The first thing that is wrong, for a person."""
    stamp = status.timestamp_validity
    if not status.intact:
        return "The document was changed after it was signed."
    if not status.valid:
        return "The signature value does not fit the signing certificate."
    if stamp is not None and not (stamp.valid and stamp.intact):
        return "The timestamp does not fit the signature."
    if stamp is not None and not stamp.trusted:
        return "The timestamp is not from a trusted authority."
    if status.revoked:
        return "The signing certificate was revoked."
    if not status.trusted:
        problem = getattr(status.trust_problem_indic, "name", "NO_CERTIFICATE_CHAIN")
        return f"The signing certificate is not trusted ({problem})."
    return "The document was changed after signing in a way the signature forbids."


def _unreadable(fault: BaseException) -> str:
    return f"The signature cannot be read ({type(fault).__name__})."
