"""The SAM and its CA as processes, with a caller and a wallet in front: no web tier.

On SQLite, or on a private PostgreSQL with several SAM processes. The wallet's work is
done before anything is measured, so that what is measured are calls to the SAM alone.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from app.local.layout import Layout
from app.local.processes import Stack, start_sam, start_trust_services
from benchmarks.transaction_service import (
    cpu_seconds,
    family,
    now,
    started,
)
from sam import messages as m
from sam import setup
from sam.client import SamClient, connect
from sam.config import SamConfig
from tests.postgresql import cluster, fresh_database
from tests.sam.callers import Callers, Holder
from wallet_emulator.keys import new_key
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.sd_jwt import SdJwt
from wallet_emulator.wallet import SIGNING_PASS

DATABASE, PROCESSES = "QES_SAM_DATABASE_URL", "QES_SAM_PROCESSES"


class RealTime:
    @property
    def now(self) -> datetime:
        return now()


@dataclass
class Alone(Callers):
    """The web tier's side of a SAM behind its socket."""

    layout: Layout
    stack: Stack
    folder: Path
    client: SamClient = field(init=False)
    access_root: x509.Certificate = field(init=False)
    provider: PidProvider = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.client = connect(self.layout.socket)
        self.provider = PidProvider.open(self.layout.wallet)
        root = (self.layout.wallet / "access-root.pem").read_bytes()
        self.access_root = x509.load_pem_x509_certificate(root)

    @property
    def watch(self) -> RealTime:
        return RealTime()

    def signer(self) -> Holder:
        """Erika with a pass; the tests' callers would ask for another issuer's."""
        erika, key = self.person("erika", holds_pass=False), new_key()
        proof = erika.proof(key, audience=self.layout.config.base_url)
        issued = self.issue_pass(self.identify(erika), proof)
        erika.wallet.hold(SIGNING_PASS, SdJwt.parse(issued), key)
        return erika

    def ready(self, person: Holder, count: int) -> list[str]:
        """So many approved transactions."""
        return [self.approved(person) for _ in range(count)]

    def finished(self, ready: list[str], clients: int) -> "Finished":
        """Finish all of them, by so many clients at a time."""
        first, wall = self._cpu(), time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            ends = list(pool.map(self._finish, ready))
        wall = time.perf_counter() - wall
        return Finished(len(ends), wall, self._cpu() - first)

    def _finish(self, tx: str) -> m.Finished:
        return self.finish(tx)

    def processes(self) -> set[int]:
        """The SAM's process ids."""
        return family(self.stack.processes["sam"].running.pid)

    def _cpu(self) -> float:
        return cpu_seconds(self.stack)["sam"]


@dataclass(frozen=True, slots=True)
class Finished:
    count: int
    wall: float
    cpu: float
    """Seconds, of all SAM processes; the kernel counts them in steps of 10 ms."""

    @property
    def rate(self) -> float:
        return self.count / self.wall

    @property
    def cpu_us(self) -> float:
        return 1e6 * self.cpu / self.count


@contextmanager
def served(layout: Layout, folder: Path) -> Iterator[Alone]:
    """On what the settings in the environment name; ``folder`` is the wallets'."""
    with started(layout, start_trust_services, start_sam) as stack:
        yield Alone(layout, stack, folder)


@contextmanager
def on_postgresql(layout: Layout, processes: int) -> Iterator[None]:
    """A new database for the block, and so many SAM processes on it.

    Its server does not wait for the disk: rates are those of the SAM, not of a disk.
    """
    with cluster() as server:
        url = fresh_database(server, "sam")
        settings = {DATABASE: url, PROCESSES: str(processes)}
        os.environ.update(settings)
        try:
            setup.upgrade_database(
                SamConfig(sam_directory=layout.sam, sam_database_url=url)
            )
            yield
        finally:
            for name in settings:
                del os.environ[name]
