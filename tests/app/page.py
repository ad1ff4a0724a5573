"""A page as a browser and a person see it: parsed, its forms submitted by test id."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

VOID = {"meta", "link", "input", "br", "img", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    form: "Element | None" = None
    fields: dict[str, str] = field(default_factory=dict)
    text: str = ""


class Page(HTMLParser):
    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.response = response
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        form = next((e for e in reversed(self._open) if e.tag == "form"), None)
        element = Element(tag, {k: v or "" for k, v in attrs}, form)
        self.elements.append(element)
        if form is not None and tag == "input" and "name" in element.attributes:
            form.fields[element.attributes["name"]] = element.attributes.get(
                "value", ""
            )
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [e for e in self.elements if e.tag == tag]

    def ids(self) -> set[str]:
        return {e.attributes.get("data-testid", "") for e in self.elements} - {""}

    def get(self, testid: str) -> Element:
        (found,) = [
            e for e in self.elements if e.attributes.get("data-testid") == testid
        ]
        return found

    @property
    def state(self) -> str:
        return self.get("request-state").attributes["data-state"]

    def submit(self, client: FlaskClient, testid: str, **more: object) -> "Page":
        """Press the button: all inputs of its form, then follow the redirects."""
        form = self.get(testid).form
        assert form is not None
        answer = client.post(
            form.attributes["action"],
            data={**form.fields, **more},
            content_type=form.attributes.get("enctype"),
            follow_redirects=True,
        )
        return Page(answer)
