"""Every store of the SAM, read with the SAM stopped, and not by the SAM's own code.

The database by plain SQL, the token by a fresh process, the CA's own record from its
files. What is read here is what ``checker`` judges.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.local.layout import Layout

TABLES = {
    "transactions": "tx",
    "documents": "tx, position",
    "key_plans": "tx",
    "quota_keys": "period",
    "passes": "pass_id",
    "used_nonces": "nonce_sha256",
    "releases": "number",
    "audit": "sequence",
}
_OBJECTS = """
import json, sys
from pathlib import Path
import pkcs11
from pkcs11 import Attribute
from hsm.config import HsmConfig
module, label, pin = sys.argv[1:4]
token = pkcs11.lib(module).get_token(token_label=label)
with token.open(user_pin=Path(pin).read_text().strip()) as session:
    print(json.dumps(sorted(
        f"{o[Attribute.LABEL]}:{o[Attribute.ID].hex()}:{o.object_class.name}"
        for o in session.get_objects()
    )))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Rows by table; token objects; certificates by the CA's own record."""

    rows: Mapping[str, list[dict[str, Any]]]
    objects: list[str]
    certified: Mapping[str, x509.Certificate]
    """SHA-256 of a key → its certificate, of those for signers."""
    log: str

    def by_tx(self, table: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows[table]:
            found.setdefault(row["tx"], []).append(row)
        return found

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(row["record"]) for row in self.rows["audit"]]


def read(layout: Layout, module: Path, database_url: str) -> Readings:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        rows = {
            table: [
                {name: _plain(value) for name, value in row._mapping.items()}
                for row in connection.execute(
                    text(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608
                )
            ]
            for table, order in TABLES.items()
        }
    return Readings(
        rows=rows,
        objects=_objects(layout, module),
        certified=_certified(layout),
        log=(layout.log / "sam.log").read_text(errors="replace"),
    )


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def _objects(layout: Layout, module: Path) -> list[str]:
    settings = layout.environment()
    settings["SOFTHSM2_CONF"] = str(layout.sam / "softhsm2.conf")
    arguments = [str(module), "qes", str(layout.sam / "pin")]
    told = subprocess.run(
        [sys.executable, "-c", _OBJECTS, *arguments],
        env=settings,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    listed: list[str] = json.loads(told)
    return listed


def _certified(layout: Layout) -> dict[str, x509.Certificate]:
    found = {}
    for file in (layout.trust_services / "issued" / "keys").glob("*.json"):
        entry = json.loads(file.read_text())
        if entry["profile"].startswith("signer"):
            pem = entry["certificate"].encode()
            found[file.stem] = x509.load_pem_x509_certificate(pem)
    return found


def decoded(value: str) -> bytes:
    return base64.b64decode(value)
