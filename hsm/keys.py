"""Keys on a token: made, found and checked, inside a session somebody else lends.

Token objects are found by class and label once, at opening, because a search looks
at every object. PKCS#11 lets two keys carry the same label, so a second one is
refused rather than chosen from.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pkcs11 import (
    Attribute,
    KeyType,
    Mechanism,
    MechanismFlag,
    Object,
    ObjectClass,
    PrivateKey,
    PublicKey,
    SecretKey,
    Session,
    SignMixin,
)
from pkcs11 import exceptions as ck

from hsm.encoding import P256_PARAMETERS, spki_from_ec_point
from hsm.errors import DeviceRefusedError
from hsm.key_ids import KEY_ID_BYTES, KeyId
from hsm.module import SearchFailedError
from hsm.modules import STANDARD, ModuleFacts
from hsm.port import MacKey, ServiceKey
from hsm.templates import (
    MAC_KEY,
    MAC_KEY_BYTES,
    MAC_KEY_MADE,
    PRIVATE_KEY,
    PRIVATE_KEY_MADE,
    PUBLIC_KEY,
    PUBLIC_KEY_MADE,
    require,
    without,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A checked P-256 pair: handles bound to one session, and the public key."""

    private: PrivateKey
    public: PublicKey
    spki: bytes


def find(session: Session, attributes: Mapping[Attribute, object]) -> list[Object]:
    """Return all objects that match. The search is over when this returns: an open
    one would block the session."""
    try:
        return list(session.get_objects(dict(attributes)))
    except KeyError:  # python-pkcs11, when an object vanishes during the search
        raise SearchFailedError("the token changed meanwhile") from None
    except ck.PKCS11Error as error:
        raise SearchFailedError(type(error).__name__) from error


def generate_pair(
    session: Session,
    *,
    key_id: bytes,
    label: str | None = None,
    store: bool = False,
    mechanism: Mechanism = Mechanism.ECDSA,
    facts: ModuleFacts = STANDARD,
) -> tuple[PublicKey, PrivateKey]:
    """Make a P-256 pair that can only sign, and only with ``mechanism``.

    Not checked yet: see ``checked_pair``.
    """
    curve = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: P256_PARAMETERS}, local=True
    )
    return curve.generate_keypair(
        id=key_id,
        label=label,
        store=store,
        capabilities=MechanismFlag.SIGN,
        public_template=without(facts.unknown, {**PUBLIC_KEY, **facts.public_key}),
        private_template=without(
            facts.unknown, {**PRIVATE_KEY, Attribute.ALLOWED_MECHANISMS: (mechanism,)}
        ),
    )


def checked_pair(
    public: PublicKey,
    private: PrivateKey,
    marks: Mapping[Attribute, object],
    facts: ModuleFacts = STANDARD,
) -> KeyPair:
    """Read back both halves; ``marks`` are the id, label and TOKEN of this pair."""
    require(private, {**PRIVATE_KEY_MADE, **marks}, facts.unknown)
    require(public, {**PUBLIC_KEY_MADE, **facts.public_key, **marks}, facts.unknown)
    spki = spki_from_ec_point(public[Attribute.EC_POINT])
    return KeyPair(private=private, public=public, spki=spki)


def one_time_pair(session: Session, key_id: KeyId, facts: ModuleFacts) -> KeyPair:
    """Make and check the session objects of a one-time key."""
    public, private = generate_pair(session, key_id=key_id, facts=facts)
    return checked_pair(public, private, one_time_marks(key_id), facts)


def one_time_marks(key_id: KeyId) -> dict[Attribute, object]:
    return {Attribute.TOKEN: False, Attribute.ID: key_id}


def load_service_key(
    session: Session, key: ServiceKey, facts: ModuleFacts = STANDARD
) -> KeyPair | None:
    """Return the pair labelled ``key``, ``None`` if no half is there.

    Raises ``DeviceRefusedError`` if a half is missing or there are several, or if
    the key can do more than sign.
    """
    private = find(session, _labelled(ObjectClass.PRIVATE_KEY, key))
    public = find(session, _labelled(ObjectClass.PUBLIC_KEY, key))
    if not private and not public:
        return None
    if len(private) != 1 or len(public) != 1:
        halves = f"{len(private)} private and {len(public)} public"
        raise DeviceRefusedError(f"{halves} keys labelled {key}")
    marks = {Attribute.TOKEN: True, Attribute.ID: private[0][Attribute.ID]}
    return checked_pair(
        cast("PublicKey", public[0]), cast("PrivateKey", private[0]), marks, facts
    )


def ensure_service_key(
    session: Session, key: ServiceKey, facts: ModuleFacts = STANDARD
) -> bool:
    """Make the token objects of ``key`` unless they are there; return whether made.

    A public half alone is what a killed generation leaves: it never signed and is
    removed. A private half alone may have been certified, and is for a person.
    """
    if not find(session, _labelled(ObjectClass.PRIVATE_KEY, key)):
        for half in find(session, _labelled(ObjectClass.PUBLIC_KEY, key)):
            half.destroy()
    if load_service_key(session, key, facts) is not None:
        return False
    key_id = secrets.token_bytes(KEY_ID_BYTES)
    generate_pair(session, key_id=key_id, label=key.value, store=True, facts=facts)
    load_service_key(session, key, facts)
    return True


def load_mac_key(
    session: Session, key: MacKey, facts: ModuleFacts = STANDARD
) -> SecretKey | None:
    """Return the key labelled ``key``, ``None`` if it is not there; else as above."""
    found = find(session, _labelled(ObjectClass.SECRET_KEY, key))
    if not found:
        return None
    if len(found) != 1:
        raise DeviceRefusedError(f"{len(found)} secret keys labelled {key}")
    require(found[0], {**MAC_KEY_MADE, Attribute.TOKEN: True}, facts.unknown)
    return cast("SecretKey", found[0])


def ensure_mac_key(
    session: Session, key: MacKey, facts: ModuleFacts = STANDARD
) -> bool:
    """Make the token object of ``key`` unless it is there; return whether made."""
    if load_mac_key(session, key, facts) is not None:
        return False
    session.generate_key(
        KeyType.GENERIC_SECRET,
        key_length=MAC_KEY_BYTES * 8,
        label=key.value,
        store=True,
        capabilities=MechanismFlag.SIGN,
        template=without(facts.unknown, MAC_KEY),
    )
    load_mac_key(session, key, facts)
    return True


def sign(key: PrivateKey | SecretKey, data: bytes, mechanism: Mechanism) -> bytes:
    """One-part C_Sign. The buffer fits r ‖ s of P-256 and an HMAC-SHA256."""
    return cast("SignMixin", key).sign(data, mechanism=mechanism, buffer_size=64)


def _labelled(
    object_class: ObjectClass, key: ServiceKey | MacKey
) -> dict[Attribute, object]:
    return {
        Attribute.TOKEN: True,
        Attribute.CLASS: object_class,
        Attribute.LABEL: key.value,
    }
