"""What the documents child noticed in a file, in words for the person."""

from collections.abc import Iterable
from typing import Final

SENTENCES: Final = {
    "javascript": "The document contains program code. We do not run it.",
    "launch_action": "The document tries to start other programs when it is read.",
    "submit_action": "The document can send what you type to someone else.",
    "embedded_file": "Other files are attached inside the document.",
    "rich_media": "The document contains film, sound or 3D content.",
    "form_field": "The document contains form fields. Fill them in before you sign.",
    "earlier_signature": "Someone has signed this document before. "
    "Your signature will be added; the earlier one stays.",
    "hidden_layers": "Parts of the document can be hidden or shown. "
    "Make sure you have seen them all.",
}
UNKNOWN: Final = "The document contains something unusual. Read it with care."


def warnings(findings: Iterable[str]) -> list[str]:
    """``kind:count`` as stored → sentences, each once."""
    kinds = dict.fromkeys(finding.partition(":")[0] for finding in findings)
    return [SENTENCES.get(kind, UNKNOWN) for kind in kinds]
