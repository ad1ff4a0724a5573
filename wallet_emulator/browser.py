"""A browser without a screen: cookies, links, forms, elements by ``data-testid``.

It does what a person with a mouse would do and knows nothing about the site: it
follows the anchor, or submits the form, that carries or surrounds a test id. Scripts
are not run, so what works here works without them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final
from urllib.parse import urldefrag, urlencode, urljoin

import httpx

from wallet_emulator.errors import (
    MalformedError,
    PeerUnavailableError,
    UnexpectedPageError,
)
from wallet_emulator.transport import (
    SENDING_ERRORS,
    bounded_body,
    require_safe_url,
)

MAX_REDIRECTS: Final = 10
MAX_PAGE_BYTES: Final = 5_000_000
MAX_FILE_BYTES: Final = 200_000_000
_VOID: Final = frozenset({"input", "br", "hr", "img", "meta", "link", "source", "wbr"})
_UNSENT: Final = ("submit", "button", "image", "reset", "file")


@dataclass(slots=True, kw_only=True)
class Element:
    """One HTML element; ``form`` is the form it belongs to."""

    tag: str
    attributes: Mapping[str, str]
    form: "Element | None"
    controls: list["Element"] = field(default_factory=list, repr=False)
    text: str = ""

    def attribute(self, name: str) -> str:
        return self.attributes.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as received; ``url`` is where redirects ended."""

    url: str
    status: int
    elements: tuple[Element, ...]

    def find(self, testid: str) -> Element | None:
        return next(
            (e for e in self.elements if e.attribute("data-testid") == testid), None
        )

    def element(self, testid: str) -> Element:
        """Raises ``UnexpectedPageError`` if the page has no such element."""
        found = self.find(testid)
        if found is None:
            raise UnexpectedPageError(
                f"{self.url} (status {self.status}) has no {testid!r}: {self.summary()}"
            )
        return found

    def summary(self) -> str:
        """What a person would read first: title, headings and alerts."""
        texts = (
            e.text.strip()
            for e in self.elements
            if e.tag in ("title", "h1") or e.attribute("role") == "alert"
        )
        return " | ".join(" ".join(text.split()) for text in texts if text)[:300]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    url: str
    status: int
    content: bytes


class Browser:
    """One browser window with its own cookies.

    They are kept here and not in the client, because httpx copies cookies without
    their policy, and Secure ones have to travel on loopback as browsers let them.
    Plain http goes nowhere else: ``require_safe_url`` sees to that.
    """

    def __init__(self, client: httpx.Client) -> None:
        policy = DefaultCookiePolicy(secure_protocols=("https", "http"))
        self._client = client
        self._cookies = httpx.Cookies(CookieJar(policy))

    def open(self, url: str) -> Page:
        return self._page("GET", url)

    def follow(self, page: Page, testid: str, upload: Path | None = None) -> Page:
        """Click: open the anchor, or submit the form of the element.

        ``upload`` is the file that fills the form's file inputs.
        """
        element = page.element(testid)
        if element.tag == "a":
            return self.open(urljoin(page.url, element.attribute("href")))
        return self.submit(page, element, upload)

    def submit(self, page: Page, element: Element, upload: Path | None = None) -> Page:
        """Submit the form that ``element`` is or belongs to, with all its controls.

        Raises:
            UnexpectedPageError: there is no form, or it wants a file and none is given.
        """
        form = element if element.tag == "form" else element.form
        if form is None:
            raise UnexpectedPageError(f"<{element.tag}> on {page.url} is in no form")
        action = element.attribute("formaction") or form.attribute("action")
        url = urljoin(page.url, action) if action else page.url
        fields = form_fields(form, element)
        method = element.attribute("formmethod") or form.attribute("method") or "get"
        if method.lower() != "post":
            target = urldefrag(url).url.partition("?")[0]
            return self._page("GET", f"{target}?{urlencode(fields)}")
        return self._page("POST", url, fields=fields, upload=_files(form, upload))

    def download(self, page: Page, testid: str) -> bytes:
        """The file behind an anchor or form button.

        Raises:
            UnexpectedPageError: the answer is not 200.
        """
        element = page.element(testid)
        if element.tag == "a":
            url = urljoin(page.url, element.attribute("href"))
            response = self._fetch("GET", url, limit=MAX_FILE_BYTES)
        else:
            form = element.form or element
            url = urljoin(page.url, form.attribute("action"))
            response = self._fetch(
                form.attribute("method").upper() or "GET",
                url,
                fields=form_fields(form, element),
                limit=MAX_FILE_BYTES,
            )
        if response.status != httpx.codes.OK:
            raise UnexpectedPageError(f"{url} answered {response.status}")
        return response.content

    def _page(
        self,
        method: str,
        url: str,
        *,
        fields: list[tuple[str, str]] | None = None,
        upload: dict[str, tuple[str, bytes, str]] | None = None,
    ) -> Page:
        response = self._fetch(method, url, fields=fields, upload=upload)
        return Page(
            url=response.url,
            status=response.status,
            elements=parse_html(response.content.decode("utf-8", "replace")),
        )

    def _fetch(
        self,
        method: str,
        url: str,
        *,
        fields: list[tuple[str, str]] | None = None,
        upload: dict[str, tuple[str, bytes, str]] | None = None,
        limit: int = MAX_PAGE_BYTES,
    ) -> _Received:
        """Send, follow redirects as browsers do (303 and 302 after POST become GET)."""
        try:
            request = self._client.build_request(
                method,
                require_safe_url(urldefrag(url).url),
                data=_multi(fields),
                files=upload or None,
            )
            for _ in range(MAX_REDIRECTS):
                received, following = self._send(request, limit)
                if following is None:
                    return received
                request = following
                require_safe_url(urldefrag(str(request.url)).url)
        except (*SENDING_ERRORS, MalformedError) as error:
            raise PeerUnavailableError(f"{method} {url}: {error}") from error
        raise PeerUnavailableError(f"{url} redirects in circles")

    def _send(
        self, request: httpx.Request, limit: int
    ) -> tuple[_Received, httpx.Request | None]:
        request.headers.pop("cookie", None)
        self._cookies.set_cookie_header(request)
        response = self._client.send(request, stream=True, follow_redirects=False)
        self._cookies.extract_cookies(response)
        try:
            content = bounded_body(response, limit)
        finally:
            response.close()
        received = _Received(
            url=str(response.url), status=response.status_code, content=content
        )
        return received, response.next_request


def form_fields(form: Element, clicked: Element) -> list[tuple[str, str]]:
    """Name and value of every control a browser would send (HTML §4.10.21.4).

    Required boxes are ticked, as a person who wants to go on would do.
    """
    fields: list[tuple[str, str]] = []
    for control in form.controls:
        name = control.attribute("name")
        if name and "disabled" not in control.attributes and _sent(control, clicked):
            fields.append((name, _value(control)))
    return fields


def parse_html(text: str) -> tuple[Element, ...]:
    """All elements in document order, each with its text and its form."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    return tuple(parser.elements)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag=tag, attributes=attributes, form=self._form(attributes))
        self.elements.append(element)
        if element.form is not None and tag in (
            "input",
            "button",
            "select",
            "textarea",
        ):
            element.form.controls.append(element)
        if tag == "option":
            self._choose(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index].tag == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def _form(self, attributes: Mapping[str, str]) -> Element | None:
        """The form named by the ``form`` attribute, else the surrounding one."""
        forms = (e for e in reversed(self.elements) if e.tag == "form")
        if "form" in attributes:
            named = attributes["form"]
            return next((f for f in forms if f.attribute("id") == named), None)
        return next((e for e in reversed(self._open) if e.tag == "form"), None)

    def _choose(self, option: Element) -> None:
        """The selected option, or the first, is the value of its select."""
        select = next((e for e in reversed(self._open) if e.tag == "select"), None)
        if select is None:
            return
        if "selected" in option.attributes or "value" not in select.attributes:
            value = option.attribute("value")
            select.attributes = {**select.attributes, "value": value}


def _sent(control: Element, clicked: Element) -> bool:
    if control is clicked and control.tag in ("button", "input"):
        return control.attribute("type") != "file"
    kind = control.attribute("type").lower()
    if control.tag == "button" or kind in _UNSENT:
        return False
    if kind in ("checkbox", "radio"):
        return "checked" in control.attributes or "required" in control.attributes
    return True


def _value(control: Element) -> str:
    if control.tag == "textarea":
        return control.text
    if control.attribute("type").lower() in ("checkbox", "radio"):
        return control.attributes.get("value", "on")
    return control.attribute("value")


def _files(form: Element, upload: Path | None) -> dict[str, tuple[str, bytes, str]]:
    names = [
        control.attribute("name")
        for control in form.controls
        if control.attribute("type").lower() == "file"
    ]
    if not names:
        return {}
    if upload is None:
        raise UnexpectedPageError("the form wants a file")
    content = upload.read_bytes()
    return {name: (upload.name, content, "application/pdf") for name in names}


def _multi(fields: list[tuple[str, str]] | None) -> dict[str, list[str]] | None:
    if fields is None:
        return None
    multi: dict[str, list[str]] = {}
    for name, value in fields:
        multi.setdefault(name, []).append(value)
    return multi
