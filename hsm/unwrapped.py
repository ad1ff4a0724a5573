"""Session objects that exist for one step: made, used, destroyed, proven gone.

An object is gone when its handle is dead: that is asked of the module, and costs no
search. Where no handle was given out, because making the object failed half way, the
search by a random CKA_ID finds what there is. If neither gives proof,
``NotProvenGoneError`` ends the session, and every session object with it.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from pkcs11 import (
    Attribute,
    KeyType,
    MechanismFlag,
    Object,
    ObjectClass,
    PrivateKey,
    PublicKey,
    SecretKey,
    Session,
    UnwrapMixin,
)
from pkcs11 import exceptions as ck
from pkcs11.constants import DEFAULT

from hsm.algorithms import Algorithm, Scheme
from hsm.encoding import CURVES
from hsm.errors import BlobRefusedError, HsmError, KeyNotFoundError
from hsm.key_ids import KEY_ID_BYTES
from hsm.keys import find
from hsm.mechanisms import RSA_BITS, mechanism_of
from hsm.module import SESSION_LOST, NotProvenGoneError
from hsm.modules import ModuleFacts
from hsm.templates import PUBLIC_KEY, UNWRAPPED_KEY, WRAPPABLE_KEY, require

_NOT_OF_PRIVATE_KEYS: Final = {
    # python-pkcs11 adds these to every unwrapped key, and modules refuse them.
    Attribute.ENCRYPT: DEFAULT,
    Attribute.WRAP: DEFAULT,
    Attribute.VERIFY: DEFAULT,
}
_WRAPPING_KEY_GONE: Final = (
    ck.KeyHandleInvalid,
    ck.ObjectHandleInvalid,
    ck.UnwrappingKeyHandleInvalid,
)


@contextmanager
def wrappable_pair(
    session: Session, algorithm: Algorithm, facts: ModuleFacts
) -> Iterator[tuple[PublicKey, PrivateKey]]:
    """Lend a new pair whose private half can be wrapped, and nothing else."""
    key_id = secrets.token_bytes(KEY_ID_BYTES)
    with _swept_on_error(session, key_id):
        pair = _generate(session, algorithm, key_id, facts)
    with _ended(*pair):
        marks = {Attribute.TOKEN: False, Attribute.ID: key_id}
        require(pair[1], {**_wrappable(facts), **marks}, facts.unknown)
        yield pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A blob, and what opens it."""

    blob: bytes
    key_type: KeyType
    wrapping: SecretKey
    facts: ModuleFacts


@contextmanager
def signing_key(sealed: Sealed, scheme: Scheme) -> Iterator[PrivateKey]:
    """Lend the key in the blob, able to sign by ``scheme`` and nothing else.

    Raises ``BlobRefusedError`` if it does not unwrap.
    """
    allowed = {Attribute.ALLOWED_MECHANISMS: (mechanism_of(scheme),)}
    with _unwrapped(sealed, {**allowed, **UNWRAPPED_KEY}) as private:
        yield private


@contextmanager
def rewrappable_key(sealed: Sealed) -> Iterator[PrivateKey]:
    """Lend the key in the blob, able to be wrapped again and nothing else."""
    with _unwrapped(sealed, _wrappable(sealed.facts)) as private:
        yield private


@contextmanager
def _unwrapped(
    sealed: Sealed, wanted: Mapping[Attribute, object]
) -> Iterator[PrivateKey]:
    key_id = secrets.token_bytes(KEY_ID_BYTES)
    with _swept_on_error(sealed.wrapping.session, key_id):
        private = _unwrap(sealed, key_id, wanted)
    with _ended(private):
        marks = {Attribute.TOKEN: False, Attribute.ID: key_id}
        require(private, {**wanted, **marks}, sealed.facts.unknown)
        yield private


def _unwrap(
    sealed: Sealed, key_id: bytes, wanted: Mapping[Attribute, object]
) -> PrivateKey:
    """Twice at most: what a module says to a bad blob may also be passing trouble."""
    try:
        return _unwrap_once(sealed, key_id, wanted)
    except sealed.facts.blob_refusals as error:
        if not isinstance(error, SESSION_LOST):
            raise BlobRefusedError(_refusal(error)) from error
    _sweep(sealed.wrapping.session, key_id)  # it may have been made all the same
    try:
        return _unwrap_once(sealed, key_id, wanted)
    except sealed.facts.blob_refusals as error:
        raise BlobRefusedError(_refusal(error)) from error


def _unwrap_once(
    sealed: Sealed, key_id: bytes, wanted: Mapping[Attribute, object]
) -> PrivateKey:
    can_sign = bool(wanted[Attribute.SIGN])
    try:
        unwrapped = cast("UnwrapMixin", sealed.wrapping).unwrap_key(
            ObjectClass.PRIVATE_KEY,
            sealed.key_type,
            sealed.blob,
            id=key_id,
            mechanism=sealed.facts.wrapping,
            capabilities=MechanismFlag.SIGN if can_sign else MechanismFlag(0),
            template={**_NOT_OF_PRIVATE_KEYS, **wanted},
        )
    except _WRAPPING_KEY_GONE as error:  # destroyed by another process
        raise KeyNotFoundError("the wrapping key is gone") from error
    return cast("PrivateKey", unwrapped)


def _refusal(error: ck.PKCS11Error) -> str:
    return f"the blob does not unwrap: {type(error).__name__}"


def _wrappable(facts: ModuleFacts) -> dict[Attribute, object]:
    trusted = {Attribute.WRAP_WITH_TRUSTED: True} if facts.trusted_wrapping else {}
    return {**trusted, **WRAPPABLE_KEY}


def _generate(
    session: Session, algorithm: Algorithm, key_id: bytes, facts: ModuleFacts
) -> tuple[PublicKey, PrivateKey]:
    how: dict[str, Any] = {
        "id": key_id,
        "capabilities": MechanismFlag(0),
        "public_template": {**PUBLIC_KEY, **facts.public_key},
        "private_template": _wrappable(facts),
    }
    if algorithm in RSA_BITS:
        return session.generate_keypair(KeyType.RSA, RSA_BITS[algorithm], **how)
    parameters, _ = CURVES[algorithm]
    curve = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: parameters}, local=True
    )
    return curve.generate_keypair(**how)


@contextmanager
def _ended(*objects: Object) -> Iterator[None]:
    """Destroy ``objects`` at the end of the block, however it ends."""
    try:
        yield
    finally:
        for one in objects:
            _end(one)


def _end(one: Object) -> None:
    try:
        with suppress(ck.ObjectHandleInvalid):
            one.destroy()
        one[Attribute.CLASS]  # whatever C_DestroyObject answered
    except ck.ObjectHandleInvalid:
        return
    except (ck.PKCS11Error, LookupError) as error:
        raise NotProvenGoneError(f"{type(error).__name__}") from error
    raise NotProvenGoneError("still there after C_DestroyObject")


@contextmanager
def _swept_on_error(session: Session, key_id: bytes) -> Iterator[None]:
    """If the block fails, no object with ``key_id`` outlives it."""
    try:
        yield
    except SESSION_LOST:  # and with the session, all of its objects
        raise
    except (HsmError, ck.PKCS11Error, LookupError):
        _sweep(session, key_id)
        raise


def _sweep(session: Session, key_id: bytes) -> None:
    for one in find(session, {Attribute.TOKEN: False, Attribute.ID: key_id}):
        _end(one)
