"""Refuse what would not show everybody the same; count what a person should know.

A walk over the pages, the form, what stands on the pages, what happens by itself,
and then over everything else that can be reached. It runs nothing and decodes no
page content, and its steps are counted.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from app.ades.annotations import survey_annotation
from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.form_fields import survey_form
from app.ades.page_tree import pages
from app.ades.pdf_objects import Steps, array, dictionary, member, members, value
from app.ades.reachable import survey_objects
from app.ades.reports import Finding, FindingKind

MAX_STEPS: Final = 400_000
# What an action that nobody asked for may do: stay in the document (§12.6.4).
HARMLESS_BY_ITSELF: Final = frozenset(
    {"/GoTo", "/GoTo3DView", "/Movie", "/Named", "/Rendition", "/Sound", "/Trans"}
)
CHANGES_THE_VIEW: Final = frozenset({"/Hide", "/ResetForm", "/SetOCGState"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What an acceptable document holds."""

    page_count: int
    findings: tuple[Finding, ...]


def survey(reader: PdfFileReader, *, max_pages: int) -> Survey:
    """Raises ``UnsignableDocumentError``."""
    steps = Steps(MAX_STEPS)
    found: Counter[FindingKind] = Counter()
    leaves = pages(reader, steps, max_pages=max_pages)
    survey_objects(reader.root, steps, found)
    _survey_catalog(reader.root, steps, found)
    widgets = survey_form(reader.root, steps, found)
    for page in leaves:
        _survey_page(page, widgets, steps, found)
    counted = sorted((kind, count) for kind, count in found.items() if count)
    return Survey(
        page_count=len(leaves),
        findings=tuple(Finding(kind=kind, count=count) for kind, count in counted),
    )


def _survey_catalog(
    root: generic.DictionaryObject, steps: Steps, found: Counter[FindingKind]
) -> None:
    opening = root.get("/OpenAction")
    if not array(opening):  # an array is a place to go to
        _refuse_by_itself(opening, steps)
    _refuse_triggers(root, steps)
    # A portfolio (§12.3.5) and a slide show (ISO 32000-1 §13.5) replace the pages.
    shows = "/AlternatePresentations" in member(root, "/Names")
    if shows or value(root, "/Collection") is not None:
        raise UnsignableDocumentError(Refusal.CHANGING_CONTENT)
    if _has_layers(member(root, "/OCProperties")):
        found[FindingKind.HIDDEN_LAYERS] += 1


def _has_layers(properties: generic.DictionaryObject) -> bool:
    """§8.11.4: listed, or switched although not listed."""
    switched = member(properties, "/D")
    return any(
        (
            members(properties, "/OCGs"),
            members(properties, "/Configs"),
            members(switched, "/OFF"),
            members(switched, "/ON"),
        )
    )


def _survey_page(
    page: generic.DictionaryObject,
    widgets: frozenset[int],
    steps: Steps,
    found: Counter[FindingKind],
) -> None:
    if value(page, "/PresSteps") is not None:  # §12.4.4.2: one page shown as several
        raise UnsignableDocumentError(Refusal.CHANGING_CONTENT)
    _refuse_triggers(page, steps)
    for item in members(page, "/Annots"):
        steps.spend()
        annotation = dictionary(item)
        _refuse_triggers(annotation, steps)
        survey_annotation(annotation, widgets, found)


def _refuse_triggers(holder: generic.DictionaryObject, steps: Steps) -> None:
    for action in member(holder, "/AA").values():
        _refuse_by_itself(action, steps)


def _refuse_by_itself(action: object, steps: Steps) -> None:
    for kind in _kinds(action, steps):
        if kind in CHANGES_THE_VIEW:
            raise UnsignableDocumentError(Refusal.CHANGING_CONTENT)
        if kind not in HARMLESS_BY_ITSELF:
            raise UnsignableDocumentError(Refusal.LAUNCHES)


def _kinds(action: object, steps: Steps) -> Iterator[object]:
    """/S of the action and of all that follow it by /Next."""
    waiting = [] if action is None else [action]
    seen: set[generic.Reference] = set()
    while waiting:
        steps.spend()
        item = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            if item.reference in seen:
                raise UnsignableDocumentError(Refusal.MALFORMED)
            seen.add(item.reference)
        one = dictionary(item)
        if value(one, "/S") is not None:
            yield value(one, "/S")
        following = one.get("/Next")
        waiting += array(following) or ([] if following is None else [following])
