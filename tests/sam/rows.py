"""Rows of the SAM's database in whatever state a test wants them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from sam import schema, store
from sam.database import Database
from sam.messages import Purpose, State
from sam.owners import Owner
from sam.store import Identity

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ME = Owner("me", 1)
SOON, AGO = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)
IDENTITY = Identity(
    signer_id=bytes(32),
    display_name="Erika Mustermann",
    subject=b"0",
    provider="demo",
    key_thumbprint="k",
    presentation_sha256=bytes(32),
)


def add(sam_store: Database, tx: str = "tx", /, **values: object) -> None:
    given: dict[str, object] = {
        "tx": tx,
        "purpose": Purpose.SIGN,
        "created_at": NOW,
        "expires_at": SOON,
        "client_id": "c",
        "nonce": f"nonce-{tx}",
        "grants": [],
        "match_rules": [],
        "protocol": "the response key",
    }
    with sam_store.begin() as connection:
        store.add_transaction(connection, given)
        connection.execute(
            update(schema.transactions)
            .where(schema.transactions.c.tx == tx)
            .values(**({"state": State.OPEN} | values))
        )
