"""That a row is the newest of its credential: what the row's own MAC cannot say.

Each change of a credential adds one entry, in the commit of the change. An entry's MAC
covers the entry before it, so that none can be taken out or put in without the HSM:

    mac = MAC(sequence, mac of the entry before, credential, version, MAC of its row)

``require_newest`` sees a row put back to an older state, alone or with its entry, and
entries removed anywhere but at the end. Rows, entries and head put back *together* to
one earlier moment are a whole that once was true: only what lies outside this database
tells. Every entry is in the audit log too, whose head ``info`` publishes.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from hsm.port import SigningDevice
from sam import audit, store
from sam import errors as refused
from sam.credentials.record import (
    AlteredCredentialError,
    Credential,
    Keeper,
    mac_of,
    number,
)
from sam.schema import credential_heads as heads
from sam.schema import credential_ledger as entries

GENESIS: Final = bytes(32)
ATTEMPTS: Final = 20  # others' changes in between; each loses at most one round to each
_ONLY: Final = 1


class _MovedError(Exception):
    """Another change came in between."""


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries there are, and the MAC of the last."""

    sequence: int
    mac: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One credential's next version. ``write`` gets the MAC of the row."""

    credential: Credential
    event: audit.Event
    write: Callable[[Connection, bytes], None]
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Entry:
    before: Head
    after: Head
    row_mac: bytes


def record(keeper: Keeper, *changes: Change) -> None:
    """Write all ``changes`` with their entries and audit records, in one commit.

    What one raises undoes all. No call to the device is inside a database transaction:
    who was overtaken begins again.
    """
    for _ in range(ATTEMPTS):
        with keeper.database.begin() as connection:
            seen = head(connection)
        entered = _entries(keeper.device, seen, changes)
        keeper.fault("before-credential-change")
        try:
            with keeper.database.begin() as connection:
                _move_head(connection, seen, entered[-1].after)
                for change, entry in zip(changes, entered, strict=True):
                    change.write(connection, entry.row_mac)
                    _append(connection, change.credential, entry)
                    _tell(keeper, connection, change, entry.after.sequence)
        except _MovedError:
            continue
        keeper.fault("after-credential-change")
        return
    raise refused.SamUnavailableError("too many changes of credentials at a time")


def require_newest(
    keeper: Keeper, credential: Credential, newest: Row[Any] | None, ends: "Ends"
) -> None:
    """Raise ``AlteredCredentialError`` unless the ledger knows nothing newer.

    ``newest`` and ``ends`` are of the same database transaction as the row.
    """
    if not ends.hold():
        raise AlteredCredentialError("the ledger is not whole")
    if newest is None or newest.version != credential.version:
        raise AlteredCredentialError("the ledger knows another version")
    before = Head(newest.sequence - 1, newest.previous_mac)
    row_mac = credential.mac(keeper.device)
    mac = _mac(keeper.device, before, credential, row_mac)
    if not (
        hmac.compare_digest(newest.row_mac, row_mac)
        and hmac.compare_digest(newest.mac, mac)
    ):
        raise AlteredCredentialError("the ledger knows another row")


@dataclass(frozen=True, slots=True)
class Ends:
    """The head, and what the entries themselves say of their end."""

    head: Head
    last: Head
    count: int

    def hold(self) -> bool:
        return self.head == self.last and self.count == self.head.sequence


def ends(connection: Connection) -> Ends:
    last = connection.execute(
        select(entries.c.sequence, entries.c.mac)
        .order_by(entries.c.sequence.desc())
        .limit(1)
    ).first()
    count = connection.execute(select(func.count()).select_from(entries)).scalar_one()
    return Ends(
        head(connection), Head(0, GENESIS) if last is None else Head(*last), count
    )


def newest(connection: Connection, credential_id: str) -> Row[Any] | None:
    return connection.execute(
        select(entries)
        .where(entries.c.credential_id == credential_id)
        .order_by(entries.c.version.desc())
        .limit(1)
    ).first()


def head(connection: Connection) -> Head:
    row = connection.execute(select(heads.c.sequence, heads.c.mac)).first()
    return Head(0, GENESIS) if row is None else Head(*row)


def verify(keeper: Keeper) -> int:
    """Return how many entries hold together from the first; raise at a break."""
    with keeper.database.begin() as connection:
        found = connection.execute(select(entries).order_by(entries.c.sequence)).all()
        stated = head(connection)
    last = Head(0, GENESIS)
    for entry in found:
        mac = _mac(keeper.device, last, entry, entry.row_mac)
        whole = entry.previous_mac == last.mac and hmac.compare_digest(entry.mac, mac)
        if entry.sequence != last.sequence + 1 or not whole:
            raise AlteredCredentialError(f"the ledger breaks at {last.sequence + 1}")
        last = Head(entry.sequence, entry.mac)
    if last != stated:
        raise AlteredCredentialError("the ledger does not end where its head says")
    return last.sequence


def _mac(
    device: SigningDevice,
    before: Head,
    of: "Credential | Row[Any]",
    row_mac: bytes,
) -> bytes:
    return mac_of(
        device,
        "credential-ledger",
        number(before.sequence + 1),
        before.mac,
        of.credential_id.encode(),
        number(of.version),
        row_mac,
    )


def _entries(
    device: SigningDevice, seen: Head, changes: Sequence[Change]
) -> list[_Entry]:
    entered, before = [], seen
    for change in changes:
        row_mac = change.credential.mac(device)
        mac = _mac(device, before, change.credential, row_mac)
        entry = _Entry(before, Head(before.sequence + 1, mac), row_mac)
        entered.append(entry)
        before = entry.after
    return entered


def _move_head(connection: Connection, seen: Head, to: Head) -> None:
    """At most one of all who saw the same head."""
    if seen.sequence == 0:
        first = insert(heads).values(only=_ONLY, sequence=to.sequence, mac=to.mac)
        try:
            store.insert_once(connection, first)
        except store.OnceOnlyError:
            raise _MovedError from None
        return
    moved = connection.execute(
        update(heads)
        .where(heads.c.sequence == seen.sequence, heads.c.mac == seen.mac)
        .values(sequence=to.sequence, mac=to.mac)
    )
    if moved.rowcount != 1:
        raise _MovedError


def _append(connection: Connection, credential: Credential, entry: _Entry) -> None:
    connection.execute(
        insert(entries).values(
            sequence=entry.after.sequence,
            credential_id=credential.credential_id,
            version=credential.version,
            row_mac=entry.row_mac,
            previous_mac=entry.before.mac,
            mac=entry.after.mac,
        )
    )


def _tell(
    keeper: Keeper, connection: Connection, change: Change, sequence: int
) -> None:
    audit.append(
        connection,
        change.event,
        now=keeper.clock(),
        credential_id=change.credential.credential_id,
        signer_id=change.credential.signer_id.hex(),
        version=change.credential.version,
        ledger_sequence=sequence,
        **change.detail,
    )
