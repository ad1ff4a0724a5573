"""What can go wrong with a document, and whose turn it is to act.

``UnsignableDocumentError`` is for the person who brought the file: its text is
one plain sentence. The others are for the operator or for us.
"""

from enum import StrEnum
from typing import ClassVar, Final


class AdesError(Exception):
    """Root of this package's errors."""

    code: ClassVar[str] = "ades_error"


class Refusal(StrEnum):
    """Why a file cannot be signed. The value is the stable code."""

    EMPTY_FILE = "empty_file"
    TOO_LARGE = "too_large"
    NOT_A_PDF = "not_a_pdf"
    TRUNCATED = "truncated_pdf"
    MALFORMED = "malformed_pdf"
    HYBRID = "hybrid_pdf"
    ENCRYPTED = "encrypted_pdf"
    NO_PAGES = "no_pages"
    TOO_MANY_PAGES = "too_many_pages"
    XFA_FORM = "xfa_form"
    FORBIDS_SIGNING = "forbids_signing"
    CHANGED_AFTER_SIGNING = "changed_after_signing"
    SCRIPT = "contains_script"
    LAUNCHES = "acts_by_itself"
    EXTERNAL_CONTENT = "external_content"
    CHANGING_CONTENT = "changing_content"
    FORM_REDRAWN = "form_redrawn"
    MORE_THAN_A_SIGNATURE = "more_than_a_signature"
    NO_SUCH_PAGE = "no_such_page"
    TOO_COMPLEX = "document_too_complex"


SENTENCES: Final[dict[Refusal, str]] = {
    Refusal.EMPTY_FILE: "The file is empty.",
    Refusal.TOO_LARGE: "The file is larger than {max_megabytes} MB.",
    Refusal.NOT_A_PDF: "The file is not a PDF document.",
    Refusal.TRUNCATED: "The PDF is incomplete: its end is missing.",
    Refusal.MALFORMED: "The PDF is damaged and cannot be read reliably.",
    Refusal.HYBRID: (
        "The PDF has two tables of contents, so that programs may show it differently."
    ),
    Refusal.ENCRYPTED: "The PDF is encrypted or protected by a password.",
    Refusal.NO_PAGES: "The PDF has no pages.",
    Refusal.TOO_MANY_PAGES: "The PDF has more than {max_pages} pages.",
    Refusal.XFA_FORM: (
        "The PDF contains an XFA form, whose content depends on the program showing it."
    ),
    Refusal.FORBIDS_SIGNING: (
        "The PDF carries an earlier signature that would not stay valid"
        " if another were added."
    ),
    Refusal.CHANGED_AFTER_SIGNING: (
        "The PDF was changed after someone had signed it, so we won't add a signature."
    ),
    Refusal.SCRIPT: (
        "The PDF contains program code,"
        " so we can't show you exactly what you would sign."
    ),
    Refusal.LAUNCHES: (
        "The PDF opens other programs or files by itself,"
        " so we can't show you exactly what you would sign."
    ),
    Refusal.EXTERNAL_CONTENT: (
        "The PDF takes a part of what it shows from other files,"
        " so we can't show you exactly what you would sign."
    ),
    Refusal.CHANGING_CONTENT: (
        "The PDF can look different on paper or in another program,"
        " so we can't show you exactly what you would sign."
    ),
    Refusal.FORM_REDRAWN: (
        "The PDF has a form that each program fills in and draws in its own way,"
        " so we can't show you exactly what you would sign."
    ),
    Refusal.MORE_THAN_A_SIGNATURE: (
        "The PDF is built so that a signature cannot be added"
        " without changing more of it."
    ),
    Refusal.NO_SUCH_PAGE: "The PDF has no page with this number.",
    Refusal.TOO_COMPLEX: "The PDF is too complex to be processed safely.",
}


class UnsignableDocumentError(AdesError):
    """This file is refused; ``str`` is the sentence for the person."""

    code: str  # type: ignore[misc]  # one class, one code per reason

    def __init__(
        self, refusal: Refusal, *, max_bytes: int = 0, max_pages: int = 0
    ) -> None:
        self.refusal = refusal
        self.code = refusal.value
        sentence = SENTENCES[refusal]
        super().__init__(
            sentence.format(max_megabytes=max_bytes // 1_000_000, max_pages=max_pages)
        )


class EmbeddingError(AdesError):
    """The signature does not belong to this file or certificate: nothing written."""

    code = "embedding_failed"


class IncrementError(AdesError):
    """What was added to a file is not one signature; ``str`` says why not."""

    code = "more_than_a_signature"


class UnreadableListError(AdesError):
    """These bytes are no signed XML trusted list that can be taken apart."""

    code = "list_unreadable"


class DocumentsUnavailableError(AdesError):
    """No child can be started, or all are busy. Try again later."""

    code = "documents_unavailable"


class TimestampUnavailableError(AdesError):
    """The time-stamping authority gave no usable token (RFC 3161)."""

    code = "timestamp_unavailable"
