"""Where the worker may go, and what may come back (threats EG1, EG2, EG3)."""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from app.egress import AllowedHosts, Egress, EgressError, Fetched, is_public
from tests.app.raw_server import RawServer, raw_server, response, says
from tests.openid4vp import wallet

JWT = "application/statuslist+jwt"
LISTED = "pid.example"


@pytest.fixture(scope="module")
def canary() -> Iterator[RawServer]:
    """Inside, where nobody may get by an address that a stranger chose."""
    with raw_server(says(response(b"secret"))) as server:
        yield server


@dataclass
class Names:
    """A resolver with one answer per question; the last one stays."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        at = min(len(self.asked), len(self.answers)) - 1
        return self.answers[at]


def fetch(egress: Egress, url: str) -> Fetched:
    return egress.fetch(url, media_types=(JWT,), max_bytes=1000)


def inside(server: RawServer, **options: float) -> Egress:
    """May go to this server on loopback, by http."""
    allowed = AllowedHosts(private={f"127.0.0.1:{server.port}"}, http_on_loopback=True)
    return Egress(allowed, **options)  # type: ignore[arg-type]


# --- where to ---

SSRF = (
    # loopback in all its spellings
    *("http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/"),
    *(
        "https://127.0.0.1:{port}/",
        "https://localhost:{port}/",
        "https://[::1]:{port}/",
    ),
    *(
        "http://127.1:{port}/",
        "http://127.0.1:{port}/",
        "http://127.127.127.127:{port}/",
    ),
    *("http://0:{port}/", "http://0.0.0.0:{port}/", "http://[::]:{port}/"),
    *("http://2130706433:{port}/", "http://017700000001:{port}/"),
    *("http://0x7f000001:{port}/", "http://0x7f.0x0.0x0.0x1:{port}/"),
    *(
        "http://0177.0.0.1:{port}/",
        "http://00000177.1:{port}/",
        "http://0x7f.1:{port}/",
    ),
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://localhost.:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.localdomain:{port}/",
    "http://ip6-localhost:{port}/",
    "http://127.0.0.1.nip.io:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    # the cloud's own and other networks inside
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://[fc00::1]/",
    # a listed name that is not the host
    "https://pid.example@127.0.0.1:{port}/",
    "https://pid.example:443@127.0.0.1:{port}/",
    "https://pid.example%40127.0.0.1:{port}/",
    "https://pid.example%2f@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@pid.example/",
    "https://127.0.0.1:{port}?@pid.example/",
    "https://127.0.0.1:{port}\\@pid.example/",
    "https://pid.example\\@127.0.0.1:{port}/",
    "https://pid.example\\.127.0.0.1:{port}/",
    "https://pid.example.127.0.0.1.nip.io:{port}/",
    "https://evil.pid.example/",
    "https://pid.example.evil.example/",
    "https://pid.exampleevil/",
    "https://pid.example./",
    "https://pid.example :{port}/",
    "https://pid.example\t/",
    "https://pid.example\r\nHost: localhost\r\n/",
    "https://pid.example/ HTTP/1.1\r\nX: y\r\n",
    "https://pid.example/\r\n\r\nGET / HTTP/1.1",
    "https://pid.example/#fragment",
    "https://pid.example/\x00",
    # a listed host by another way
    "http://pid.example/",
    "https://pid.example:22/",
    "https://pid.example:{port}/",
    "https://pid.example:+443/",
    "https://pid.example:0443/",
    "https://pid.example:99999/",
    "https://pid.example:/",
    # no http at all
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_GET%20/",
    "dict://127.0.0.1:{port}/stat",
    "ldap://127.0.0.1:{port}/",
    "jar:http://127.0.0.1:{port}/!/",
    "unix:///var/run/docker.sock",
    "data:application/statuslist+jwt,list",
    "javascript:alert(1)",
    "//127.0.0.1:{port}/",
    "///127.0.0.1:{port}/",
    "http:/127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/",
    " http://127.0.0.1:{port}/",
    "http://",
    "https:///",
    "",
    "https://pid.example/" + "a" * 2048,
)


@pytest.mark.parametrize("url", SSRF, ids=range(len(SSRF)))
def test_a_strangers_address_leads_nowhere(canary: RawServer, url: str) -> None:
    names = Names([["127.0.0.1"]])
    outside = Egress(
        AllowedHosts(public={LISTED}, http_on_loopback=True), resolve=names
    )

    with pytest.raises(EgressError):
        fetch(outside, url.format(port=canary.port))

    assert (names.asked, canary.connections) == ([], 0)


@pytest.mark.parametrize(
    "url", [url for url in SSRF if url.isprintable() and "evil" not in url]
)
def test_no_redirect_leads_there_either(canary: RawServer, url: str) -> None:
    location = url.format(port=canary.port).encode("ascii", "replace").decode()
    answer = says(response(status="302 Found", Location=location))
    with raw_server(answer) as server, pytest.raises(EgressError):
        fetch(inside(server), f"http://127.0.0.1:{server.port}/")

    assert canary.connections == 0


NOT_PUBLIC = (
    *("127.0.0.1", "127.255.255.255", "0.0.0.0", "10.1.2.3", "172.31.0.1"),  # noqa: S104
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
    *("255.255.255.255", "192.0.0.8", "::", "::1", "fe80::1", "fc00::1", "fd00::1"),
    *("fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "2002:7f00:1::"),
    *("2002:808:808::", "2001:0:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    *("2001:db8::1", "100::1", "fe80::1%lo", "localhost", "", "127.1", "0x7f.1"),
)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "193.0.6.139", "2001:4860:4860::8888", "64:ff9b::808:808"]
)
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [*NOT_PUBLIC[:3], "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("beside", [(), ("8.8.8.8",)], ids=["alone", "beside-public"])
def test_a_listed_host_that_resolves_inside_is_not_asked(
    canary: RawServer, address: str, beside: tuple[str, ...]
) -> None:
    listed = f"{LISTED}:{canary.port}"
    names = Names([(*beside, address)])
    outside = Egress(AllowedHosts(public={listed}), resolve=names)

    with pytest.raises(EgressError, match="not public"):
        fetch(outside, f"https://{listed}/")

    assert (names.asked, canary.connections) == ([LISTED], 0)


def test_a_name_that_changes_between_two_looks_is_looked_up_once() -> None:
    with (
        raw_server(says(response())) as first,
        raw_server(says(response()), address="127.0.0.2", port=first.port) as rebound,
    ):
        listed = f"localhost:{first.port}"
        names = Names([["127.0.0.1"], ["127.0.0.2"]])
        allowed = AllowedHosts(private={listed}, http_on_loopback=True)

        fetch(Egress(allowed, resolve=names), f"http://{listed}/")

        assert names.asked == ["localhost"]
        assert (first.connections, rebound.connections) == (1, 0)


def test_a_redirect_is_looked_up_again_and_checked_again(canary: RawServer) -> None:
    location = f"https://{LISTED}:{canary.port}/"
    with raw_server(says(response(status="302 Found", Location=location))) as server:
        listed = f"127.0.0.1:{server.port}"
        names = Names([["127.0.0.1"]])
        allowed = AllowedHosts(
            public={f"{LISTED}:{canary.port}"}, private={listed}, http_on_loopback=True
        )

        with pytest.raises(EgressError, match="not public"):
            fetch(Egress(allowed, resolve=names), f"http://{listed}/")

    assert canary.connections == 0


def test_http_is_for_loopback_deployments_only(canary: RawServer) -> None:
    entry = f"127.0.0.1:{canary.port}"

    with pytest.raises(EgressError, match="plain http"):
        fetch(Egress(AllowedHosts(private={entry})), f"http://{entry}/")

    assert canary.connections == 0


def test_http_to_a_private_name_that_is_not_loopback_is_refused() -> None:
    allowed = AllowedHosts(private={"tsl.lan:80"}, http_on_loopback=True)

    with pytest.raises(EgressError, match="plain http"):
        fetch(Egress(allowed, resolve=Names([["127.0.0.1"]])), "http://tsl.lan:80/")


def test_a_name_without_address_is_refused() -> None:
    def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(EgressError, match="no address"):
        fetch(
            Egress(AllowedHosts(public={LISTED}), resolve=nowhere),
            "https://pid.example",
        )


def test_no_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, canary: RawServer
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    with raw_server(says(response())) as server:
        fetch(inside(server), f"http://127.0.0.1:{server.port}/")

    assert canary.connections == 0


# --- what comes back ---


def test_a_list_is_fetched_with_what_it_takes_and_no_more() -> None:
    with raw_server(says(response(b"list"))) as server:
        url = f"http://127.0.0.1:{server.port}/tsl/1?v=2"

        assert fetch(inside(server), url) == Fetched(b"list", JWT)

        assert server.heads[0].decode().splitlines() == [
            "GET /tsl/1?v=2 HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            f"Accept: {JWT}",
            "Accept-Encoding: identity",
            "User-Agent: signing-service",
            "",
        ]


@pytest.mark.parametrize(("redirects", "arrives"), [(1, True), (2, True), (3, False)])
def test_two_redirects_are_followed(redirects: int, arrives: bool) -> None:
    def talk(connection: socket.socket, head: bytes) -> None:
        at = int(head.split()[1].removeprefix(b"/"))
        moved = response(status="307 Temporary Redirect", Location=f"/{at + 1}")
        connection.sendall(moved if at < redirects else response())

    with raw_server(talk) as server:
        refusal = (
            contextlib.nullcontext()
            if arrives
            else pytest.raises(EgressError, match="redirects")
        )
        with refusal:
            fetch(inside(server), f"http://127.0.0.1:{server.port}/0")

    assert server.connections == min(redirects, 2) + 1


def _endless(connection: socket.socket, _head: bytes) -> None:
    head = response(b"").replace(b"Content-Length: 0\r\n", b"")
    connection.sendall(head)
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(bytes(65536))


def _chunked(connection: socket.socket, _head: bytes) -> None:
    head = response(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    connection.sendall(head)
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b"1000\r\n" + bytes(4096) + b"\r\n")


UNUSABLE: dict[str, Callable[[socket.socket, bytes], None]] = {
    "above-the-limit": says(response(bytes(1001))),
    "endless": _endless,
    "endless-chunks": _chunked,
    "html": says(response(media_type="text/html")),
    "no-media-type": says(response(media_type="")),
    "cwt-not-asked-for": says(response(media_type="application/statuslist+cwt")),
    "two-media-types": says(response(content_type="text/html")),
    "gzip": says(response(Content_Encoding="gzip")),
    "not-found": says(response(status="404 Not Found")),
    "partial": says(response(status="206 Partial Content")),
    "no-content": says(response(b"", status="204 No Content", media_type="")),
    "server-error": says(response(status="500 Internal Server Error")),
    "not-modified": says(response(b"", status="304 Not Modified")),
    "redirect-without-location": says(response(status="302 Found")),
    "redirect-to-itself": says(response(status="302 Found", Location="/")),
    "redirect-odd": says(response(status="302 Found", Location="http://[")),
    "cut-off": says(response(b"list")[:-1]),
    "no-http": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "silence": says(b""),
    "header-flood": says(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000),
    "long-header": says(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000),
    "two-lengths": says(response(Content_length="5")),
}


@pytest.mark.parametrize("talk", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_unusable_is_one_kind_of_error(
    talk: Callable[[socket.socket, bytes], None],
) -> None:
    with raw_server(talk) as server, pytest.raises(EgressError):
        fetch(inside(server), f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_byte_now_and_then_gains_no_time(part: str) -> None:
    head = response(bytes(100))[:-100]
    sent = head if part == "head" else bytes(100)

    def drip(connection: socket.socket, _head: bytes) -> None:
        if part == "body":
            connection.sendall(head)
        with contextlib.suppress(OSError):
            for byte in sent:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)

    with raw_server(drip) as server:
        started = time.monotonic()
        with pytest.raises(EgressError):
            fetch(inside(server, total_seconds=0.3), f"http://127.0.0.1:{server.port}/")

        assert time.monotonic() - started < 2


# --- TLS ---


def tls_server(folder: Path, name: str) -> ssl.SSLContext:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    leaf = wallet.leaf(
        name,
        issuer="TEST TLS root",
        start=now - day,
        end=now + day,
        extensions=((x509.SubjectAlternativeName([x509.DNSName(name)]), False),),
    )
    key = wallet.key(name).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (folder / "server.pem").write_bytes(leaf.public_bytes(Encoding.PEM) + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def tls_client() -> ssl.SSLContext:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    root = wallet.authority("TEST TLS root", start=now - day, end=now + day)
    pem = root.public_bytes(Encoding.PEM).decode()
    return ssl.create_default_context(cadata=pem)


@pytest.mark.parametrize(
    ("certified", "trusted", "arrives"),
    [
        ("tsl.lan", True, True),
        ("other.lan", True, False),
        ("tsl.lan", False, False),
    ],
    ids=["right", "another-name", "unknown-root"],
)
def test_the_server_proves_the_name_in_the_address(
    tmp_path: Path, certified: str, trusted: bool, arrives: bool
) -> None:
    tls = tls_server(tmp_path, certified)
    with raw_server(says(response(b"list")), tls=tls) as server:
        listed = f"tsl.lan:{server.port}"
        egress = Egress(
            AllowedHosts(private={listed}),
            resolve=Names([["127.0.0.1"]]),
            tls=tls_client() if trusted else None,
        )
        expectation = (
            contextlib.nullcontext() if arrives else pytest.raises(EgressError)
        )
        with expectation:
            assert fetch(egress, f"https://{listed}/").content == b"list"
