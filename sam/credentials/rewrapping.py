"""Put every key under the newest wrapping key, while the SAM goes on signing.

    1. a new wrapping key, if one is asked for
    2. each credential: its row verified, its key rewrapped on the device, its next
       version committed; one that a call changed in between is taken up again
    3. older wrapping keys are destroyed once nothing refers to them: no row, and no
       call under way that may hold a blob it read before

Killed anywhere, it is simply run again: what is under the newest key is left alone.
"""

from dataclasses import dataclass, replace

from hsm.key_ids import KeyId
from hsm.wrapped import WrappingKeyCustody
from sam import audit
from sam.credentials import ledger, rows
from sam.credentials.record import AlteredCredentialError, Credential, Keeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """``left``: credentials that need another run, or a person: each with a reason."""

    count: int
    destroyed: tuple[KeyId, ...]
    kept: tuple[KeyId, ...]
    left: tuple[str, ...]


def rewrap(keeper: Keeper, custody: WrappingKeyCustody, *, new_key: bool) -> Rewrapped:
    """Raises ``HsmError``: run it again."""
    if new_key:
        custody.create_wrapping_key()  # 1
    newest = keeper.device.wrapping_keys()[-1]
    with keeper.database.begin() as connection:
        due = rows.wrapped_otherwise(connection, newest)
    count, left = 0, []
    for credential_id in due:  # 2
        try:
            count += _rewrapped(keeper, credential_id)
        except (AlteredCredentialError, rows.OvertakenError) as error:
            left.append(f"{credential_id}: {error.code}")
    destroyed, kept = _destroy_unused(keeper, custody, newest)  # 3
    return Rewrapped(count=count, destroyed=destroyed, kept=kept, left=tuple(left))


def _rewrapped(keeper: Keeper, credential_id: str) -> int:
    credential = rows.load(keeper, credential_id)
    if credential is None or not credential.blob:
        return 0
    keeper.fault("before-rewrap")
    again = keeper.device.rewrap(credential.wrapped)
    keeper.fault("after-rewrap")
    moved = replace(
        credential,
        blob=again.blob,
        wrapping_key=again.wrapping_key,
        version=credential.version + 1,
    )
    _write(keeper, moved)
    return 1


def _write(keeper: Keeper, moved: Credential) -> None:
    change = ledger.Change(
        credential=moved,
        event=audit.Event.CREDENTIAL_REWRAPPED,
        write=lambda connection, mac: rows.replace(connection, moved, mac),
        detail={"wrapping_key": moved.wrapping_key.hex()},
    )
    ledger.record(keeper, change)


def _destroy_unused(
    keeper: Keeper, custody: WrappingKeyCustody, newest: KeyId
) -> tuple[tuple[KeyId, ...], tuple[KeyId, ...]]:
    older = tuple(key for key in keeper.device.wrapping_keys() if key != newest)
    with keeper.database.begin() as connection:
        needed = rows.may_need_older_keys(connection) or rows.wrapped_otherwise(
            connection, newest
        )
    if needed:
        return (), older
    for key_id in older:
        custody.destroy_wrapping_key(key_id)
    return older, ()
