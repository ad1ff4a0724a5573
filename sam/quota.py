"""A person's pseudonym in one period of the free tier.

The web tier counts signatures per tag; a tag is an HMAC over the signer_id under a key
that lives for this policy and period only (``sam.quota_keys``). It is given for a
person who is there, by the handle of an identification or by a verified approval for
private use, and only for the period that contains the SAM's now.
"""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row

from sam import errors as refused
from sam import handle_store, quota_keys, store
from sam import messages as m
from sam.module import Sam
from sam.periods import Period, period_at
from sam.transactions import known

PRIVATE = "private"


def quota_tag(sam: Sam, call: m.QuotaTag) -> m.QuotaTagged:
    now = sam.clock()
    period = _current(sam, call.policy, now)
    if call.period != period.name:
        raise refused.PeriodOverError("not the period that is now")
    signer_id = _signer_id(sam, call, now)
    key_id = quota_keys.key_of(sam, call.policy, period, now)
    tag = sam.device.quota_mac(key_id, len(signer_id).to_bytes(4, "big") + signer_id)
    return m.QuotaTagged(tag=tag.hex(), period=period.name, ends_at=period.ends_at)


def _current(sam: Sam, policy_id: str, now: datetime) -> Period:
    policy = sam.policy
    if policy is None or policy.id != policy_id:
        raise refused.NoPolicyError("no free-tier policy of that id")
    return period_at(now, policy.period.unit, policy.period.zone_info)


def _signer_id(sam: Sam, call: m.QuotaTag, now: datetime) -> bytes:
    with sam.database.begin() as connection:
        if call.handle is not None:
            row = _identified(handle_store.handle_row(connection, call.handle, now))
        else:  # the message holds exactly one of the two
            tx = cast("str", call.tx)
            row = _approved(known(store.transaction(connection, tx)))
    signer_id: bytes = row.signer_id
    return signer_id


def _identified(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise refused.UnknownHandleError("no such handle, or its time is over")
    return row


def _approved(row: Row[Any]) -> Row[Any]:
    if (
        row.purpose != m.Purpose.SIGN
        or row.state not in {m.State.VERIFIED, m.State.SIGNING}
        or row.purpose_of_use != PRIVATE
    ):
        raise refused.NotVerifiedError("no approval for private use is waiting")
    return row
