"""A person sees their own signing passes, and takes them back.

By handle only: nobody can be named here, so a hostile web tier can do no more than take
back the passes of whoever identifies through it. Passes go by references that are made
for this handle and mean nothing elsewhere.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from hsm.port import MacKey
from openid4vp import base64url
from sam import audit, handle_store, pass_store
from sam import errors as refused
from sam import messages as m
from sam.module import Sam

LISTED: Final = 50
_REFERENCE: Final = 16


def list_passes(sam: Sam, call: m.ListPasses) -> m.Passes:
    """The latest passes of whoever the handle is, the youngest first."""
    now = sam.clock()
    with sam.database.begin() as connection:
        rows = _rows(connection, _handle(connection, call.handle, now))
    return m.Passes(
        passes=tuple(
            m.HeldPass(
                reference=_reference(sam, call.handle, row),
                issued_at=row.issued_at,
                expires_at=row.expires_at,
                state=_state(row, now),
                own=pass_store.issued_to(row, call.handle),
            )
            for row in rows
        )
    )


def revoke_pass(sam: Sam, call: m.RevokePass) -> m.RevokedPasses:
    """Take one back, or all; it counts from this very moment, and once.

    Raises ``UnknownPassError`` for a reference that is none of this handle's.
    """
    now = sam.clock()
    with sam.database.begin() as connection:
        handle = _handle(connection, call.handle, now)
        rows = _rows(connection, handle)
    pass_id = _pass_id(sam, call, rows)
    sam.fault("before-pass-revocation")
    with sam.database.begin() as connection:
        taken = pass_store.revoke(connection, handle.signer_id, pass_id, now)
        for each in taken:
            audit.append(
                connection,
                audit.Event.PASS_REVOKED,
                now=now,
                tx=handle.tx,
                signer_id=handle.signer_id.hex(),
                pass_id=each,
            )
    sam.fault("after-pass-revocation")
    return m.RevokedPasses(revoked=len(taken))


def _pass_id(sam: Sam, call: m.RevokePass, rows: Sequence[Row[Any]]) -> str | None:
    if call.reference == m.ALL_PASSES:
        return pass_store.ALL
    for row in rows:
        if hmac.compare_digest(_reference(sam, call.handle, row), call.reference):
            found: str = row.pass_id
            return found
    raise refused.UnknownPassError("none of this person's passes")


def _handle(connection: Connection, handle: str, now: datetime) -> Row[Any]:
    row = handle_store.handle_row(connection, handle, now)
    if row is None:
        raise refused.UnknownHandleError("no such handle, or its time is over")
    return row


def _rows(connection: Connection, handle: Row[Any]) -> Sequence[Row[Any]]:
    return pass_store.passes_of(connection, handle.signer_id, LISTED)


def _reference(sam: Sam, handle: str, row: Row[Any]) -> str:
    message = f"pass-reference:{handle}:{row.pass_id}".encode()
    return base64url.encode(sam.device.mac(MacKey.HANDLE, message)[:_REFERENCE])


def _state(row: Row[Any], now: datetime) -> m.PassState:
    if row.revoked_at is not None:
        return m.PassState.REVOKED
    return m.PassState.VALID if row.expires_at > now else m.PassState.ENDED
