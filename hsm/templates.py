"""What each key on the token may do, asked for at generation and read back.

Library defaults are too wide (python-pkcs11 leaves DERIVE, MODIFIABLE and COPYABLE
true), so every attribute of PKCS#11 v2.40 §4.9 and §4.10 that widens a key is set,
and ``require`` compares what the token says it made. SoftHSM honours all of them,
CKA_ALLOWED_MECHANISMS included: a MAC key that allows SHA256_HMAC refuses SHA224_HMAC.
"""

import struct
from collections.abc import Iterable, Mapping
from typing import Final

from pkcs11 import Attribute, Mechanism, Object
from pkcs11.attributes import AttributeMapper

from hsm.encoding import P256_PARAMETERS
from hsm.errors import DeviceRefusedError

MAC_KEY_BYTES: Final = 32

_FROZEN: Final = {Attribute.MODIFIABLE: False, Attribute.COPYABLE: False}
_SIGN_ONLY: Final = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.SIGN: True,
    Attribute.DECRYPT: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
    **_FROZEN,
}
_MADE_ON_THE_DEVICE: Final = {
    Attribute.ALWAYS_SENSITIVE: True,
    Attribute.NEVER_EXTRACTABLE: True,
    Attribute.LOCAL: True,
}

PRIVATE_KEY: Final[Mapping[Attribute, object]] = {
    **_SIGN_ONLY,
    Attribute.SIGN_RECOVER: False,
    Attribute.ALLOWED_MECHANISMS: (Mechanism.ECDSA,),
}
PUBLIC_KEY: Final[Mapping[Attribute, object]] = {
    Attribute.ENCRYPT: False,
    Attribute.VERIFY: False,  # signatures are verified outside, with the certificate
    Attribute.WRAP: False,
    Attribute.DERIVE: False,
    **_FROZEN,
}
MAC_KEY: Final[Mapping[Attribute, object]] = {
    **_SIGN_ONLY,
    Attribute.ENCRYPT: False,
    Attribute.VERIFY: False,
    Attribute.WRAP: False,
    Attribute.ALLOWED_MECHANISMS: (Mechanism.SHA256_HMAC,),
}

PRIVATE_KEY_MADE: Final[Mapping[Attribute, object]] = {
    **PRIVATE_KEY,
    **_MADE_ON_THE_DEVICE,
    Attribute.EC_PARAMS: P256_PARAMETERS,
}
PUBLIC_KEY_MADE: Final[Mapping[Attribute, object]] = {
    **PUBLIC_KEY,
    Attribute.EC_PARAMS: P256_PARAMETERS,
}
MAC_KEY_MADE: Final[Mapping[Attribute, object]] = {
    **MAC_KEY,
    **_MADE_ON_THE_DEVICE,
    Attribute.VALUE_LEN: MAC_KEY_BYTES,
}

WRAPPING_KEY_BYTES: Final = 32

_NO_MORE_THAN_A_SIGNING_KEY: Final = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.DECRYPT: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
    Attribute.SIGN_RECOVER: False,
    Attribute.COPYABLE: False,
}

WRAPPABLE_KEY: Final[Mapping[Attribute, object]] = {
    # Between its generation and its wrapping a key can be wrapped and nothing else.
    **_NO_MORE_THAN_A_SIGNING_KEY,
    Attribute.EXTRACTABLE: True,
    Attribute.SIGN: False,
    Attribute.MODIFIABLE: False,  # last: SoftHSM sets one by one, and this closes
}
UNWRAPPED_KEY: Final[Mapping[Attribute, object]] = {
    **_NO_MORE_THAN_A_SIGNING_KEY,
    Attribute.EXTRACTABLE: False,
    Attribute.SIGN: True,
    Attribute.MODIFIABLE: False,
}
WRAPPING_KEY: Final[Mapping[Attribute, object]] = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.WRAP: True,
    Attribute.UNWRAP: True,
    Attribute.ENCRYPT: False,
    Attribute.DECRYPT: False,
    Attribute.SIGN: False,
    Attribute.VERIFY: False,
    Attribute.DERIVE: False,
    **_FROZEN,
}
WRAPPING_KEY_MADE: Final[Mapping[Attribute, object]] = {
    **WRAPPING_KEY,
    **_MADE_ON_THE_DEVICE,
    Attribute.VALUE_LEN: WRAPPING_KEY_BYTES,
}


def without(
    unknown: frozenset[Attribute], template: Mapping[Attribute, object]
) -> dict[Attribute, object]:
    """The template as a module takes it that has not all attributes."""
    return {a: value for a, value in template.items() if a not in unknown}


def require(
    key: Object,
    wanted: Mapping[Attribute, object],
    unknown: frozenset[Attribute] = frozenset(),
) -> None:
    """Raise ``DeviceRefusedError`` unless ``key`` has every attribute as ``wanted``.

    An attribute the token does not tell counts as different, but for those that the
    module is known not to have (``hsm.modules``).
    """
    asked = without(unknown, wanted)
    found = key.get_attributes(list(asked))
    for attribute, value in asked.items():
        if attribute not in found or found[attribute] != value:
            raise DeviceRefusedError(f"{attribute.name} of the key is not as required")


def attribute_mapper() -> AttributeMapper:
    """python-pkcs11's mapper plus CKA_ALLOWED_MECHANISMS, which it cannot pack."""
    mapper = AttributeMapper()
    mapper.register_handler(
        Attribute.ALLOWED_MECHANISMS, _pack_mechanisms, _unpack_mechanisms
    )
    return mapper


def _pack_mechanisms(mechanisms: Iterable[Mechanism]) -> bytes:
    return b"".join(struct.pack("L", mechanism) for mechanism in mechanisms)


def _unpack_mechanisms(packed: bytes) -> tuple[int, ...]:
    return tuple(number for (number,) in struct.iter_unpack("L", packed))
