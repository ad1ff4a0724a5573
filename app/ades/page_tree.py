"""The pages of a document in their order, as every program must find them.

Some programs count the leaves of the page tree, others believe /Count and skip what
it says. A tree on which they would not agree is refused: the second page of one
program is the third of another (ISO 32000-2 §7.7.3.2).
"""

from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.pdf_objects import Steps, array, resolved, value


@dataclass(slots=True, kw_only=True)
class _Branch:
    parent: "_Branch | None"
    promised: object
    leaves: int = 0


def pages(
    reader: PdfFileReader, steps: Steps, *, max_pages: int
) -> list[generic.DictionaryObject]:
    """Raises ``UnsignableDocumentError``: no or too many pages, no honest tree."""
    root = reader.root.get("/Pages")
    waiting: list[tuple[object, _Branch | None]] = [(root, None)]
    seen: set[generic.Reference] = set()
    branches: list[_Branch] = []
    leaves: list[generic.DictionaryObject] = []
    while waiting:
        item, parent = waiting.pop()
        node = _node(item, steps, seen)
        if node is None:
            raise _refusal_of_a_stump(parent)
        if _is_page(node):
            if parent is None:
                raise UnsignableDocumentError(Refusal.MALFORMED)
            leaves.append(node)
            parent.leaves += 1
        else:
            branch = _Branch(parent=parent, promised=value(node, "/Count"))
            branches.append(branch)
            waiting += [(kid, branch) for kid in reversed(array(node.get("/Kids")))]
        if len(leaves) > max_pages:
            raise UnsignableDocumentError(Refusal.TOO_MANY_PAGES)
    if not leaves:
        raise UnsignableDocumentError(Refusal.NO_PAGES)
    if not _all_honest(branches):
        raise UnsignableDocumentError(Refusal.MALFORMED)
    return leaves


def _node(
    item: object, steps: Steps, seen: set[generic.Reference]
) -> generic.DictionaryObject | None:
    steps.spend()
    if isinstance(item, generic.IndirectObject):
        if item.reference in seen:
            raise UnsignableDocumentError(Refusal.MALFORMED)
        seen.add(item.reference)
    found = resolved(item)
    return found if isinstance(found, generic.DictionaryObject) else None


def _is_page(node: generic.DictionaryObject) -> bool:
    """Some programs look at /Type, others at /Kids: both must say the same."""
    branch = "/Kids" in node
    if value(node, "/Type") != ("/Pages" if branch else "/Page"):
        raise UnsignableDocumentError(Refusal.MALFORMED)
    return not branch


def _all_honest(branches: list[_Branch]) -> bool:
    """``branches`` from the root down."""
    for branch in reversed(branches):
        if branch.leaves != branch.promised:
            return False
        if branch.parent is not None:
            branch.parent.leaves += branch.leaves
    return True


def _refusal_of_a_stump(parent: _Branch | None) -> UnsignableDocumentError:
    refusal = Refusal.NO_PAGES if parent is None else Refusal.MALFORMED
    return UnsignableDocumentError(refusal)
