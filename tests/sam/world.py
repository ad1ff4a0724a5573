"""A SAM with everything around it, in one process: what the tests of ``sam`` act on.

The CA is the real one behind its EST door, the wallets are the emulator's, the calls go
through the real client and server. Only the device is in memory, and the clock is set
by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Row, Table, func, select, update

from app.trust_services import csr
from app.trust_services.installation import Installation
from app.trust_services.setup import set_up as set_up_authorities
from hsm.memory_device import MemoryDevice
from hsm.port import ServiceKey
from sam import audit, owners, schema, setup, store
from sam.client import SamClient
from sam.cmc import EstClient
from sam.config import SamConfig
from sam.database import Database
from sam.module import Sam
from sam.owners import Owner
from sam.server import Server
from sam.start import assemble
from tests.sam.callers import BASE_URL, Callers
from wallet_emulator.pid_provider import PidProvider

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    """Stands still until it is told to pass."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass(slots=True)
class World(Callers):
    """One SAM, its callers' client, its CA, a PID provider, and the time."""

    folder: Path
    database_url: str | None = None
    clock: Clock = field(default_factory=Clock)
    device: MemoryDevice = field(default_factory=MemoryDevice)
    sam: Sam = field(init=False)
    client: SamClient = field(init=False)
    authorities: Installation = field(init=False)
    access_root: x509.Certificate = field(init=False)
    provider: PidProvider = field(init=False)
    opened: list[Database] = field(default_factory=list)

    def __post_init__(self) -> None:
        authorities = self.folder / "trust-services"
        set_up_authorities(authorities, est_url=None, public_url=None, now=NOW)
        self.authorities = Installation.open(authorities)
        self.access_root = _certificate(authorities / "access-ca.pem")
        self.provider = PidProvider.create(NOW)
        config = SamConfig(
            base_url=BASE_URL,
            sam_directory=self.folder / "sam",
            sam_database_url=self.database_url,
        )
        self._write_certificates(config)
        setup.upgrade_database(config)
        self.restart(config)

    @property
    def watch(self) -> Clock:
        return self.clock

    def restart(self, config: SamConfig | None = None) -> None:
        """A new process on the same state directory, token and clock."""
        config = config or self.sam.config
        self.sam = assemble(config, self.device, issuer=self._est(), clock=self.clock)
        self.serve(self.sam)

    def serve(self, sam: Sam) -> None:
        self.sam = sam
        self.opened.append(sam.database)
        transport = httpx.WSGITransport(app=Server(sam))
        self.client = SamClient(httpx.Client(transport=transport, base_url="http://s"))

    def close(self) -> None:
        for database in self.opened:
            database.close()

    def _est(self) -> EstClient:
        door = httpx.WSGITransport(app=self.authorities.est_door(self.clock))
        http = httpx.Client(transport=door, base_url="https://localhost:8002")
        file = self.folder / "sam" / "certificates" / "registration-authority.pem"
        leaf = x509.load_pem_x509_certificates(file.read_bytes())[0]
        return EstClient(http, self.device, leaf.public_bytes(Encoding.DER))

    def _write_certificates(self, config: SamConfig) -> None:
        config.certificates.mkdir(parents=True)
        for key in ServiceKey:
            der = setup.certificate_request(self.device, key)
            chain = self.authorities.certify(
                key.value, csr.parse(der), NOW, host="localhost"
            )
            pem = b"".join(c.public_bytes(Encoding.PEM) for c in chain)
            (config.certificates / f"{key.value}.pem").write_bytes(pem)
        root = (self.folder / "trust-services" / "root.pem").read_bytes()
        config.ca_anchor.write_bytes(root)
        config.pid_anchor_folders[0].mkdir(parents=True)
        self._write_anchor(config, "demo-pid-provider", self.provider)

    def trust_pid_provider(self, name: str, provider: PidProvider) -> None:
        """What the operator does: a file more, and a restart."""
        self._write_anchor(self.sam.config, name, provider)
        self.restart()

    def _write_anchor(
        self, config: SamConfig, name: str, provider: PidProvider
    ) -> None:
        pem = provider.ca.public_bytes(Encoding.PEM)
        (config.pid_anchor_folders[0] / f"{name}.pem").write_bytes(pem)

    def audited(self, event: audit.Event) -> list[str]:
        with self.sam.database.begin() as connection:
            return [
                entry.record
                for entry in audit.records(connection)
                if f'"event":"{event.value}"' in entry.record
            ]

    def row(self, tx: str) -> Mapping[str, object]:
        with self.sam.database.begin() as connection:
            return _row(connection, tx)

    def transactions(self) -> int:
        return self._count(schema.transactions)

    def passes(self) -> int:
        return self._count(schema.passes)

    def documents_of(self, tx: str) -> Sequence[Row[Any]]:
        with self.sam.database.begin() as connection:
            return store.documents_of(connection, tx)

    def ends_of_keys(self) -> list[str | None]:
        with self.sam.database.begin() as connection:
            return list(connection.scalars(select(schema.key_plans.c.ended)))

    def key_plans_open(self) -> int:
        return self.ends_of_keys().count(None)

    def _count(self, table: Table) -> int:
        with self.sam.database.begin() as connection:
            count = select(func.count()).select_from(table)
            return connection.execute(count).scalar_one()

    def handles_of(self, tx: str) -> int:
        count = select(func.count()).where(schema.handles.c.tx == tx)
        with self.sam.database.begin() as connection:
            return connection.execute(count).scalar_one()

    @property
    def key_operations(self) -> int:
        return self.sam.tally.signer_key_operations


def second_process(world: World) -> Sam:
    """Another signer over the same database and token, as threads can race it."""
    database = Database(world.sam.config.database_url)
    world.opened.append(database)
    with database.begin() as connection:
        owner = owners.register(connection, "other", world.sam.config.lease)
    return replace(world.sam, database=database, owner=owner)


def end_lease(world: World, owner: Owner | None = None) -> None:
    """As if its time had passed; of ``world``'s own process if no other is named."""
    name = (owner or world.sam.owner).name
    with world.sam.database.begin() as connection:
        connection.execute(
            update(schema.owners)
            .where(schema.owners.c.owner == name)
            .values(lease_until=0)
        )


def _row(connection: Connection, tx: str) -> Mapping[str, object]:
    found = connection.execute(
        select(schema.transactions).where(schema.transactions.c.tx == tx)
    ).one()
    return dict(found._mapping)


def _certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())
