"""What a child says about a document, as values both sides share. No pyHanko here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.ades.byte_range import ByteRange


class FindingKind(StrEnum):
    """What a person may want to know before they sign."""

    SUBMIT_ACTION = "submit_action"
    EMBEDDED_FILE = "embedded_file"
    RICH_MEDIA = "rich_media"
    FORM_FIELD = "form_field"
    EARLIER_SIGNATURE = "earlier_signature"
    HIDDEN_LAYERS = "hidden_layers"
    HIDDEN_CONTENT = "hidden_content"
    SELF_DRAWN = "self_drawn"
    CHANGES_WHEN_TOUCHED = "changes_when_touched"
    FORM_CONTRADICTS = "form_contradicts"
    EXTERNAL_LINK = "external_link"
    WEB_LINK = "web_link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How many of one kind the document holds."""

    kind: FindingKind
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierSignature:
    """Who signed before, and when, by their own words: nothing of it is verified."""

    signer_name: str
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReport:
    """One signature. ``valid`` is the verdict, ``summary`` its reason.

    ``signed_at`` is the genTime of a valid timestamp, else ``None``.
    """

    field: str
    valid: bool
    summary: str
    byte_range: ByteRange | None = None
    signed_at: datetime | None = None
    signer_subject: str = ""
    covers_whole_file: bool = False
    revocation: str = "not checked"
