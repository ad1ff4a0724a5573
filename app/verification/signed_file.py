"""The plain answer for a signed PDF: who, when, changed or not, and how sure we are.

``app.ades`` judges, in its confined child; this only puts the verdict into words, and
reads names from the certificates of signatures. What it does not know it calls unsure:
a reason without a row in ``_VERDICTS`` never makes a signature look better or worse
than "we can't be sure".
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from app.ades.byte_range import ByteRangeError, gap, sdr
from app.ades.documents import Documents
from app.ades.reports import SignatureReport
from app.verification import chains, cms_signature
from app.verification.report import NotShownError
from app.verification.validation_trust import ValidationTrustError

log = logging.getLogger(__name__)

DOES_NOT_PROVE: Final = (
    "What this does not prove: that the content is true, or that the person may act"
    " for a company."
)
QC_STATEMENTS: Final = ObjectIdentifier("1.3.6.1.5.5.7.1.3")  # EN 319 412-5 §4.1
QC_COMPLIANCE: Final = bytes.fromhex("060604008e460101")  # 0.4.0.1862.1.1
_HEADER_WINDOW: Final = 1024
_TEST: Final = "TEST "


class Verdict(StrEnum):
    """From best to worst: a file is as good as its worst signature."""

    VALID = "valid"
    NOT_QUALIFIED = "not_qualified"
    UNSURE = "unsure"
    INVALID = "invalid"
    CHANGED = "changed"
    NO_SIGNATURE = "no_signature"
    UNREADABLE = "unreadable"

    @property
    def good(self) -> bool:
        return self in {Verdict.VALID, Verdict.NOT_QUALIFIED}


HEADLINES: Final = {
    Verdict.VALID: "Valid signature",
    Verdict.NOT_QUALIFIED: "Valid, but not qualified",
    Verdict.UNSURE: "We can't be sure",
    Verdict.INVALID: "Not valid",
    Verdict.CHANGED: "Not valid — changed after signing",
    Verdict.NO_SIGNATURE: "No signature",
    Verdict.UNREADABLE: "We can't read this file",
}
_ORDER: Final = list(Verdict)
# The validator's sentences (app.ades.validate); a test holds each row to a real file.
_CHANGED: Final = "The document was changed after it was signed."
_VERDICTS: Final = {
    _CHANGED: Verdict.CHANGED,
    "The document was changed after signing in a way the signature forbids.": (
        Verdict.CHANGED
    ),
    "The signature does not cover what it must.": Verdict.CHANGED,
    "The signature leaves out more than itself.": Verdict.CHANGED,
    "The signature value does not fit the signing certificate.": Verdict.INVALID,
    "The timestamp does not fit the signature.": Verdict.INVALID,
    "The timestamp lies in the future.": Verdict.INVALID,
    "The signing certificate was revoked.": Verdict.INVALID,
}
_NO_SIGNATURE: Final = "The file has no signature."


class Trust(Protocol):
    """DER anchors and the CRLs at hand; anchors may raise ``ValidationTrustError``."""

    def anchors(self) -> tuple[bytes, ...]: ...

    def crls(self) -> tuple[bytes, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One signature, oldest first. Names are the certificate's, printable and short.

    ``signed_at``: proven by a time stamp, else ``None``. ``digest`` and ``certificate``
    are hexadecimal SHA-256, empty where the signature cannot be read.
    """

    name: str
    issuer: str
    verdict: Verdict
    reason: str
    signed_at: datetime | None
    covers_whole_file: bool
    last: bool
    revocation: str
    digest: str
    certificate: str
    test: bool
    claims_qualified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """``fingerprint``: SHA-256 of the whole file, hexadecimal."""

    verdict: Verdict
    reason: str
    fingerprint: str
    signers: tuple[Signer, ...]

    @property
    def headline(self) -> str:
        return HEADLINES[self.verdict]

    @property
    def test(self) -> bool:
        return any(signer.test for signer in self.signers)

    @property
    def whole(self) -> bool:
        """Nothing lies behind the last signature."""
        return bool(self.signers) and self.signers[-1].covers_whole_file

    def same_as(self, pasted: str) -> bool | None:
        """Whether a pasted fingerprint is this file's or a signature's; None: none."""
        wanted = "".join(pasted.split()).lower()
        if not wanted:
            return None
        return wanted in {self.fingerprint, *(s.digest for s in self.signers)} - {""}

    def to_json(self) -> dict[str, object]:
        signers = [asdict(signer) for signer in self.signers]
        for signer, told in zip(self.signers, signers, strict=True):
            at = signer.signed_at
            told["signed_at"] = None if at is None else at.isoformat()
        return {
            "verdict": self.verdict,
            "headline": self.headline,
            "reason": self.reason,
            "sha256": self.fingerprint,
            "signatures": signers,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFiles:
    """Judges one file at a time and keeps nothing of it."""

    documents: Documents
    trust: Trust
    clock: Callable[[], datetime]

    def judge(self, content: bytes) -> Judgement:
        fingerprint = hashlib.sha256(content).hexdigest()
        if (obstacle := _obstacle(content)) is not None:
            return _unread(Verdict.UNREADABLE, obstacle, fingerprint)
        validation = self.documents.validate(
            content, anchors=self._anchors(), crls=self.trust.crls(), at=self.clock()
        )
        if not validation.signatures:
            none = validation.summary == _NO_SIGNATURE
            verdict = Verdict.NO_SIGNATURE if none else Verdict.UNREADABLE
            return _unread(verdict, validation.summary, fingerprint)
        signers = _signers(content, validation.signatures)
        if all(report.byte_range is None for report in validation.signatures):
            return _unread(
                Verdict.UNREADABLE,
                "The file is damaged or encrypted, so its signature can't be checked.",
                fingerprint,
            )
        worst = max(signers, key=lambda signer: _ORDER.index(signer.verdict))
        return Judgement(
            verdict=worst.verdict,
            reason=worst.reason,
            fingerprint=fingerprint,
            signers=signers,
        )

    def _anchors(self) -> tuple[bytes, ...]:
        try:
            return self.trust.anchors()
        except ValidationTrustError as error:
            log.warning("no anchor to validate with: %s", error)
            return ()


def _obstacle(content: bytes) -> str | None:
    """Why it is not worth a child's seconds to look for signatures in this."""
    if not content:
        return "The file is empty."
    if b"%PDF-" not in content[:_HEADER_WINDOW]:
        return "The file is not a PDF."
    if b"startxref" not in content:
        return "The file is damaged: its end is missing."
    return None


def _unread(verdict: Verdict, reason: str, fingerprint: str) -> Judgement:
    return Judgement(
        verdict=verdict, reason=reason, fingerprint=fingerprint, signers=()
    )


def _signers(content: bytes, reports: Sequence[SignatureReport]) -> tuple[Signer, ...]:
    last = len(reports) - 1
    return tuple(
        _signer(content, report, last=position == last)
        for position, report in enumerate(reports)
    )


def _signer(content: bytes, report: SignatureReport, *, last: bool) -> Signer:
    cms = _cms(content, report)
    certificate = None if cms is None else _certificate(cms)
    digest = _digest(content, report)
    changed = not report.valid and cms is not None and _differs(cms, digest)
    name = issuer = fingerprint = ""
    qualified = False
    if certificate is not None:
        name = chains.subject_name(certificate)
        issuer = chains.issuer_name(certificate)
        fingerprint = chains.fingerprint(certificate)
        qualified = _claims_qualified(certificate)
    test = name.startswith(_TEST) or issuer.startswith(_TEST)
    return Signer(
        name=name or "unknown",
        issuer=issuer or "unknown",
        verdict=Verdict.CHANGED
        if changed
        else _verdict(report, plain=not test and not qualified),
        reason=_CHANGED if changed else report.summary,
        signed_at=report.signed_at if report.valid else None,
        covers_whole_file=report.covers_whole_file,
        last=last,
        revocation=report.revocation,
        digest=digest,
        certificate=fingerprint,
        test=test,
        claims_qualified=qualified,
    )


def _verdict(report: SignatureReport, *, plain: bool) -> Verdict:
    """``plain``: the certificate neither says TEST nor claims to be qualified."""
    if not report.valid:
        return _VERDICTS.get(report.summary, Verdict.UNSURE)
    return Verdict.NOT_QUALIFIED if plain else Verdict.VALID


def _cms(content: bytes, report: SignatureReport) -> cms_signature.CmsSignature | None:
    if report.byte_range is None:
        return None
    try:
        token = gap(content, report.byte_range)
        return cms_signature.read(bytes.fromhex(token[1:-1].decode()))
    except (ByteRangeError, cms_signature.UnreadableSignatureError):
        return None


def _certificate(cms: cms_signature.CmsSignature) -> x509.Certificate | None:
    try:
        return chains.certificate(cms.certificate)
    except NotShownError:
        return None


def _differs(cms: cms_signature.CmsSignature, digest: str) -> bool:
    """Whether other bytes were signed than are there now.

    The validator stops at the first obstacle, a missing CRL for one; that a file was
    changed is certain whatever else cannot be told.
    """
    same_size = len(cms.message_digest) == hashlib.sha256().digest_size
    return same_size and digest != "" and cms.message_digest.hex() != digest


def _digest(content: bytes, report: SignatureReport) -> str:
    if report.byte_range is None:
        return ""
    try:
        return sdr(content, report.byte_range).hex()
    except ByteRangeError:
        return ""


def _claims_qualified(certificate: x509.Certificate) -> bool:
    """EN 319 412-5 §4.2.1; whether the claim is true only a trusted list tells."""
    try:
        found = certificate.extensions.get_extension_for_oid(QC_STATEMENTS).value
    except chains.CERTIFICATE_FAULTS:
        return False
    return (
        isinstance(found, x509.UnrecognizedExtension) and QC_COMPLIANCE in found.value
    )
