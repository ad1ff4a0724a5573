"""Read XML in canonical form (C14N 1.0) that somebody we believe has signed.

Only authenticated bytes come here: digest and signature are checked first. Even so the
reader takes nothing but elements, attributes and text: canonical form has no document
type, no comment and no CDATA, and a list needs no processing instruction. What is of
another shape raises ``TrustListMalformedError``; the message names elements, never what
they hold.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from sam.trust.entries import TrustListMalformedError

MAX_DEPTH: Final = 64
MAX_ELEMENTS: Final = 1_000_000
_NEVER_IN_CANONICAL_FORM: Final = (b"<!", b"<?", b"\0")
"""The last: UTF-16, to which the parser would turn, could hide the others."""


@dataclass(slots=True)
class Element:
    """One element. Names are ``{namespace}local``; text is that of all its pieces."""

    name: str
    attributes: Mapping[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def one(self, name: str) -> "Element":
        """The only child of that name."""
        found = self.all(name)
        if len(found) != 1:
            raise TrustListMalformedError(
                f"{_local(self.name)} has {len(found)} {_local(name)}, not one"
            )
        return found[0]

    def all(self, name: str) -> Sequence["Element"]:
        """The children of that name, in order."""
        return [child for child in self.children if child.name == name]

    def exactly(self, *names: str) -> Sequence["Element"]:
        """All children, which must have just these names in this order."""
        if tuple(child.name for child in self.children) != names:
            raise TrustListMalformedError(f"{_local(self.name)} has other children")
        return self.children

    def value(self) -> str:
        """The text of an element that holds text only, without space around it."""
        if self.children:
            raise TrustListMalformedError(f"{_local(self.name)} holds elements")
        return self.text.strip()

    def attribute(self, name: str) -> str:
        """The attribute's value, not empty."""
        value = self.attributes.get(name, "")
        if not value:
            raise TrustListMalformedError(f"{_local(self.name)} has no {name}")
        return value


def read(content: bytes, *, leave_out: Collection[str] = ()) -> Element:
    """Return the root, or raise ``TrustListMalformedError``.

    Elements named in ``leave_out`` are read over, with all they hold.
    """
    if any(mark in content for mark in _NEVER_IN_CANONICAL_FORM):
        raise TrustListMalformedError("a declaration, comment or instruction")
    reader = _Reader(leave_out)
    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise TrustListMalformedError(f"not well-formed: {error}") from None
    return reader.root()


class _Reader:
    def __init__(self, leave_out: Collection[str]) -> None:
        self._top = Element("", {})
        self._path = [self._top]
        self._leave_out = leave_out
        self._left_out_depth = 0
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        depth = len(self._path) + self._left_out_depth
        if self._count > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise TrustListMalformedError("too many elements, or too deep")
        element = Element(
            _name(name), {_name(one): value for one, value in attributes.items()}
        )
        if self._left_out_depth or element.name in self._leave_out:
            self._left_out_depth += 1
            return
        self._path[-1].children.append(element)
        self._path.append(element)

    def end(self, _name: str) -> None:
        if self._left_out_depth:
            self._left_out_depth -= 1
        else:
            self._path.pop()

    def text(self, text: str) -> None:
        if not self._left_out_depth:
            self._path[-1].text += text

    def root(self) -> Element:
        return self._top.children[0]


def _name(expanded: str) -> str:
    return "{" + expanded if "}" in expanded else expanded


def _local(name: str) -> str:
    return name.rpartition("}")[2]
