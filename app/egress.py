"""The one way out to addresses that others chose: status lists and the like.

Whoever issues a credential chooses the address in it, so every address is an attack
until shown otherwise (threats EG1, EG2). What is allowed is a list of hosts in the
settings. The name is resolved once, every address it has is looked at, and the
connection goes to an address that was looked at; no proxy and no cookie. Each redirect
passes the same checks. Size and time are bounded, and nothing is decompressed.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import urljoin, urlsplit

import httpcore

from app.pinned_connections import Pinned, remaining

MAX_REDIRECTS: Final = 2
TOTAL_SECONDS: Final = 5.0
MAX_URL: Final = 2048
OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_TARGET = re.compile(r"[!\"$-\[\]-~]*")  # printable ASCII without # and backslash
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_PROTOCOL_ASSIGNMENTS: Final = ipaddress.ip_network("192.0.0.0/24")  # RFC 6890

Resolve = Callable[[str, int], Sequence[str]]


class EgressError(Exception):
    """Nothing usable came back; the reason is for our log and for nobody outside."""

    code: ClassVar[str] = "egress"


@dataclass(frozen=True, slots=True)
class Fetched:
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Where to: ``host`` or ``host:port`` (without port: 443).

    ``public`` hosts are reached by https at addresses of the public Internet only.
    ``private`` ones may have any address; plain http is for those if they are loopback
    and ``http_on_loopback`` is set.
    """

    public: Collection[str] = ()
    private: Collection[str] = ()
    http_on_loopback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A checked URL; ``host`` is the entry's own text, ``target`` path and query."""

    scheme: str
    host: str
    port: int
    target: str
    private: bool


def system_resolver(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Egress:
    """Fetches by GET; safe to share between threads."""

    def __init__(
        self,
        allowed: AllowedHosts,
        *,
        resolve: Resolve = system_resolver,
        tls: ssl.SSLContext | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._tls = tls or _tls_1_2_or_later()
        self._total_seconds = total_seconds

    def fetch(
        self, url: str, *, media_types: Collection[str], max_bytes: int
    ) -> Fetched:
        """Return the body if it is of one of ``media_types``; else ``EgressError``."""
        deadline = time.monotonic() + self._total_seconds
        for _ in range(MAX_REDIRECTS + 1):
            destination = self.destination(url)
            try:
                answer = self._get(destination, deadline, media_types, max_bytes)
            except (
                httpcore.NetworkError,
                httpcore.ProtocolError,
                httpcore.TimeoutException,
                OSError,
            ) as error:
                raise EgressError(f"{type(error).__name__}: {error}") from None
            if isinstance(answer, Fetched):
                return answer
            url = _redirected(url, answer)
        raise EgressError(f"more than {MAX_REDIRECTS} redirects")

    def destination(self, url: str) -> Destination:
        """Read a URL as we allow it: a listed host, in the very text of the list."""
        if len(url) > MAX_URL or not url.isascii():
            raise EgressError("the URL is too long or not ASCII")
        scheme, separator, rest = url.partition("://")
        authority, target = _split_authority(rest)
        authority = authority.lower()
        if not separator or scheme not in {"http", "https"}:
            raise EgressError("the URL is not https")
        if not _TARGET.fullmatch(target):
            raise EgressError("the URL has a fragment or a stray character")
        entry = authority.removesuffix(":443") if scheme == "https" else authority
        private = entry in self._allowed.private
        if not private and entry not in self._allowed.public:
            raise EgressError("the host is not listed")
        host, port = _host_and_port(entry, scheme)
        if scheme == "http" and not (
            private and self._allowed.http_on_loopback and _names_loopback(host)
        ):
            raise EgressError("plain http is for loopback only")
        return Destination(
            scheme=scheme, host=host, port=port, target=target, private=private
        )

    def _get(
        self,
        to: Destination,
        deadline: float,
        media_types: Collection[str],
        max_bytes: int,
    ) -> Fetched | str:
        """The body, or where the server redirects to."""
        pinned = Pinned(self._addresses(to), deadline)
        headers = {
            "Host": to.host if to.port in {80, 443} else f"{to.host}:{to.port}",
            "Accept": ", ".join(media_types),
            "Accept-Encoding": "identity",
            "User-Agent": "signing-service",
        }
        url = httpcore.URL(
            scheme=to.scheme.encode(),
            host=to.host.strip("[]").encode(),
            port=to.port,
            target=(to.target or "/").encode(),
        )
        with (
            httpcore.ConnectionPool(
                ssl_context=self._tls,
                max_connections=1,
                http1=True,
                http2=False,
                network_backend=pinned,
            ) as pool,
            pool.stream(
                "GET",
                url,
                headers=list(headers.items()),
                extensions={"timeout": _timeouts(deadline)},
            ) as response,
        ):
            if response.status in _REDIRECTS:
                return _header(response, b"location")
            return _body(response, media_types, max_bytes)

    def _addresses(self, to: Destination) -> Sequence[str]:
        try:
            addresses = self._resolve(to.host.strip("[]"), to.port)
        except (OSError, UnicodeError) as error:
            raise EgressError(f"the host has no address: {error}") from None
        if not addresses:
            raise EgressError("the host has no address")
        if not to.private and not all(map(is_public, addresses)):
            raise EgressError("the host has an address that is not public")
        return addresses


def is_public(address: str) -> bool:
    """Whether an address is one of the public Internet, also behind IPv6 wrappings."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        if found.ipv4_mapped or found.sixtofour or found.teredo or found.is_site_local:
            return False
    if found in _PROTOCOL_ASSIGNMENTS or found.is_multicast:
        return False
    return found.is_global


def _split_authority(rest: str) -> tuple[str, str]:
    end = min((at for at in map(rest.find, "/?") if at >= 0), default=len(rest))
    target = rest[end:]
    return rest[:end], f"/{target}" if target.startswith("?") else target


def _host_and_port(entry: str, scheme: str) -> tuple[str, int]:
    host, colon, port = entry.rpartition(":")
    if not colon or entry.endswith("]"):
        return entry, 443 if scheme == "https" else 80
    return host, int(port)


def _names_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _redirected(url: str, location: str) -> str:
    try:
        joined = urljoin(url, location)
        urlsplit(joined)
    except ValueError:
        raise EgressError("the redirect leads nowhere") from None
    return joined


def _body(
    response: httpcore.Response, media_types: Collection[str], max_bytes: int
) -> Fetched:
    if response.status != OK:
        raise EgressError(f"the server answered {response.status}")
    media_type = _header(response, b"content-type").partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise EgressError("the answer is of another media type")
    if _header(response, b"content-encoding").lower() not in {"", "identity"}:
        raise EgressError("the answer is compressed, which nobody asked for")
    content = bytearray()
    for part in response.iter_stream():
        content += part
        if len(content) > max_bytes:
            raise EgressError(f"the answer is above {max_bytes} bytes")
    return Fetched(bytes(content), media_type)


def _header(response: httpcore.Response, name: bytes) -> str:
    found = [value for key, value in response.headers if key.lower() == name]
    if len(found) > 1:
        raise EgressError(f"the answer has two headers {name.decode()}")
    return found[0].decode("latin-1") if found else ""


def _timeouts(deadline: float) -> dict[str, float]:
    return dict.fromkeys(("connect", "read", "write", "pool"), remaining(deadline))


def _tls_1_2_or_later() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
