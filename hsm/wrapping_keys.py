"""Wrapping keys on a token: AES-256, made to wrap and unwrap, and nothing else.

Each has a random CKA_ID, and a label that counts: the highest number is the newest.
A key under such a label that can do more, or is half, is never used (it is told in the
self-test's quarantine).
"""

import re
import secrets
from typing import Final, cast

from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass, SecretKey, Session

from hsm.errors import DeviceRefusedError
from hsm.key_ids import KEY_ID_BYTES, KeyId
from hsm.keys import find
from hsm.modules import ModuleFacts
from hsm.templates import WRAPPING_KEY, WRAPPING_KEY_BYTES, WRAPPING_KEY_MADE, require

LABEL: Final = re.compile(r"wrapping-(\d{6})")
_ALL: Final = {
    Attribute.TOKEN: True,
    Attribute.CLASS: ObjectClass.SECRET_KEY,
    Attribute.KEY_TYPE: KeyType.AES,
}

WrappingKeys = dict[KeyId, SecretKey]
"""In the order they were made, the newest last."""


def load(session: Session, facts: ModuleFacts) -> WrappingKeys:
    """Find the keys and read them back; those that are not as required are left out."""
    found: list[tuple[str, KeyId, SecretKey]] = []
    for key in find(session, _ALL):
        label, key_id = key[Attribute.LABEL], KeyId(key[Attribute.ID])
        if LABEL.fullmatch(label) and is_usable(cast("SecretKey", key), facts):
            found.append((label, key_id, cast("SecretKey", key)))
    return {key_id: key for _, key_id, key in sorted(found, key=lambda one: one[:2])}


def is_usable(key: SecretKey, facts: ModuleFacts) -> bool:
    try:
        require(key, _made(facts), facts.unknown)
    except DeviceRefusedError:
        return False
    return len(key[Attribute.ID]) == KEY_ID_BYTES


def ensure(writing: Session, facts: ModuleFacts) -> tuple[str, ...]:
    """Make the first one unless there is one, where the module wraps; return labels."""
    if facts.wrapping is None or load(writing, facts):
        return ()
    key_id = make(writing, facts)
    made = load(writing, facts)
    if key_id not in made:
        raise DeviceRefusedError("the wrapping key is not as required")
    return (made[key_id][Attribute.LABEL],)


def make(writing: Session, facts: ModuleFacts) -> KeyId:
    """Make the token object under the next number. Not checked yet: see ``load``."""
    if facts.wrapping is None:
        raise DeviceRefusedError("this module wraps no private keys")
    key_id = KeyId(secrets.token_bytes(KEY_ID_BYTES))
    writing.generate_key(
        KeyType.AES,
        key_length=WRAPPING_KEY_BYTES * 8,
        id=key_id,
        label=f"wrapping-{_highest(writing) + 1:06d}",
        store=True,
        capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP,
        template={
            **WRAPPING_KEY,
            Attribute.ALLOWED_MECHANISMS: (facts.wrapping,),
            **({Attribute.TRUSTED: True} if facts.trusted_wrapping else {}),
        },
    )
    return key_id


def destroy(writing: Session, key_id: KeyId) -> None:
    """Destroy the key, and prove it gone. Raises ``DeviceRefusedError``."""
    marks = {**_ALL, Attribute.ID: key_id}
    for key in find(writing, marks):
        key.destroy()
    if find(writing, marks):
        raise DeviceRefusedError(f"wrapping key {key_id.hex()} is still there")


def _highest(session: Session) -> int:
    labels = [key[Attribute.LABEL] for key in find(session, _ALL)]
    numbers = [int(m[1]) for m in map(LABEL.fullmatch, labels) if m is not None]
    return max(numbers, default=0)


def _made(facts: ModuleFacts) -> dict[Attribute, object]:
    return {
        **WRAPPING_KEY_MADE,
        Attribute.TOKEN: True,
        Attribute.ALLOWED_MECHANISMS: (facts.wrapping,),
        **({Attribute.TRUSTED: True} if facts.trusted_wrapping else {}),
    }
