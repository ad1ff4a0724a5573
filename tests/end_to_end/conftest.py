import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from app.local.layout import Layout, program
from app.local.processes import Stack, running
from sam.client import SamClient, connect
from tests.deployment import deployed
from wallet_emulator.browser import Browser
from wallet_emulator.pid_provider import PidProvider

NO_KEEP_ALIVE = httpx.Limits(max_keepalive_connections=0)


@dataclass(frozen=True, slots=True)
class Service:
    """The running service, and what an outsider and an auditor may look at."""

    layout: Layout
    stack: Stack
    sam: SamClient
    opened: ExitStack

    @property
    def base_url(self) -> str:
        return self.layout.config.base_url

    def http(self) -> httpx.Client:
        """Closed when the service is. A connection a request: what the server closes
        for idleness at the very moment of reuse would look like a fault of its own."""
        client = httpx.Client(timeout=30, limits=NO_KEEP_ALIVE)
        return self.opened.enter_context(client)

    def key_operations(self) -> int:
        """Of signer keys, so far; what an earlier test let be signed is waited for."""
        until = time.monotonic() + 20
        while self._signing() and time.monotonic() < until:
            time.sleep(0.1)
        return self.sam.info().signer_key_operations

    def _signing(self) -> int:
        with closing(sqlite3.connect(self.layout.web / "app.db", timeout=10)) as db:
            query = "SELECT count(*) FROM signing_requests WHERE state = 'signing'"
            (count,) = db.execute(query).fetchone()
        return int(count)

    @property
    def access_root(self) -> x509.Certificate:
        pem = (self.layout.wallet / "access-root.pem").read_bytes()
        return x509.load_pem_x509_certificate(pem)

    @property
    def provider(self) -> PidProvider:
        return PidProvider.open(self.layout.wallet)

    def browser(self) -> Browser:
        return Browser(self.http())

    def demo(self, out: Path, *options: str) -> "subprocess.CompletedProcess[str]":
        anchors = {
            "--base-url": self.base_url,
            "--access-root": str(self.layout.wallet / "access-root.pem"),
            "--issuer-root": str(self.layout.demo / "trust-anchor.pem"),
            "--directory": str(self.layout.wallet),
            "--out": str(out),
        }
        fixed = [part for option in anchors.items() for part in option]
        return subprocess.run(
            [program("wallet-emulator"), "demo", *fixed, *options],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture(scope="session")
def service(
    tmp_path_factory: pytest.TempPathFactory, softhsm_module: Path
) -> Iterator[Service]:
    """Every process, on ports of its own."""
    folder = tmp_path_factory.mktemp("service")
    with (
        deployed(folder, lists=True, QES_PKCS11_MODULE=str(softhsm_module)) as layout,
        running(layout) as stack,
    ):
        socket = layout.socket
        with ExitStack() as opened:
            yield Service(layout, stack, connect(socket), opened)


@pytest.fixture(scope="session")
def delivered(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a signer took home: signed.pdf, evidence.zip."""
    out = tmp_path_factory.mktemp("delivered")
    walked = service.demo(out)
    assert walked.returncode == 0, walked.stdout + walked.stderr
    return out
