"""What is on the token that is none of the service's: told, and left alone.

A key is never taken for ours because it looks like one. What a killed set-up leaves is
removed by the next set-up (``hsm.token``), quota keys that are not in the SAM's ledger
by the SAM; anything else is for a person to look at.
"""

from typing import Final, cast

from pkcs11 import Attribute, Object, ObjectClass, SecretKey, Session
from pkcs11 import exceptions as ck

from hsm import quota_keys, wrapping_keys
from hsm.keys import find
from hsm.modules import ModuleFacts
from hsm.port import MacKey, ServiceKey

_OURS: Final = frozenset(
    {(ObjectClass.PRIVATE_KEY, key.value) for key in ServiceKey}
    | {(ObjectClass.PUBLIC_KEY, key.value) for key in ServiceKey}
    | {(ObjectClass.SECRET_KEY, key.value) for key in MacKey}
    | {(ObjectClass.SECRET_KEY, quota_keys.LABEL)}
)
_LONGEST_LIST: Final = 100
_LONGEST_LABEL: Final = 64


def strangers(session: Session, facts: ModuleFacts) -> tuple[str, ...]:
    """Class, label and CKA_ID of each, sorted; at most ``_LONGEST_LIST`` and a count.

    Wrapping keys that are half, or can do more than wrap, are among them.
    """
    found = find(session, {Attribute.TOKEN: True})
    told = sorted(_described(one) for one in found if not _is_ours(one, facts))
    if len(told) > _LONGEST_LIST:
        more = f"and {len(told) - _LONGEST_LIST} more"
        return (*told[:_LONGEST_LIST], more)
    return tuple(told)


def _is_ours(one: Object, facts: ModuleFacts) -> bool:
    object_class, label = _told(one, Attribute.CLASS), _told(one, Attribute.LABEL)
    if (object_class, label) in _OURS:
        return True
    return (
        object_class is ObjectClass.SECRET_KEY
        and wrapping_keys.LABEL.fullmatch(str(label)) is not None
        and wrapping_keys.is_usable(cast("SecretKey", one), facts)
    )


def _described(one: Object) -> str:
    object_class, label = _told(one, Attribute.CLASS), _told(one, Attribute.LABEL)
    key_id = _told(one, Attribute.ID)
    name = getattr(object_class, "name", "object")
    shown = key_id.hex() if isinstance(key_id, bytes) and key_id else "none"
    # Whoever made it chose the label: escaped and cut, since this is printed.
    return f"{name} {ascii(label)[:_LONGEST_LABEL]} id {shown[:_LONGEST_LABEL]}"


def _told(one: Object, attribute: Attribute) -> object:
    """``None`` if the object has no such attribute, or half of it."""
    try:
        return cast("object", one[attribute])
    except (ck.AttributeTypeInvalid, ck.AttributeSensitive, LookupError, ValueError):
        return None
