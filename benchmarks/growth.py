"""What one signature costs with ever more keys: wrapped ones, and token objects.

    python -m benchmarks.growth [--most N] [--objects N] [--json FILE]

Wrapped keys are rows: N credentials and their N ledger entries in the SAM's own tables,
made up but for one. Measured is what a signature does with that one: ``rows.load``,
which proves the row the newest, and the key opened, used and destroyed. On SQLite and,
where its server is installed, PostgreSQL.
Beside it what the design does without: N private keys as objects on the token, found by
their id before each signature.
"""

import argparse
import hashlib
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, Session
from pkcs11.util.ec import encode_named_curve_parameters
from sqlalchemy import (
    ColumnElement,
    Table,
    func,
    insert,
    literal_column,
    select,
    update,
)

from hsm import token
from hsm.algorithms import Algorithm, Scheme
from hsm.config import HsmConfig
from hsm.login import Login
from hsm.pkcs11_device import Pkcs11Device
from sam.credentials import ledger, rows
from sam.credentials.ledger import GENESIS, Head
from sam.credentials.record import POLICY, Credential, State
from sam.database import Database
from sam.messages import CredentialAlgorithm
from sam.module import Sam
from sam.schema import credential_heads, credential_ledger, credentials, metadata
from tests.postgresql import SERVERS, cluster, fresh_database

SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
DIGEST = hashlib.sha256(b"a document").digest()
REPEATS = 40
Costs = dict[int, float]
"""How many there are → µs of one signature."""
BLOCK = 20_000  # rows: no statement may take long in the SAM's database
RANDOM: dict[str, dict[str, ColumnElement[Any]]] = {
    "sqlite": {
        "text": func.lower(func.hex(func.randomblob(11))),
        "bytes": func.randomblob(32),
    },
    "postgresql": {
        "text": literal_column("substr(md5(random()::text), 1, 22)"),
        "bytes": literal_column("decode(repeat(md5(random()::text), 2), 'hex')"),
    },
}
"""What makes a column differ in each row, by database."""


def main() -> None:
    arguments = _arguments()
    found: dict[str, Costs] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = _config(folder)
        token.set_up(config)
        with closing(Pkcs11Device.open(config)) as device:
            for kind, url in _databases(folder):
                costs = _wrapped(device, url, _steps(arguments.most))
                found |= {f"{kind}, {part}": taken for part, taken in costs.items()}
        found["token objects"] = _objects(config, _steps(arguments.objects))
    print(_table(found))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--most", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--objects", type=int, default=10_000, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _steps(most: int) -> list[int]:
    return [10**power for power in range(1, 8) if 10**power <= most]


def _config(folder: Path) -> HsmConfig:
    return HsmConfig(
        module=SOFTHSM,
        token_label="growth",  # noqa: S106 — a label, not a password
        pin_file=folder / "sam" / "pin",
        softhsm_conf=folder / "softhsm2.conf",
    )


# --- wrapped keys -----------------------------------------------------------------


def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder / 'sam.db'}"
    if SERVERS:
        with _postgresql() as url:
            yield "PostgreSQL", url


@contextmanager
def _postgresql() -> Iterator[str]:
    with cluster() as server:
        yield fresh_database(server, "growth")


def _wrapped(device: Pkcs11Device, url: str, steps: list[int]) -> dict[str, Costs]:
    costs: dict[str, Costs] = {"row": {}, "key": {}}
    with closing(Database(url)) as database:
        metadata.create_all(database.engine)
        sam = cast("Sam", SimpleNamespace(database=database, device=device))
        ours = _ours(sam)
        there = 1
        for step in steps:
            _fill(sam, there, step)
            there = step
            costs["row"][step] = _cost(partial(_load, sam, ours))
            costs["key"][step] = _cost(partial(_sign, device, ours))
            _tell(f"{step:,} rows: {costs['row'][step]:.0f} µs")
    return costs


def _load(sam: Sam, ours: Credential) -> None:
    assert rows.load(sam, ours.credential_id) == ours


def _sign(device: Pkcs11Device, ours: Credential) -> None:
    device.sign_with_wrapped_key(ours.wrapped, Scheme.ECDSA_SHA256, [DIGEST])


def _ours(sam: Sam) -> Credential:
    """The one credential whose key, row and ledger entry are what they seem."""
    wrapped = sam.device.generate_wrapped_key(Algorithm.P256)
    credential = Credential(
        credential_id=secrets.token_urlsafe(16),
        signer_id=secrets.token_bytes(32),
        state=State.ACTIVE,
        algorithm=CredentialAlgorithm.P256,
        policy=POLICY,
        created_at=datetime.now(UTC),
        replaces=None,
        public_key=wrapped.public_key,
        blob=wrapped.blob,
        wrapping_key=wrapped.wrapping_key,
        chain=(),
        version=1,
    )
    row_mac = credential.mac(sam.device)
    entry_mac = ledger._mac(sam.device, Head(0, GENESIS), credential, row_mac)
    row = {
        "credential_id": credential.credential_id,
        "handle_sha256": bytes(32),
        "mac": row_mac,
    }
    entry = {
        "sequence": 1,
        "credential_id": credential.credential_id,
        "version": 1,
        "row_mac": row_mac,
        "previous_mac": GENESIS,
        "mac": entry_mac,
    }
    head = {"only": 1, "sequence": 1, "mac": entry_mac}
    with sam.database.begin() as connection:
        connection.execute(insert(credentials), [credential.columns() | row])
        connection.execute(insert(credential_ledger), [entry])
        connection.execute(insert(credential_heads), [head])
    return credential


def _fill(sam: Sam, there: int, wanted: int) -> None:
    """More of the same under other ids, with MACs that nobody looks at: copied by the
    database itself, twice as many each time."""
    ids = RANDOM[sam.database.engine.dialect.name]
    while there < wanted:
        more = min(there, wanted - there, BLOCK)
        others = {
            "credential_id": ids["text"],
            "handle_sha256": ids["bytes"],
            "signer_id": ids["bytes"],
        }
        entries = {
            "credential_id": ids["text"],
            "sequence": credential_ledger.c.sequence + there,
        }
        end = update(credential_heads).values(sequence=there + more)
        with sam.database.begin() as connection:
            connection.execute(_copies(credentials, more, others))
            connection.execute(_copies(credential_ledger, more, entries))
            connection.execute(end)
        there += more


def _copies(table: Table, count: int, changed: dict[str, ColumnElement[Any]]) -> Any:
    columns = [changed.get(c.name, c) for c in table.columns]
    first = select(*columns).order_by(*table.primary_key).limit(count)
    return insert(table).from_select([c.name for c in table.columns], first)


# --- token objects ----------------------------------------------------------------


def _objects(config: HsmConfig, steps: list[int]) -> Costs:
    """Session objects: the module keeps and finds both kinds alike, and these are made
    without a write to the disk each."""
    costs = {}
    login = Login.open(config, greet=lambda _session, _facts: None)
    with closing(login), login.exclusively() as session:
        there = 0
        for step in steps:
            while there < step:
                there += 1
                _make(session, there.to_bytes(16, "big"))
            costs[step] = _cost(partial(_find_and_sign, session, there))
            _tell(f"{step:,} objects: {costs[step]:.0f} µs")
    return costs


def _make(session: Session, key_id: bytes) -> None:
    curve = encode_named_curve_parameters("secp256r1")
    parameters = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: curve}, local=True
    )
    public, _private = parameters.generate_keypair(id=key_id, store=False)
    public.destroy()


def _find_and_sign(session: Session, there: int) -> None:
    key_id = (secrets.randbelow(there) + 1).to_bytes(16, "big")
    key = session.get_key(ObjectClass.PRIVATE_KEY, id=key_id)
    key.sign(DIGEST, mechanism=Mechanism.ECDSA)  # type: ignore[attr-defined]


# --- figures ----------------------------------------------------------------------


def _cost(call: Callable[[], None]) -> float:
    """Wall µs, the least of all: the server of a database works too, and whatever else
    keeps the machine busy only adds."""
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return 1e6 * min(taken)


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


def _table(found: dict[str, Costs]) -> str:
    steps = sorted({step for costs in found.values() for step in costs})
    head = f"{'µs of one signature':24}" + "".join(f"{n:>12,}" for n in steps)
    lines = [
        f"{kind:24}" + "".join(f"{costs.get(n, float('nan')):12.0f}" for n in steps)
        for kind, costs in found.items()
    ]
    return "\n".join([head, *lines]).replace("nan", "  ·")


if __name__ == "__main__":
    main()
