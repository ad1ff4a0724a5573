"""The phone in a person's hand: its pages, found by test id, and buttons."""

from dataclasses import dataclass

from flask import Flask
from werkzeug.test import TestResponse

from wallet_emulator.browser import Element, form_fields, parse_html


@dataclass(frozen=True)
class Screen:
    """One page of the phone."""

    response: TestResponse

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def elements(self) -> tuple[Element, ...]:
        return parse_html(self.text)

    def all(self, testid: str) -> list[Element]:
        return [e for e in self.elements if e.attribute("data-testid") == testid]

    def shown(self, testid: str) -> str:
        (found,) = self.all(testid)
        return " ".join(found.text.split())

    @property
    def title(self) -> str:
        return next(e.text.strip() for e in self.elements if e.tag == "h1")


class Handset:
    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str, **query: str) -> Screen:
        answer = self.client.get(
            path, query_string=query or None, follow_redirects=True
        )
        return Screen(answer)

    def open(self, link: str) -> Screen:
        return self.get("/scan", uri=link)

    def press(self, screen: Screen, testid: str, **filled: str) -> Screen:
        """Submit the button's form with what it holds, and with ``filled``."""
        (button,) = screen.all(testid)
        assert button.form is not None
        fields = dict(form_fields(button.form, button)) | filled
        answer = self.client.post(
            button.form.attribute("action"), data=fields, follow_redirects=True
        )
        return Screen(answer)
