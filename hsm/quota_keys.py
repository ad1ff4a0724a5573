"""Quota keys on a token: MAC keys that are destroyed when their time is over.

Unlike the MAC keys of ``hsm.keys`` there may be any number of them; each is known by
its CKA_ID, and all by one label, so that no search here can meet a key of the service.
"""

from typing import Final, cast

from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass, SecretKey, Session

from hsm.errors import DeviceRefusedError, KeyNotFoundError
from hsm.key_ids import KeyId
from hsm.keys import find
from hsm.modules import STANDARD, ModuleFacts
from hsm.templates import MAC_KEY, MAC_KEY_BYTES, MAC_KEY_MADE, require, without

LABEL: Final = "quota"
_ALL: Final = {
    Attribute.TOKEN: True,
    Attribute.CLASS: ObjectClass.SECRET_KEY,
    Attribute.LABEL: LABEL,
}


def make(writing: Session, key_id: KeyId, facts: ModuleFacts = STANDARD) -> None:
    """Make the token object. Not checked yet: see ``load``."""
    writing.generate_key(
        KeyType.GENERIC_SECRET,
        key_length=MAC_KEY_BYTES * 8,
        id=key_id,
        label=LABEL,
        store=True,
        capabilities=MechanismFlag.SIGN,
        template=without(facts.unknown, MAC_KEY),
    )


def load(session: Session, key_id: KeyId, facts: ModuleFacts = STANDARD) -> SecretKey:
    """Find the key and read it back.

    Raises ``KeyNotFoundError``, or ``DeviceRefusedError`` if there are several, or if
    it is half a key or can do more than MAC.
    """
    found = find(session, _marks(key_id))
    if not found:
        raise KeyNotFoundError(f"no quota key {key_id.hex()}")
    if len(found) != 1:
        raise DeviceRefusedError(f"{len(found)} quota keys {key_id.hex()}")
    require(found[0], {**MAC_KEY_MADE, **_marks(key_id)}, facts.unknown)
    return cast("SecretKey", found[0])


def destroy(writing: Session, key_id: KeyId) -> None:
    for key in find(writing, _marks(key_id)):
        key.destroy()


def require_gone(session: Session, key_id: KeyId) -> None:
    """Raise ``DeviceRefusedError`` if anything is left under this id.

    The answer of C_DestroyObject alone is not believed.
    """
    if find(session, {Attribute.ID: key_id}):
        raise DeviceRefusedError(f"key {key_id.hex()} is still there")


def listed(session: Session) -> tuple[KeyId, ...]:
    ids = {key[Attribute.ID] for key in find(session, _ALL)}
    return tuple(KeyId(key_id) for key_id in sorted(ids))


def _marks(key_id: KeyId) -> dict[Attribute, object]:
    return {**_ALL, Attribute.ID: key_id}
