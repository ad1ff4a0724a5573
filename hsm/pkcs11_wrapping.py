"""Wrapped keys over PKCS#11: the steps of each call, inside one lent session.

An EC private key on a token has no public half to compare with, so it signs a random
text of ours first (nobody else's: the text is hashed with a prefix, so that it is no
digest anyone asked for). An RSA key tells its modulus. Either way the key that will
sign is known to belong to the recorded public key before it signs anything of weight.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final, cast

from pkcs11 import (
    Attribute,
    PrivateKey,
    PublicKey,
    Session,
    SignMixin,
    WrapMixin,
)

from hsm import unwrapped, wrapping_keys
from hsm.algorithms import SCHEMES, Algorithm, Scheme, algorithm_of
from hsm.encoding import CURVES, spki_from_ec_point, spki_from_rsa
from hsm.errors import BlobRefusedError, DeviceRefusedError, KeyNotFoundError
from hsm.key_ids import KeyId
from hsm.mechanisms import (
    KEY_TYPES,
    LONGEST_SIGNATURE,
    mechanism_of,
    parameters_of,
    signature_value,
    signed_bytes,
)
from hsm.modules import ModuleFacts
from hsm.verifying import require_signature
from hsm.wrapped import WrappedKey, require_signable

_LONGEST_BLOB: Final = 4096
"""An RSA-4096 key takes 2 400 bytes."""
_SEMIBLOCK: Final = 8
_COMPARED: Final = b"hsm: is this the key of the recorded public key?"
_FIRST_SCHEME: Final = {
    algorithm: next(s for s in Scheme if algorithm in SCHEMES[s].algorithms)
    for algorithm in Algorithm
}


class Pkcs11Wrapping:
    """The wrapping keys of one session, and what is done with them in it."""

    def __init__(self, session: Session, facts: ModuleFacts) -> None:
        self._facts = facts
        self._keys = wrapping_keys.load(session, facts)

    def listed(self, session: Session) -> tuple[KeyId, ...]:
        self._keys = wrapping_keys.load(session, self._facts)
        return tuple(self._keys)

    def generate(self, session: Session, algorithm: Algorithm) -> WrappedKey:
        newest = self._newest(session)
        with unwrapped.wrappable_pair(session, algorithm, self._facts) as pair:
            public, private = pair
            return WrappedKey(
                blob=self._wrap(newest, private),
                public_key=_spki(public, algorithm),
                wrapping_key=newest,
            )

    def sign(
        self,
        session: Session,
        wrapped: WrappedKey,
        scheme: Scheme,
        digests: Sequence[bytes],
    ) -> tuple[bytes, ...]:
        algorithm = require_signable(wrapped, scheme, digests)
        sealed = self._sealed(session, wrapped, algorithm)
        with unwrapped.signing_key(sealed, scheme) as private:
            _compare(private, wrapped.public_key, algorithm, scheme)
            return tuple(_sign(private, algorithm, scheme, d) for d in digests)

    def rewrap(self, session: Session, wrapped: WrappedKey) -> WrappedKey:
        algorithm = algorithm_of(wrapped.public_key)
        newest = self._newest(session)
        again = wrapped
        if wrapped.wrapping_key != newest:
            again = self._under(newest, session, wrapped, algorithm)
        self._prove(session, again, algorithm)
        return again

    def _under(
        self, newest: KeyId, session: Session, wrapped: WrappedKey, algorithm: Algorithm
    ) -> WrappedKey:
        sealed = self._sealed(session, wrapped, algorithm)
        with unwrapped.rewrappable_key(sealed) as private:
            return WrappedKey(
                blob=self._wrap(newest, private),
                public_key=wrapped.public_key,
                wrapping_key=newest,
            )

    def _prove(
        self, session: Session, wrapped: WrappedKey, algorithm: Algorithm
    ) -> None:
        scheme = _FIRST_SCHEME[algorithm]
        sealed = self._sealed(session, wrapped, algorithm)
        with unwrapped.signing_key(sealed, scheme) as private:
            _compare(private, wrapped.public_key, algorithm, scheme)

    def _wrap(self, wrapping: KeyId, private: PrivateKey) -> bytes:
        key = cast("WrapMixin", self._keys[wrapping])
        return key.wrap_key(private, mechanism=self._facts.wrapping)

    def _newest(self, session: Session) -> KeyId:
        ids = self.listed(session)
        if not ids:
            raise KeyNotFoundError("no wrapping key")
        return ids[-1]

    def _sealed(
        self, session: Session, wrapped: WrappedKey, algorithm: Algorithm
    ) -> unwrapped.Sealed:
        """A blob that could be one, with its key, which is searched for only if new."""
        blob, key_id = wrapped.blob, wrapped.wrapping_key
        if not 2 * _SEMIBLOCK <= len(blob) <= _LONGEST_BLOB or len(blob) % _SEMIBLOCK:
            raise BlobRefusedError(f"a blob of {len(blob)} bytes")
        if key_id not in self._keys and key_id not in self.listed(session):
            raise KeyNotFoundError(f"no wrapping key {key_id.hex()}")
        return unwrapped.Sealed(
            blob=blob,
            key_type=KEY_TYPES[algorithm],
            wrapping=self._keys[key_id],
            facts=self._facts,
        )


def _compare(
    private: PrivateKey, public_key: bytes, algorithm: Algorithm, scheme: Scheme
) -> None:
    """Raise ``BlobRefusedError`` unless ``private`` belongs to ``public_key``."""
    try:
        if algorithm in CURVES:
            digest = _challenge(scheme)
            answer = _sign(private, algorithm, scheme, digest)
            require_signature(public_key, scheme, digest, answer)
        elif _rsa_spki(private) != public_key:
            raise BlobRefusedError("the blob is of another public key")
    except DeviceRefusedError as error:
        raise BlobRefusedError(f"compared with its public key: {error}") from error


def _challenge(scheme: Scheme) -> bytes:
    text = _COMPARED + secrets.token_bytes(32)
    return hashlib.new(SCHEMES[scheme].hash_name, text).digest()


def _sign(
    private: PrivateKey, algorithm: Algorithm, scheme: Scheme, digest: bytes
) -> bytes:
    answered = cast("SignMixin", private).sign(
        signed_bytes(scheme, digest),
        mechanism=mechanism_of(scheme),
        mechanism_param=parameters_of(scheme),
        buffer_size=LONGEST_SIGNATURE,
    )
    return signature_value(algorithm, answered)


def _spki(public: PublicKey, algorithm: Algorithm) -> bytes:
    if algorithm in CURVES:
        return spki_from_ec_point(public[Attribute.EC_POINT], algorithm)
    return _rsa_spki(public)


def _rsa_spki(key: PublicKey | PrivateKey) -> bytes:
    found = key.get_attributes([Attribute.MODULUS, Attribute.PUBLIC_EXPONENT])
    return spki_from_rsa(found[Attribute.MODULUS], found[Attribute.PUBLIC_EXPONENT])
