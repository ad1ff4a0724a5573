"""https on one machine: real handshakes with what ``make_certificates`` made."""

import contextlib
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from app.config import WebConfig
from app.local import tls
from app.local.layout import program
from app.local.tls import TlsFiles, client_context, make_certificates
from app.trust_services import files
from tests.deployment import free_port

NOW = datetime.now(UTC)  # handshakes go by the machine's clock


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    folder = TlsFiles(tmp_path_factory.mktemp("deployment") / "tls")
    make_certificates(folder, "192.168.1.7", NOW)
    return folder


@contextlib.contextmanager
def served(command: list[str], port: int) -> Iterator[int]:
    """The program while it runs; yields its port once it listens."""
    with subprocess.Popen(command, start_new_session=True) as running:
        try:
            until = time.monotonic() + 30
            while not listens(port):
                assert running.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            yield port
        finally:
            running.send_signal(signal.SIGTERM)


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


WEB = """
import sys
from app.config import WebConfig
from app.serving import WebServer

class Pages(WebServer):
    def load(self):
        def app(environ, start):
            start("200 OK", [])
            return [environ["wsgi.url_scheme"].encode()]
        return app

port, certificate, key = sys.argv[1:]
sys.argv = ["qes"]
Pages(WebConfig(
    base_url=f"https://localhost:{port}", web_bind=f"127.0.0.1:{port}", web_workers=1,
    tls_certificate=certificate, tls_key=key,
)).run()
"""


@pytest.fixture(scope="module")
def web(made: TlsFiles) -> Iterator[int]:
    port = free_port()
    files_of_server = [str(made.server), str(made.server_key)]
    command = [sys.executable, "-c", WEB, str(port), *files_of_server]
    with served(command, port):
        yield port


@pytest.fixture(scope="module")
def phone(made: TlsFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port, home = free_port(), tmp_path_factory.mktemp("wallet")
    emulator = program("wallet-emulator")
    setup = [emulator, "pid-provider", "setup", "--directory", str(home)]
    subprocess.run(setup, check=True, capture_output=True)
    options = {
        "--directory": home,
        "--bind": f"127.0.0.1:{port}",
        "--access-root": home / "pid-ca.pem",
        "--tls-certificate": made.server,
        "--tls-key": made.server_key,
    }
    words = [str(part) for option in options.items() for part in option]
    with served([emulator, "serve", *words], port):
        yield port


def asked(port: int, context: ssl.SSLContext, name: str) -> bytes:
    """The answer to a GET after a handshake with ``name``."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        host = f"localhost:{port}".encode()
        secure.sendall(b"GET / HTTP/1.0\r\nHost: " + host + b"\r\n\r\n")
        return b"".join(iter(lambda: secure.recv(65536), b""))


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "192.168.1.7"])
def test_the_web_server_is_believed_by_its_names(
    web: int, made: TlsFiles, name: str
) -> None:
    assert asked(web, client_context(made.ca), name).endswith(b"https")


def test_the_phone_is_served_by_https(phone: int, made: TlsFiles) -> None:
    answer = asked(phone, client_context(made.ca), "localhost")

    assert b" 200 " in answer.splitlines()[0]
    assert b"TEST WALLET" in answer


@pytest.mark.parametrize("name", ["sign.example", "192.168.1.8", "a.localhost.test"])
def test_another_host_is_refused(web: int, made: TlsFiles, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        asked(web, client_context(made.ca), name)


def test_without_the_ca_nobody_believes_it(web: int) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        asked(web, ssl.create_default_context(), "localhost")


@pytest.mark.parametrize("server", ["web", "phone"])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_before_1_2_is_refused(
    request: pytest.FixtureRequest, made: TlsFiles, server: str
) -> None:
    context = client_context(made.ca)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1

    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        asked(request.getfixturevalue(server), context, "localhost")


def test_a_stolen_ca_key_is_of_no_use_elsewhere(made: TlsFiles, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    ca = files.read_certificate(made.ca)
    ca_key = files.read_private_key(made.ca_key)
    forged = tls._server(key.public_key(), ["bank.example"], ca, ca_key, NOW)
    (tmp_path / "f.pem").write_bytes(files.certificates_pem(forged))
    (tmp_path / "f.key").write_bytes(files.private_key_pem(key))

    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        handshake(tmp_path / "f.pem", tmp_path / "f.key", made.ca, "bank.example")


def test_the_same_handshake_succeeds_with_the_genuine_certificate(
    made: TlsFiles,
) -> None:
    handshake(made.server, made.server_key, made.ca, "localhost")


def handshake(certificate: Path, key: Path, ca: Path, name: str) -> None:
    """Client and server in memory, until the client is content."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(certificate, key)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context(ca).wrap_bio(to_client, to_server, server_hostname=name)
    for side in (client, server):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    client.do_handshake()


@pytest.mark.parametrize("file", ["ca_key", "server_key"])
def test_keys_are_for_their_owner_only(made: TlsFiles, file: str) -> None:
    path: Path = getattr(made, file)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def contents(made: TlsFiles) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in made.folder.iterdir()}


def test_the_second_time_nothing_changes(tmp_path: Path) -> None:
    own = TlsFiles(tmp_path)
    make_certificates(own, "localhost", NOW)
    before = contents(own)

    make_certificates(own, "localhost", NOW + timedelta(days=300))

    assert contents(own) == before


def test_a_server_certificate_is_renewed_before_it_ends(tmp_path: Path) -> None:
    own = TlsFiles(tmp_path)
    make_certificates(own, "localhost", NOW)
    before = contents(own)

    make_certificates(own, "localhost", NOW + timedelta(days=336))

    after = contents(own)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"server.pem", "server-key.pem"}


def test_a_ca_that_ends_is_made_anew(tmp_path: Path) -> None:
    own = TlsFiles(tmp_path)
    make_certificates(own, "localhost", NOW)
    before = contents(own)

    make_certificates(own, "localhost", NOW + tls.CA_LIFE)

    after = contents(own)
    assert {name for name in after if after[name] != before[name]} == set(after)


def test_no_server_certificate_outlives_what_browsers_accept(made: TlsFiles) -> None:
    leaf = files.read_certificate(made.server)

    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert life < timedelta(days=398)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]


HALVES = [
    pytest.param({"tls_certificate": "a"}, id="no-key"),
    pytest.param({"tls_key": "a"}, id="no-certificate"),
    pytest.param(
        {"tls_certificate": "a", "tls_key": "b", "base_url": "http://localhost:1"},
        id="http-address",
    ),
]


@pytest.mark.parametrize("settings", HALVES)
def test_half_a_tls_setting_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        WebConfig(**{"base_url": "https://localhost:1", **settings})  # type: ignore[arg-type]


def test_a_whole_tls_setting_is_taken() -> None:
    whole = {"tls_certificate": Path("a"), "tls_key": Path("b")}

    config = WebConfig(base_url="https://localhost:1", **whole)  # type: ignore[arg-type]

    assert config.secure
