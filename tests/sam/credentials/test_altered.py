"""Whoever writes the SAM's rows without its device: each change is seen before a key.

Each row of the tables changes one thing in the database between the wallet's approval
and ``finish``; the device is not asked for a signature.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from sam import errors
from sam import messages as m
from sam.credentials import ledger, rows
from sam.credentials.record import AlteredCredentialError, State
from sam.schema import credential_heads, credential_ledger, credentials, transactions
from tests.sam.callers import Holder
from tests.sam.credentials.holding import approved_with, make, of_erika
from tests.sam.world import World

Change = Callable[[Connection, str, str], None]


def to(**values: object) -> Change:
    def change(connection: Connection, mine: str, _other: str) -> None:
        connection.execute(
            update(credentials)
            .where(credentials.c.credential_id == mine)
            .values(**values)
        )

    return change


def flipped(name: str) -> Change:
    def change(connection: Connection, mine: str, other: str) -> None:
        value = bytearray(row(connection, mine)[name])
        value[len(value) // 2] ^= 1
        to(**{name: bytes(value)})(connection, mine, other)

    return change


def others(*names: str) -> Change:
    def change(connection: Connection, mine: str, other: str) -> None:
        theirs = row(connection, other)
        to(**{name: theirs[name] for name in names})(connection, mine, other)

    return change


def later(connection: Connection, mine: str, other: str) -> None:
    created = row(connection, mine)["created_at"]
    to(created_at=created + timedelta(microseconds=1))(connection, mine, other)


def gone(connection: Connection, mine: str, _other: str) -> None:
    connection.execute(delete(credentials).where(credentials.c.credential_id == mine))


def entry(**values: object) -> Change:
    def change(connection: Connection, mine: str, _other: str) -> None:
        connection.execute(
            update(credential_ledger)
            .where(credential_ledger.c.credential_id == mine)
            .values(**values)
        )

    return change


def no_entry(connection: Connection, mine: str, _other: str) -> None:
    mine_ = credential_ledger.c.credential_id == mine
    connection.execute(delete(credential_ledger).where(mine_))


def no_entry_of_another(connection: Connection, _mine: str, other: str) -> None:
    theirs = credential_ledger.c.credential_id == other
    connection.execute(delete(credential_ledger).where(theirs))


def head(**values: object) -> Change:
    def change(connection: Connection, _mine: str, _other: str) -> None:
        connection.execute(update(credential_heads).values(**values))

    return change


def row(connection: Connection, credential_id: str) -> dict[str, Any]:
    found = connection.execute(
        select(credentials).where(credentials.c.credential_id == credential_id)
    ).one()
    return dict(found._mapping)


ALL = ("public_key", "blob", "wrapping_key", "chain", "algorithm")
CHANGES = [
    pytest.param(flipped("signer_id"), id="signer"),
    pytest.param(to(state=State.REPLACED), id="state"),
    pytest.param(to(algorithm="P-384"), id="algorithm"),
    pytest.param(to(algorithm="RSA-1024"), id="algorithm-of-nobody"),
    pytest.param(to(policy="another"), id="policy"),
    pytest.param(later, id="created"),
    pytest.param(to(replaces="A" * 22), id="replaces"),
    pytest.param(flipped("public_key"), id="public-key"),
    pytest.param(flipped("blob"), id="blob-bit"),
    pytest.param(to(blob=b""), id="blob-empty"),
    pytest.param(to(blob=None), id="blob-null"),
    pytest.param(flipped("wrapping_key"), id="wrapping-key"),
    pytest.param(to(chain=[]), id="chain-empty"),
    pytest.param(to(chain=None), id="chain-null"),
    pytest.param(to(chain=["é"]), id="chain-no-base64"),
    pytest.param(to(version=2), id="version-newer"),
    pytest.param(to(version=-1), id="version-negative"),
    pytest.param(flipped("mac"), id="mac-bit"),
    pytest.param(to(mac=None), id="mac-null"),
    pytest.param(others("blob"), id="blob-of-another"),
    pytest.param(others("blob", "public_key"), id="blob-and-key-of-another"),
    pytest.param(others("chain"), id="certificate-of-another"),
    pytest.param(others(*ALL), id="all-but-the-mac-of-another"),
    pytest.param(others(*ALL, "mac", "signer_id"), id="all-of-another"),
    pytest.param(others("mac"), id="mac-of-another"),
    pytest.param(no_entry, id="no-ledger-entry"),
    pytest.param(no_entry_of_another, id="no-ledger-entry-of-another"),
    pytest.param(entry(version=2), id="ledger-version"),
    pytest.param(entry(row_mac=bytes(32)), id="ledger-row-mac"),
    pytest.param(entry(previous_mac=bytes([1] * 32)), id="ledger-previous"),
    pytest.param(entry(mac=bytes(32)), id="ledger-mac"),
    pytest.param(head(sequence=1), id="head-behind"),
    pytest.param(head(sequence=3), id="head-ahead"),
    pytest.param(head(mac=bytes(32)), id="head-mac"),
]


def refused_with(world: World, tx: str) -> str:
    before = world.key_operations
    with pytest.raises(errors.SigningFailedError) as caught:
        world.finish(tx)
    assert world.key_operations == before
    assert world.client.releases(0).releases == ()
    return str(caught.value)


@pytest.mark.parametrize("change", CHANGES)
def test_an_altered_credential_signs_nothing(
    world: World, erika: Holder, asa: Holder, change: Change
) -> None:
    other = make(world, asa)
    handle, mine = of_erika(world, erika)
    tx = approved_with(world, erika, handle, mine.credential_id)
    with world.sam.database.begin() as connection:
        change(connection, mine.credential_id, other.credential_id)

    said = refused_with_or_closed(world, tx)

    assert said in {"credential_altered", "the transaction is verified"}


def refused_with_or_closed(world: World, tx: str) -> str:
    """What is not active any more does not even begin."""
    before = world.key_operations
    with pytest.raises((errors.SigningFailedError, errors.TransactionClosedError)) as e:
        world.finish(tx)
    assert world.key_operations == before
    assert world.client.releases(0).releases == ()
    return str(e.value)


def test_an_unaltered_credential_signs(
    world: World, erika: Holder, asa: Holder
) -> None:
    """Guards the table above."""
    make(world, asa)
    handle, mine = of_erika(world, erika)

    assert world.finish(approved_with(world, erika, handle, mine.credential_id))


def test_a_missing_row_is_no_unknown_credential(world: World, erika: Holder) -> None:
    handle, mine = of_erika(world, erika)
    with world.sam.database.begin() as connection:
        gone(connection, mine.credential_id, "")

    with pytest.raises(errors.CredentialAlteredError):
        world.open_sign(handle=handle, credential=mine.credential_id)


def revoked(world: World, erika: Holder) -> tuple[str, str, dict[str, Any]]:
    """Handle, credential and the row as it was while it could sign."""
    handle, mine = of_erika(world, erika)
    with world.sam.database.begin() as connection:
        before = row(connection, mine.credential_id)
    world.client.revoke_credential(
        m.RevokeCredential(handle=handle, credential_id=mine.credential_id)
    )
    return handle, mine.credential_id, before


def put_back(connection: Connection, before: dict[str, Any]) -> None:
    gone(connection, before["credential_id"], "")
    connection.execute(insert(credentials).values(**before))


def test_a_row_put_back_to_before_its_end_is_seen(world: World, erika: Holder) -> None:
    handle, mine, before = revoked(world, erika)
    with world.sam.database.begin() as connection:
        put_back(connection, before)

    with pytest.raises(errors.CredentialAlteredError):
        world.open_sign(handle=handle, credential=mine)


def test_a_row_put_back_with_its_entry_is_seen(
    world: World, erika: Holder, asa: Holder
) -> None:
    """As long as anything was written since."""
    handle, mine, before = revoked(world, erika)
    make(world, asa)
    with world.sam.database.begin() as connection:
        put_back(connection, before)
        newest = (credential_ledger.c.credential_id == mine) & (
            credential_ledger.c.version == 2
        )
        connection.execute(delete(credential_ledger).where(newest))

    with pytest.raises(errors.CredentialAlteredError):
        world.open_sign(handle=handle, credential=mine)
    with pytest.raises(AlteredCredentialError):
        ledger.verify(world.sam)


def test_all_put_back_together_is_not_seen_here_and_its_certificate_is_still_revoked(
    world: World, erika: Holder
) -> None:
    """The limit that ``ledger`` states: the CA's answer lies outside the database."""
    handle, mine = of_erika(world, erika)
    tables = (credentials, credential_ledger, credential_heads)
    with world.sam.database.begin() as connection:
        kept = [
            [dict(r._mapping) for r in connection.execute(select(t))] for t in tables
        ]
    world.client.revoke_credential(
        m.RevokeCredential(handle=handle, credential_id=mine.credential_id)
    )
    with world.sam.database.begin() as connection:
        for table, held in zip(tables, kept, strict=True):
            connection.execute(delete(table))
            connection.execute(insert(table), held)
    tx = approved_with(world, erika, handle, mine.credential_id)

    assert "revoked" in refused_with(world, tx)


def test_the_ledger_holds_together(world: World, erika: Holder) -> None:
    revoked(world, erika)

    assert ledger.verify(world.sam) == 2


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param({"credential_id": None}, "another_credential_approved", id="none"),
        pytest.param({"credential_id": "?"}, "another_credential_approved", id="hers"),
        pytest.param(
            {"signer_id": bytes(32)}, "credential_of_another_signer", id="who"
        ),
        pytest.param({"subject": b"0\x00"}, "unfit_certificate", id="subject"),
    ],
)
def test_a_transaction_altered_after_the_approval_signs_nothing(
    world: World, erika: Holder, values: dict[str, object], reason: str
) -> None:
    second = make(world, erika).credential_id
    handle, mine = of_erika(world, erika)
    tx = approved_with(world, erika, handle, mine.credential_id)
    if values.get("credential_id") == "?":
        values = {"credential_id": second}
        with world.sam.database.begin() as connection:
            connection.execute(update(credentials).values(current_tx=tx))
    with world.sam.database.begin() as connection:
        connection.execute(
            update(transactions).where(transactions.c.tx == tx).values(**values)
        )

    assert refused_with(world, tx) == reason


COLUMNS = ("signer_id", "public_key", "blob", "wrapping_key", "mac")


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_byte_of_a_row_can_change(
    shared_world: World, shared_mine: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(COLUMNS))
    with shared_world.sam.database.begin() as connection:
        before = row(connection, shared_mine)[name]
    place = data.draw(st.integers(0, len(before) - 1))
    mask = data.draw(st.integers(1, 255))
    other = bytes(b ^ (mask if i == place else 0) for i, b in enumerate(before))
    with shared_world.sam.database.begin() as connection:
        to(**{name: other})(connection, shared_mine, "")

    with pytest.raises(AlteredCredentialError):
        rows.load(shared_world.sam, shared_mine)

    with shared_world.sam.database.begin() as connection:
        to(**{name: before})(connection, shared_mine, "")
    assert rows.load(shared_world.sam, shared_mine)


@pytest.fixture(scope="module")
def shared_mine(shared_world: World, shared_erika: Holder) -> str:
    return make(shared_world, shared_erika).credential_id
