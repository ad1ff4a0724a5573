"""The audit log: append-only, gap-free, each record bound to all before it.

A record's hash is SHA-256(previous hash ‖ the record's exact text). The text is the
canonical JSON that was stored, never a re-serialisation, so that a verifier needs no
more than the rows. ``append`` runs inside the commit of what it records: no record, no
result. It is the last thing in that commit, and once in it where rows of several
things would be locked (``sam.heads``).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from sam import heads
from sam.schema import audit

GENESIS = heads.GENESIS

_APPEND = insert(audit)


class Event(StrEnum):
    """What is recorded (EN 419 241-1 SRG_AA.1; TS 119 431-1 OVR-6.4.5)."""

    STARTED = "started"
    TRANSACTION_OPENED = "transaction_opened"
    ANSWER_VERIFIED = "answer_verified"
    ANSWER_REFUSED = "answer_refused"
    TRANSACTION_CLOSED = "transaction_closed"
    PASS_ISSUED = "pass_issued"  # noqa: S105 — a signing pass, not a password
    PASS_REVOKED = "pass_revoked"  # noqa: S105
    CREDENTIAL_MADE = "credential_made"
    CREDENTIAL_REVOKED = "credential_revoked"
    CREDENTIAL_REPLACED = "credential_replaced"
    CREDENTIAL_DELETED = "credential_deleted"
    CREDENTIAL_REWRAPPED = "credential_rewrapped"
    SIGNING_STARTED = "signing_started"
    SIGNATURE_RELEASED = "signature_released"
    SIGNING_FAILED = "signing_failed"
    QUOTA_KEY_CREATED = "quota_key_created"
    QUOTA_KEY_DESTROYED = "quota_key_destroyed"
    FILE_KEPT = "file_kept"
    CERTIFICATE_REVOKED = "certificate_revoked"


class AuditBrokenError(Exception):
    """The log was edited, cut, reordered or grafted; says at which record."""

    code = "audit_broken"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    sequence: int
    record: str
    previous_hash: bytes
    hash: bytes

    def to_json(self) -> dict[str, object]:
        return {
            "sequence": self.sequence,
            "record": self.record,
            "previous_hash": self.previous_hash.hex(),
            "hash": self.hash.hex(),
        }


def chained(previous_hash: bytes, record: str) -> bytes:
    return hashlib.sha256(previous_hash + record.encode()).digest()


def append(
    connection: Connection,
    event: Event,
    *,
    now: datetime,
    tx: str | None = None,
    **detail: object,
) -> AuditRecord:
    """Add one record in the caller's database transaction.

    ``detail`` holds identifiers, digests and reason codes: never a claim, a name of a
    person or of a document, a nonce or a handle.
    """
    last = heads.locked(connection)
    sequence, previous = last.audit_sequence + 1, last.audit_hash
    record = json.dumps(
        {
            "sequence": sequence,
            "at": now.isoformat(timespec="milliseconds"),
            "event": event.value,
            "tx": tx,
            **detail,
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    entry = AuditRecord(sequence, record, previous, chained(previous, record))
    connection.execute(_APPEND, asdict(entry))
    heads.advance_audit(connection, entry.sequence, entry.hash)
    return entry


def head(connection: Connection) -> AuditRecord | None:
    row = connection.execute(
        select(audit).order_by(audit.c.sequence.desc()).limit(1)
    ).first()
    return None if row is None else AuditRecord(**row._mapping)


def records(connection: Connection) -> Iterable[AuditRecord]:
    rows = connection.execute(select(audit).order_by(audit.c.sequence))
    return (AuditRecord(**row._mapping) for row in rows)


def time_of(entry: AuditRecord) -> datetime:
    """When it was written, by the SAM's clock then."""
    return datetime.fromisoformat(json.loads(entry.record)["at"])


def _stated_sequence(record: str) -> object:
    """What the record says of its place; None for what is no record at all."""
    try:
        stated = json.loads(record)
    except ValueError:
        return None
    return stated.get("sequence") if isinstance(stated, Mapping) else None


def verify_chain(entries: Iterable[AuditRecord]) -> int:
    """Return how many records hold together, from the first; raise at a break."""
    previous, sequence = GENESIS, 0
    for entry in entries:
        sequence += 1
        if not entry.sequence == _stated_sequence(entry.record) == sequence:
            raise AuditBrokenError(f"record {sequence} is missing or out of order")
        if entry.previous_hash != previous:
            raise AuditBrokenError(f"record {sequence} does not follow its predecessor")
        if entry.hash != chained(previous, entry.record):
            raise AuditBrokenError(f"record {sequence} was changed")
        previous = entry.hash
    return sequence
