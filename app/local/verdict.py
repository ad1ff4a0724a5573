"""Our own validation of what the demo delivered: the file, the anchor, fresh CRLs."""

from datetime import UTC, datetime

import httpx

from app.ades.documents import Documents, Validation
from app.local.layout import Layout
from app.verification.validation_trust import ValidationTrust


class InvalidSignatureError(Exception):
    """The signed file does not validate."""

    code = "invalid_signature"


def validated(layout: Layout) -> Validation:
    """Raise ``InvalidSignatureError`` unless ``signed.pdf`` is wholly valid now.

    The trust services must be running: the certificates name CRLs.
    """
    documents = Documents()
    with httpx.Client(timeout=10.0) as http:
        trust = ValidationTrust(
            layout.demo / "trust-anchor.pem", layout.crl_urls, http, _clock
        )
        try:
            verdict = documents.validate(
                (layout.demo / "signed.pdf").read_bytes(),
                anchors=trust.anchors(),
                crls=trust.crls(),
                at=_clock(),
            )
        finally:
            documents.close()
    if not verdict.valid:
        raise InvalidSignatureError(f"signed.pdf is not valid: {verdict.summary}")
    return verdict


def _clock() -> datetime:
    return datetime.now(UTC)
