"""A browser in the hands of someone who changes whatever a browser lets be changed.

Fields, headers, cookies and methods are the visitor's own; everything that was received
is kept, so that a test can say what never was.
"""

import ssl
from collections.abc import Iterable, Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

import httpx

from tests.end_to_end.conftest import NO_KEEP_ALIVE, Service
from tests.end_to_end.signer import LEASE
from wallet_emulator.browser import Page, form_fields, parse_html

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Made once: reading the authorities takes longer than most of what is sent here."""
COOKIE: Final = "qes"
Asked = Literal["identify", "approve"]


class Visitor:
    """Cookies are kept as browsers do, unless ``forgetful``: an in-app window."""

    def __init__(self, service: Service, *, forgetful: bool = False) -> None:
        self.received: list[httpx.Response] = []
        self.requests: list[str] = []
        self._forgetful = forgetful
        self._client = service.opened.enter_context(
            httpx.Client(
                base_url=service.base_url,
                timeout=30,
                limits=NO_KEEP_ALIVE,
                verify=NO_TLS,
                follow_redirects=True,
                event_hooks={"response": [self._keep]},
            )
        )

    def _keep(self, response: httpx.Response) -> None:
        response.read()
        self.received.append(response)

    def send(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> httpx.Response:
        """``path`` or address; ``name`` adds a document under it."""
        files = {"document": (name, LEASE.read_bytes(), "application/pdf")}
        response = self._client.request(
            method, path, data=data, headers=headers, files=files if name else None
        )
        if self._forgetful:
            self._client.cookies.clear()
        return response

    def open(self, path: str) -> Page:
        return page_of(self.send("GET", path))

    def press(self, page: Page, testid: str, name: str | None = None) -> Page:
        """Submit the form of an element as it stands."""
        element = page.element(testid)
        form = element.form
        assert form is not None
        data: dict[str, str | list[str]] = dict(form_fields(form, element))
        return page_of(
            self.send("POST", form.attribute("action"), data=data, name=name)
        )

    def upload(self, name: str) -> Page:
        ready = self.press(self.open("/"), "upload-submit", name)
        assert ready.status == httpx.codes.OK
        self.requests.append(urlsplit(ready.url).path)
        return ready

    def ask(self, what: Asked, name: str = "prize.pdf") -> Page:
        """A new document, and the page with the link for a wallet."""
        return self.press(self.upload(name), what)

    @property
    def token(self) -> str:
        """What this browser's forms carry."""
        inputs = (e.attributes for e in self.open("/").elements if e.tag == "input")
        return next(a["value"] for a in inputs if a.get("name") == "csrf_token")

    def post(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """A form of this browser's own, with its token."""
        return self.send("POST", path, data={"csrf_token": self.token, **fields})

    @property
    def cookie(self) -> str:
        return self._client.cookies[COOKIE]

    def plant(self, cookie: str) -> None:
        self._client.cookies.clear()
        self._client.cookies.set(COOKIE, cookie, domain="localhost.local", path="/")

    def texts(self) -> Iterable[str]:
        return (response.text for response in self.received)

    def faults(self) -> list[tuple[str, int]]:
        return [
            (f"{r.request.method} {r.request.url.path}", r.status_code)
            for r in self.received
            if r.is_server_error
        ]


def page_of(response: httpx.Response) -> Page:
    return Page(
        url=str(response.url),
        status=response.status_code,
        elements=parse_html(response.text),
    )
