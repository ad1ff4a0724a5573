"""HTTP as a wallet does it: no redirects, small answers, https except on loopback.

``PeerUnavailableError`` is the only error: httpx's own stop here.
"""

import ipaddress
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from wallet_emulator.encoding import parse_json_object
from wallet_emulator.errors import MalformedError, NotSetUpError, PeerUnavailableError

MAX_BODY_BYTES: Final = 1_000_000
TIMEOUT_SECONDS: Final = 15.0
BODY_SECONDS: Final = 30.0
# UnicodeError: a host label that IDNA cannot encode is found by the resolver only
SENDING_ERRORS: Final = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    status: int
    content_type: str
    body: bytes

    def json_object(self) -> dict[str, object]:
        """The body of a 200 answer as JSON object; raises ``PeerUnavailableError``."""
        if self.status != httpx.codes.OK:
            raise PeerUnavailableError(f"expected 200, got {self.status}: {self.text}")
        try:
            return parse_json_object(self.body)
        except MalformedError as error:
            raise PeerUnavailableError(f"expected a JSON object: {error}") from error

    @property
    def text(self) -> str:
        """The start of the body, printable: for messages to people."""
        start = self.body[:500].decode("utf-8", "replace")
        return "".join(c if c.isprintable() else " " for c in start).strip()


def open_client(tls_ca: Path | None = None) -> httpx.Client:
    """A client for loopback and https; ``tls_ca`` adds one PEM file of trusted CAs."""
    context = ssl.create_default_context()
    if tls_ca is not None:
        try:
            context.load_verify_locations(cafile=tls_ca)
        except OSError as error:
            raise NotSetUpError(f"no CA certificate in {tls_ca}") from error
    # trust_env=False: a proxy from the environment must not see what a wallet sends.
    # No kept connection: a server may close one at the moment it is used again, and a
    # POST must not be repeated to find out.
    return httpx.Client(
        verify=context,
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


def require_safe_url(url: str) -> str:
    """``url`` if it is https, or http on this machine.

    Raises:
        MalformedError: any other scheme, user information, or no host.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # a port that is no number raises here, not later
    except ValueError as error:
        raise MalformedError("not a URL") from error
    if not host or parts.username is not None or parts.fragment:
        raise MalformedError("a URL needs a host, no user information, no fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise MalformedError(f"{parts.scheme}://{host} is neither https nor loopback")
    return url


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def get(
    http: httpx.Client, url: str, *, accept: str = "application/json"
) -> HttpAnswer:
    return _send(http, "GET", url, headers={"Accept": accept})


def post_form(
    http: httpx.Client,
    url: str,
    fields: Mapping[str, str],
    *,
    accept: str = "application/json",
) -> HttpAnswer:
    return _send(http, "POST", url, headers={"Accept": accept}, form=fields)


def post_json(
    http: httpx.Client, url: str, body: Mapping[str, object] | None, *, token: str = ""
) -> HttpAnswer:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return _send(http, "POST", url, headers=headers, body=body)


def _send(
    http: httpx.Client,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    form: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
) -> HttpAnswer:
    try:
        request = http.build_request(
            method, require_safe_url(url), headers=headers, data=form, json=body
        )
        response = http.send(request, stream=True, follow_redirects=False)
        try:
            content = bounded_body(response, MAX_BODY_BYTES)
        finally:
            response.close()
    except (*SENDING_ERRORS, MalformedError) as error:
        raise PeerUnavailableError(f"{method} {url}: {error}") from error
    return HttpAnswer(
        status=response.status_code,
        content_type=response.headers.get("content-type", ""),
        body=content,
    )


def bounded_body(response: httpx.Response, limit: int) -> bytes:
    """The whole body of a streamed response.

    Raises:
        PeerUnavailableError: it is longer than ``limit`` bytes, or trickles in.
    """
    body = bytearray()
    until = time.monotonic() + BODY_SECONDS
    for piece in response.iter_bytes():
        body += piece
        if len(body) > limit:
            raise PeerUnavailableError(f"{response.url}: more than {limit} bytes")
        if time.monotonic() > until:
            raise PeerUnavailableError(f"{response.url}: too slow")
    return bytes(body)
