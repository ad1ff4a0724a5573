"""What the documents child noticed in a file, in words for the person."""

from collections.abc import Iterable
from typing import Final

SENTENCES: Final = {
    "submit_action": "The document can send what you type to someone else.",
    "embedded_file": "Other files are attached inside the document.",
    "rich_media": "The document contains film, sound or 3D content.",
    "form_field": "The document contains form fields. Fill them in before you sign.",
    "form_contradicts": "A box in the form is drawn in one way and stored in another. "
    "Check the ticks with care.",
    "earlier_signature": "Someone has signed this document before. "
    "Your signature will be added; the earlier one stays.",
    "hidden_layers": "Parts of the document can be hidden or shown. "
    "Make sure you have seen them all.",
    "hidden_content": "Parts of the document are hidden, "
    "or are shown on the screen but not on paper.",
    "self_drawn": "Notes or marks in the document "
    "can look different in another program.",
    "changes_when_touched": "Parts of the document look different "
    "when you point at them.",
    "external_link": "The document has links to other files. "
    "Those files are not part of what you sign.",
    "web_link": "The document has links to web pages. "
    "Those pages are not part of what you sign.",
}
UNKNOWN: Final = "The document contains something unusual. Read it with care."


def warnings(findings: Iterable[str]) -> list[str]:
    """``kind:count`` as stored → sentences, each once."""
    kinds = dict.fromkeys(finding.partition(":")[0] for finding in findings)
    return [SENTENCES.get(kind, UNKNOWN) for kind in kinds]
