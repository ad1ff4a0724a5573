"""The doors as processes: TLS on one, no client holds them for long."""

import base64
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from app.trust_services.installation import Installation
from app.trust_services.server import SILENCE_SECONDS, _ssl_context
from app.trust_services.setup import set_up

pytestmark = pytest.mark.processes

COMMAND = "from app.trust_services.cli import trust_services; trust_services()"


@dataclass(frozen=True)
class Doors:
    folder: Path
    est_port: int
    public_port: int

    @property
    def est(self) -> str:
        return f"https://localhost:{self.est_port}"

    @property
    def public(self) -> str:
        return f"http://localhost:{self.public_port}"

    def trusting_the_root(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.folder / "root.pem")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _serve(folder: Path, door: str, port: int) -> subprocess.Popen[bytes]:
    arguments = [
        "serve", "--directory", str(folder), "--door", door,
        "--bind", f"127.0.0.1:{port}", "--workers", "1",
    ]  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=Path(__file__).parents[3],
        stderr=subprocess.DEVNULL,
    )


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    doors = Doors(tmp_path_factory.mktemp("served") / "ts", _free_port(), _free_port())
    set_up(
        doors.folder,
        est_url=doors.est,
        public_url=doors.public,
        now=datetime.now(UTC),
    )
    served = [
        _serve(doors.folder, "est", doors.est_port),
        _serve(doors.folder, "public", doors.public_port),
    ]
    try:
        _wait_for(doors.est_port)
        _wait_for(doors.public_port)
        yield doors
    finally:
        for process in served:
            process.terminate()
        for process in served:
            process.wait(timeout=20)


def test_a_client_that_trusts_only_the_root_reaches_the_est_door(doors: Doors) -> None:
    answer = httpx.get(f"{doors.est}/healthz", verify=doors.trusting_the_root())

    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_a_client_that_does_not_trust_the_root_refuses_the_est_door(
    doors: Doors,
) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{doors.est}/healthz", verify=ssl.create_default_context())


def test_plain_http_at_the_est_door_gets_nothing(doors: Doors) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://localhost:{doors.est_port}/healthz")


def test_the_est_door_speaks_tls_1_2_or_later() -> None:
    lenient = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    lenient.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED

    strict = _ssl_context(None, lambda: lenient)

    assert strict.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_certificate_is_issued_over_the_wire(doors: Doors, box: Any) -> None:
    ra_key, key = box.new_key(), box.new_key()
    installation = Installation.open(doors.folder)
    certificate = box.register(installation, ra_key, datetime.now(UTC))
    message = box.CmcClient(ra_key, certificate).message(box.csr_der(key))

    answer = httpx.post(
        f"{doors.est}/.well-known/est/fullcmc",
        content=base64.b64encode(message),
        headers={"Content-Type": "application/pkcs7-mime; smime-type=CMC-request"},
        verify=doors.trusting_the_root(),
    )

    assert answer.status_code == 200, answer.text


def test_a_chunked_body_is_refused(doors: Doors) -> None:
    answer = httpx.post(
        f"{doors.public}/tsa",
        content=iter([b"0" * 100] * 3),
        headers={"Content-Type": "application/timestamp-query"},
    )

    assert answer.status_code == 411


def test_a_silent_client_is_dropped_and_others_are_served_after_it(
    doors: Doors,
) -> None:
    """One worker: while it waits for the silent one, nobody else is served."""
    with socket.create_connection(("localhost", doors.public_port)) as silent:
        silent.settimeout(SILENCE_SECONDS + 4)
        answer = httpx.get(f"{doors.public}/healthz", timeout=SILENCE_SECONDS + 4)
        dropped = silent.recv(1)

    assert (answer.status_code, dropped) == (200, b"")


def test_a_revocation_shows_within_seconds(doors: Doors, box: Any) -> None:
    """Two doors, four processes: asked at one, seen at every other, CRL and OCSP."""
    ra_key, key = box.new_key(), box.new_key()
    installation = Installation.open(doors.folder)
    client = box.CmcClient(
        ra_key, box.register(installation, ra_key, datetime.now(UTC)), 4711
    )
    issued = _sent(doors, client.message(box.csr_der(key)))
    certificate = box.certificate_of(issued, key)
    question = _question(installation, certificate)
    before = [_shown(doors, certificate, question) for _ in range(4)]

    began = time.monotonic()
    _sent(doors, client.sign(client.withdrawal(certificate)))
    after = [_shown(doors, certificate, question)]
    took = time.monotonic() - began  # a request, an order, a list and an answer
    after += [_shown(doors, certificate, question) for _ in range(7)]

    assert set(before) == {(False, False)}
    assert set(after) == {(True, True)}
    assert took < 10, took


def _sent(doors: Doors, message: bytes) -> Any:
    answer = httpx.post(
        f"{doors.est}/.well-known/est/fullcmc",
        content=base64.b64encode(message),
        headers={"Content-Type": "application/pkcs7-mime; smime-type=CMC-request"},
        verify=doors.trusting_the_root(),
    )
    assert answer.status_code == 200, answer.text
    return SimpleNamespace(data=answer.content)


def _question(installation: Installation, certificate: x509.Certificate) -> bytes:
    issuer = installation.issuers["issuing-ca"].certificate
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(certificate, issuer, hashes.SHA256())
    return builder.build().public_bytes(Encoding.DER)


def _shown(
    doors: Doors, certificate: x509.Certificate, question: bytes
) -> tuple[bool, bool]:
    """Whether CRL and OCSP answer say that it is revoked."""
    crl = x509.load_der_x509_crl(
        httpx.get(f"{doors.public}/crl/issuing-ca.crl").content
    )
    listed = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    answer = httpx.post(
        f"{doors.public}/ocsp",
        content=question,
        headers={"Content-Type": "application/ocsp-request"},
    )
    said = ocsp.load_der_ocsp_response(answer.content).certificate_status
    assert said is not ocsp.OCSPCertStatus.UNKNOWN
    return listed is not None, said is ocsp.OCSPCertStatus.REVOKED
