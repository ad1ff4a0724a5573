"""How PKCS#11 modules differ, as data: one row for each that we run on.

A row is found by what the module calls itself in C_GetInfo. A module without a row is
taken to follow the standard; what it does not keep then fails its self-test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pkcs11 import Attribute, Mechanism
from pkcs11 import exceptions as ck

_NOTHING: Final[Mapping[Attribute, object]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleFacts:
    wrapping: Mechanism | None
    """What the module calls AES-KWP (RFC 5649). ``None``: it wraps no private keys."""
    blob_refusals: tuple[type[ck.PKCS11Error], ...] = (
        ck.WrappedKeyInvalid,
        ck.WrappedKeyLenRange,
        ck.EncryptedDataInvalid,
        ck.EncryptedDataLenRange,
    )
    """What C_UnwrapKey answers to a blob that is not whole."""
    trusted_wrapping: bool
    """Whether CKA_WRAP_WITH_TRUSTED can be had: the wrapping key then is CKA_TRUSTED,
    so that no other key takes a new one out."""
    unknown: frozenset[Attribute] = frozenset()
    """Attributes it does not have or does not keep: neither asked for nor read back.
    A module that lacks CKA_ALLOWED_MECHANISMS fails the self-test, and so the start."""
    public_key: Mapping[Attribute, object] = field(default_factory=lambda: _NOTHING)
    """What a public half must be allowed beyond our template."""


STANDARD: Final = ModuleFacts(
    wrapping=Mechanism.AES_KEY_WRAP_KWP, trusted_wrapping=True
)

MODULES: Final[Mapping[str, ModuleFacts]] = {
    "SoftHSM": ModuleFacts(
        # 2.6.1 has RFC 5649 under the number of the older CKM_AES_KEY_WRAP_PAD.
        wrapping=Mechanism.AES_KEY_WRAP_PAD,
        blob_refusals=(
            ck.GeneralError,
            ck.FunctionFailed,  # a blob of another type of key
            ck.WrappedKeyInvalid,
            ck.WrappedKeyLenRange,
        ),
        # Only the security officer may set CKA_TRUSTED, and sees no private object.
        trusted_wrapping=False,
    ),
    # softokn, the second opinion in the tests. No service starts on it, see above.
    "Mozilla Foundation": ModuleFacts(
        wrapping=None,  # C_WrapKey tells too short a length for KWP
        trusted_wrapping=False,
        unknown=frozenset(
            {Attribute.LOCAL, Attribute.COPYABLE, Attribute.ALLOWED_MECHANISMS}
        ),
        public_key={Attribute.VERIFY: True},  # else it refuses to make the pair
    ),
}


def facts_of(manufacturer: str) -> ModuleFacts:
    """``manufacturer`` is CK_INFO.manufacturerID without its padding."""
    return MODULES.get(manufacturer, STANDARD)
