"""Mutual TLS: who is let in, and who is not, before a byte of a call is read."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from pydantic import ValidationError

from sam import tls
from sam.config import SamConfig
from sam.tls import Credentials, Door, PeerRefusedError, client_context
from tests.sam.link import CLIENT, DAY, SERVER, Authority

WEB = "web.internal"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("link"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Of the same name; only its key tells it from ours."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def door(authority: Authority) -> Door:
    return Door.of(authority.issue("localhost", SERVER), [WEB, "web2.internal"])


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def meet(
    door: Door, pool: ThreadPoolExecutor, client: Callable[[socket.socket], object]
) -> "Future[ssl.SSLSocket]":
    """What the door makes of one connection, on which ``client`` acts."""
    ours, theirs = socket.socketpair()
    outcome = pool.submit(door.let_in, ours)
    try:
        client(theirs)
    except OSError:
        pass  # what the client is told is its own affair
    finally:
        outcome.exception(timeout=10)
        theirs.close()
    return outcome


def shaking(context: ssl.SSLContext, host: str = "localhost") -> Callable[..., object]:
    def shake(theirs: socket.socket) -> None:
        with context.wrap_socket(theirs, server_hostname=host) as client:
            client.send(b"POST /info")

    return shake


def test_a_client_with_its_certificate_is_let_in(
    door: Door, pool: ThreadPoolExecutor, authority: Authority
) -> None:
    """Guards the tables below."""
    own = authority.issue(WEB, CLIENT)

    let_in = meet(door, pool, shaking(client_context(own))).result()

    assert let_in.version() == "TLSv1.3"
    assert let_in.recv(10) == b"POST /info"
    let_in.close()


Issue = Callable[[Authority, Authority], Credentials]
STRANGERS: dict[str, Issue] = {
    "another-name": lambda ours, _: ours.issue("other.internal", CLIENT),
    "a-longer-name": lambda ours, _: ours.issue(f"x.{WEB}", CLIENT),
    "a-wildcard": lambda ours, _: ours.issue("*.internal", CLIENT),
    "the-name-as-common-name-only": lambda ours, _: ours.issue(
        WEB, CLIENT, alternatives=[]
    ),
    "the-name-as-uri": lambda ours, _: ours.issue(
        WEB, CLIENT, alternatives=[x509.UniformResourceIdentifier(WEB)]
    ),
    "an-address": lambda ours, _: ours.issue(
        WEB, CLIENT, alternatives=[x509.IPAddress(IPv4Address("127.0.0.1"))]
    ),
    "a-servers": lambda ours, _: ours.issue(WEB, SERVER),
    "expired": lambda ours, _: ours.issue(WEB, CLIENT, ends=-DAY),
    "another-authoritys": lambda _, theirs: theirs.issue(WEB, CLIENT),
}


@pytest.mark.parametrize("issue", STRANGERS.values(), ids=STRANGERS)
def test_anybody_else_is_refused(
    door: Door,
    pool: ThreadPoolExecutor,
    authority: Authority,
    stranger: Authority,
    issue: Issue,
) -> None:
    own = issue(authority, stranger)
    context = client_context(Credentials(own.certificate, own.key, authority.file))

    outcome = meet(door, pool, shaking(context))

    assert isinstance(outcome.exception(), PeerRefusedError)


def without_certificate(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.file))


def older(authority: Authority) -> ssl.SSLContext:
    own = authority.issue(WEB, CLIENT)
    context = ssl.create_default_context(cafile=str(authority.file))
    context.load_cert_chain(own.certificate, own.key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


@pytest.mark.parametrize("context", [without_certificate, older])
def test_a_client_that_does_less_is_refused(
    door: Door,
    pool: ThreadPoolExecutor,
    authority: Authority,
    context: Callable[[Authority], ssl.SSLContext],
) -> None:
    outcome = meet(door, pool, shaking(context(authority)))

    assert isinstance(outcome.exception(), PeerRefusedError)


@pytest.mark.parametrize(
    "sent", [b"POST /info HTTP/1.1\r\n\r\n{}", b"\x16\x03\x01\xff\xff", b""], ids=repr
)
def test_what_is_no_tls_is_refused(
    door: Door, pool: ThreadPoolExecutor, sent: bytes
) -> None:
    def speak(theirs: socket.socket) -> None:
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)

    outcome = meet(door, pool, speak)

    assert isinstance(outcome.exception(), PeerRefusedError)


def test_a_client_that_drips_is_refused_in_time(
    door: Door, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then: no single read takes long, the whole would take hours."""
    monkeypatch.setattr(tls, "HANDSHAKE_SECONDS", 0.5)
    begun, stop = time.monotonic(), threading.Event()

    def drip(theirs: socket.socket) -> None:
        for byte in b"\x16\x03\x01\x40\x00" + bytes(100):
            theirs.send(bytes([byte]))
            if stop.wait(0.1):
                return

    outcome = meet(door, pool, drip)

    assert isinstance(outcome.exception(), PeerRefusedError)
    assert time.monotonic() - begun < 5


SERVERS: dict[str, Callable[[Authority, Authority], Credentials]] = {
    "another-hosts": lambda ours, _: ours.issue("sam2.internal", SERVER),
    "a-clients": lambda ours, _: ours.issue("localhost", CLIENT),
    "expired": lambda ours, _: ours.issue("localhost", SERVER, ends=-DAY),
    "another-authoritys": lambda ours, theirs: theirs.issue(
        "localhost", SERVER, believes=ours.file
    ),
}


@pytest.mark.parametrize("issue", SERVERS.values(), ids=SERVERS)
def test_a_server_that_is_another_gets_no_call(
    pool: ThreadPoolExecutor, authority: Authority, stranger: Authority, issue: Issue
) -> None:
    false = Door.of(issue(authority, stranger), [WEB])
    own = client_context(authority.issue(WEB, CLIENT))
    ours, theirs = socket.socketpair()
    outcome = pool.submit(false.let_in, ours)

    with pytest.raises(ssl.SSLError):
        own.wrap_socket(theirs, server_hostname="localhost")

    theirs.close()
    outcome.exception(timeout=10)


TLS: dict[str, object] = {
    "sam_tls_bind": "127.0.0.1:8449",
    "sam_tls_certificate": Path("c.pem"),
    "sam_tls_key": Path("k.pem"),
    "sam_tls_authority": Path("a.pem"),
    "sam_tls_clients": (WEB,),
}


@pytest.mark.parametrize("missing", TLS)
def test_tls_is_configured_whole_or_not_at_all(missing: str) -> None:
    given = {name: value for name, value in TLS.items() if name != missing}

    with pytest.raises(ValidationError, match="sam_tls_"):
        SamConfig.model_validate(given)


def test_a_whole_configuration_is_accepted() -> None:
    """Guards the table above."""
    config = SamConfig.model_validate(TLS)

    assert config.tls == Credentials(Path("c.pem"), Path("k.pem"), Path("a.pem"))
