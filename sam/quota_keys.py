"""The life of a quota key: one for each policy and period, from first use to its end.

    1. the key's row, before the key: UNIQUE, so that there is one and never a second
    2. the key, in the HSM
    3. created, in the row and in the audit log; only now it is used
    4. once the period is over: destroyed in the HSM and proven gone
    5. destroyed, in the row and in the audit log

From 4 on nobody can compute a tag of that period again, or tell whether tags of two
periods are of one person. A process killed between 1 and 3 leaves a plan that the next
sweep gives up, with whatever there is of its key; killed between 4 and 5, the sweep
repeats 4 to no effect. The log knows signers and never holds a tag.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from hsm.errors import DeviceRefusedError, HsmError
from hsm.port import KEY_ID_BYTES, KeyId
from sam import audit, owners, quota_store
from sam import errors as refused
from sam.module import Sam
from sam.periods import Period
from sam.store import OnceOnlyError

log = logging.getLogger("sam")


def key_of(sam: Sam, policy: str, period: Period, now: datetime) -> KeyId:
    """The key of ``period``, which contains ``now``; made if there never was one."""
    with sam.database.begin() as connection:
        row = quota_store.quota_key(connection, policy, period.name)
    if row is None:
        return _make(sam, policy, period, now)
    if row.destroyed_at is not None or row.ends_at <= now:
        raise refused.PeriodOverError("the key of this period is no more")
    if row.created_at is None:
        raise refused.SamUnavailableError("the key of this period is being made")
    return KeyId(row.key_id)


def sweep(sam: Sam) -> None:
    """End keys whose period is over, and plans that nobody will carry out."""
    with sam.database.begin() as connection:
        rows = quota_store.unneeded(connection, sam.clock(), sam.owner)
    for row in rows:
        _attempt(row.key_id, partial(_end, sam, row))


def reconcile(sam: Sam) -> None:
    """At start: no key stays on the device that no row expects there.

    A token put back from a copy brings destroyed keys back; a database put back from a
    copy has forgotten keys that were made. The device is asked first: a key that is
    there had its row before it, also if another process makes it this moment.
    """
    found = sam.device.quota_keys()
    with sam.database.begin() as connection:
        expected = quota_store.expected(connection)
    for key_id in found:
        if key_id not in expected:
            _attempt(key_id, partial(_end_unexpected, sam, key_id))
    sweep(sam)


def _attempt(key_id: bytes, end: Callable[[], None]) -> None:
    """A key that is not proven gone is tried again, and signing goes on meanwhile: no
    call uses a key past its period."""
    try:
        end()
    except HsmError:
        log.exception("quota key %s is not proven gone", key_id.hex())


def _make(sam: Sam, policy: str, period: Period, now: datetime) -> KeyId:
    key_id = KeyId(secrets.token_bytes(KEY_ID_BYTES))
    sam.fault("before-quota-plan")
    try:
        with sam.database.begin() as connection:  # 1
            _plan(sam, connection, key_id, policy=policy, period=period, now=now)
    except OnceOnlyError:  # another process came first, and makes it
        return key_of(sam, policy, period, now)
    sam.fault("after-quota-plan")
    sam.fault("before-quota-key")
    sam.device.create_quota_key(key_id)  # 2
    sam.fault("after-quota-key")
    sam.fault("before-quota-created")
    if not _created(sam, key_id, policy, period):  # 3
        _destroy(sam, key_id)
        raise refused.SamUnavailableError("the plan of this key was given up")
    sam.fault("after-quota-created")
    return key_id


def _plan(sam: Sam, connection: Connection, key_id: KeyId, **values: Any) -> None:
    if not owners.take(connection, sam.owner, sam.config.lease):
        raise refused.SamUnavailableError("another process has this one's name")
    quota_store.plan(connection, key_id, owner=sam.owner, **values)


def _created(sam: Sam, key_id: KeyId, policy: str, period: Period) -> bool:
    now = sam.clock()
    with sam.database.begin() as connection:
        if not quota_store.mark_created(connection, key_id, now):
            return False
        audit.append(
            connection,
            audit.Event.QUOTA_KEY_CREATED,
            now=now,
            key_id=key_id.hex(),
            policy=policy,
            period=period.name,
            ends_at=period.ends_at.isoformat(),
        )
    return True


def _end(sam: Sam, row: Row[Any]) -> None:
    sam.fault("before-quota-destruction")
    _destroy(sam, KeyId(row.key_id))  # 4
    sam.fault("after-quota-destruction")
    sam.fault("before-quota-ended")
    now, lived = sam.clock(), row.created_at is not None
    with sam.database.begin() as connection:  # 5
        moved = (
            quota_store.mark_destroyed(connection, row.key_id, now)
            if lived
            else quota_store.drop_plan(connection, row.key_id)
        )
        if moved:
            audit.append(
                connection,
                audit.Event.QUOTA_KEY_DESTROYED,
                now=now,
                key_id=row.key_id.hex(),
                policy=row.policy,
                period=row.period,
                reason="period_over" if lived else "interrupted",
            )
    sam.fault("after-quota-ended")


def _end_unexpected(sam: Sam, key_id: KeyId) -> None:
    _destroy(sam, key_id)
    with sam.database.begin() as connection:
        audit.append(
            connection,
            audit.Event.QUOTA_KEY_DESTROYED,
            now=sam.clock(),
            key_id=key_id.hex(),
            reason="unexpected",
        )


def _destroy(sam: Sam, key_id: KeyId) -> None:
    """The reply of one call is no proof: the device is asked what is left."""
    sam.device.destroy_quota_key(key_id)
    if key_id in sam.device.quota_keys():
        raise DeviceRefusedError(f"quota key {key_id.hex()} is still there")
