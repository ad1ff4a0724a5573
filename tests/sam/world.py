"""A SAM with everything around it, in one process: what the tests of ``sam`` act on.

The CA is the real one behind its EST door, the wallets are the emulator's, the calls go
through the real client and server. Only the device is in memory, and the clock is set
by hand.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Row, Table, func, select

from app.trust_services import csr
from app.trust_services.installation import Installation
from app.trust_services.setup import set_up as set_up_authorities
from hsm.memory_device import MemoryDevice
from hsm.port import ServiceKey
from sam import audit, schema, setup, store
from sam import messages as m
from sam.client import SamClient
from sam.cmc import EstClient
from sam.config import SamConfig
from sam.module import Sam
from sam.server import Server
from sam.start import assemble
from sam.store import Store
from tests.sam.files import described, prepared
from wallet_emulator import answer, dcql, issuance
from wallet_emulator.answer import Change, no_change
from wallet_emulator.keys import new_key
from wallet_emulator.link import FetchedRequest
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.request import VerifiedRequest, authenticate, read
from wallet_emulator.sd_jwt import SdJwt
from wallet_emulator.wallet import PID, SIGNING_PASS, Wallet, receive_pid

BASE_URL = "http://localhost:8000"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Clock:
    """Stands still until it is told to pass."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass(slots=True)
class World:
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

    def __post_init__(self) -> None:
        authorities = self.folder / "trust-services"
        set_up_authorities(authorities, est_url=None, public_url=None, now=NOW)
        self.authorities = Installation.open(authorities)
        self.access_root = _certificate(authorities / "access-ca.pem")
        self.provider = PidProvider.create(NOW)
        config = SamConfig(
            base_url=BASE_URL,
            QES_SAM_DIRECTORY=self.folder / "sam",
            sam_database_url=self.database_url,
        )
        self._write_certificates(config)
        setup.upgrade_database(config)
        self.restart(config)

    def restart(self, config: SamConfig | None = None) -> None:
        """A new process on the same state directory, token and clock."""
        config = config or self.sam.config
        self.sam = assemble(config, self.device, issuer=self._est(), clock=self.clock)
        self.serve(self.sam)

    def serve(self, sam: Sam) -> None:
        self.sam = sam
        transport = httpx.WSGITransport(app=Server(sam))
        self.client = SamClient(httpx.Client(transport=transport, base_url="http://s"))

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

    # --- what callers do -----------------------------------------------------

    def identify(self, person: "Holder", *grants: m.Grant) -> str:
        """A verified identification; returns the handle."""
        tx = self.open_identify(*(grants or (m.Grant.PASS,)))
        submitted = self.submit(tx, person.answer(tx))
        assert submitted.handle is not None
        return submitted.handle

    def open_identify(self, *grants: m.Grant, rules: Mapping[str, str] = _NONE) -> str:
        """Rules: claim → the value it should have."""
        listed = tuple(m.MatchRule(claim=c, equals=e) for c, e in rules.items())  # type: ignore[arg-type]
        call = m.OpenIdentify(grants=grants, match_rules=listed)
        return self.client.open_identify(call).tx

    def open_sign(self, *contents: bytes, **call: object) -> m.SigningOpened:
        contents = contents or (prepared(b"%PDF the lease "),)
        documents = tuple(described(content) for content in contents)
        return self.client.open_sign(
            m.OpenSign(documents=documents, **call),  # type: ignore[arg-type]
            [io.BytesIO(content) for content in contents],
        )

    def submit(self, tx: str, body: str) -> m.Submitted:
        return self.client.submit(m.Submit(tx=tx, body=body))

    def approved(self, person: "Holder", *contents: bytes, **call: object) -> str:
        """An approved signing transaction, ready to finish."""
        tx = self.open_sign(*contents, **call).tx
        self.submit(tx, person.answer(tx))
        return tx

    def finish(self, tx: str) -> m.Finished:
        return self.client.finish(m.Finish(tx=tx))

    def issue_pass(self, handle: str, proof: str) -> str:
        call = m.IssuePass(handle=handle, proof=proof)
        return self.client.issue_pass(call).credential

    # --- what an auditor sees ------------------------------------------------

    def audited(self, event: audit.Event) -> list[str]:
        with self.sam.store.begin() as connection:
            return [
                entry.record
                for entry in audit.records(connection)
                if f'"event":"{event.value}"' in entry.record
            ]

    def row(self, tx: str) -> Mapping[str, object]:
        with self.sam.store.begin() as connection:
            return _row(connection, tx)

    def transactions(self) -> int:
        return self._count(schema.transactions)

    def passes(self) -> int:
        return self._count(schema.passes)

    def documents_of(self, tx: str) -> Sequence[Row[Any]]:
        with self.sam.store.begin() as connection:
            return store.documents_of(connection, tx)

    def ends_of_keys(self) -> list[str | None]:
        with self.sam.store.begin() as connection:
            return list(connection.scalars(select(schema.key_plans.c.ended)))

    def key_plans_open(self) -> int:
        return self.ends_of_keys().count(None)

    def _count(self, table: Table) -> int:
        with self.sam.store.begin() as connection:
            count = select(func.count()).select_from(table)
            return connection.execute(count).scalar_one()

    def handles_of(self, tx: str) -> int:
        count = select(func.count()).where(schema.handles.c.tx == tx)
        with self.sam.store.begin() as connection:
            return connection.execute(count).scalar_one()

    @property
    def key_operations(self) -> int:
        return self.sam.tally.signer_key_operations


@dataclass(slots=True)
class Holder:
    """A person with a wallet, somewhere outside."""

    world: World
    name: str
    wallet: Wallet
    accomplice: Wallet | None = None

    @classmethod
    def of(cls, world: World, name: str, *, holds_pass: bool = True) -> "Holder":
        wallet = Wallet(
            world.folder / f"wallet-{name}-{len(list(world.folder.iterdir()))}"
        )
        holder = cls(world, name, wallet)
        receive_pid(wallet, world.provider, PERSONS[name], world.clock.now)
        if holds_pass:
            holder.take_pass(world.identify(holder))
        return holder

    def request(self, tx: str) -> VerifiedRequest:
        """The request as this wallet reads it, after checking who asks."""
        nonce = "w" * 43
        signed = self.world.client.request(m.Request(tx=tx, wallet_nonce=nonce))
        fetched = FetchedRequest(
            client_id=self.world.sam.client_id,
            wallet_nonce=nonce,
            request_object=signed.request_object,
        )
        roots = [self.world.access_root]
        return read(authenticate(fetched, roots, self.world.clock.now))

    def answer(self, tx: str, change: Change = no_change) -> str:
        """The form the wallet would post, with one thing wrong if ``change`` says."""
        request = self.request(tx)
        matches = dcql.match(request.query, self.wallet.credentials())
        draft = answer.start(request, matches, self.wallet, self.world.clock.now)
        draft.provider, draft.accomplice = self.world.provider, self.accomplice
        form = answer.build(draft, change)
        if change is no_change:
            self.wallet.remember_answer(draft.vp_token)
        return urlencode(form)

    def take_pass(self, handle: str) -> None:
        key = new_key()
        issued = self.world.issue_pass(handle, self.proof(key))
        self.wallet.hold(SIGNING_PASS, SdJwt.parse(issued), key)

    def proof(self, key: object, **changed: str) -> str:
        nonce = changed.get("nonce") or self.world.client.pass_nonce().c_nonce
        return issuance.key_proof(
            key,  # type: ignore[arg-type]
            audience=changed.get("audience", BASE_URL),
            nonce=nonce,
            now=self.world.clock.now,
        )

    @property
    def pid_key(self) -> object:
        held = self.wallet.credential(PID)
        assert held is not None
        return held.key


def second_process(world: World) -> Sam:
    """Another signer over the same database and token, as threads can race it."""
    return replace(world.sam, store=Store(world.sam.config.database_url), owner="other")


def _row(connection: Connection, tx: str) -> Mapping[str, object]:
    found = connection.execute(
        select(schema.transactions).where(schema.transactions.c.tx == tx)
    ).one()
    return dict(found._mapping)


def _certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())
