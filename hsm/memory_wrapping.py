"""Wrapped keys in RAM, for ``hsm.memory_device``: the same blobs, the same refusals."""

import secrets
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
)
from cryptography.hazmat.primitives.asymmetric.ec import (
    generate_private_key as generate_ec,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    generate_private_key as generate_rsa,
)
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from hsm.algorithms import PUBLIC_EXPONENT, Algorithm, Scheme
from hsm.errors import BlobRefusedError, DeviceRefusedError, KeyNotFoundError
from hsm.key_ids import KEY_ID_BYTES, KeyId
from hsm.verifying import sign
from hsm.wrapped import WrappedKey, require_signable

PrivateKey = EllipticCurvePrivateKey | RSAPrivateKey
_WRAPPING_KEY_BYTES = 32
_CURVES = {Algorithm.P256: SECP256R1(), Algorithm.P384: SECP384R1()}
_BITS = {Algorithm.RSA3072: 3072, Algorithm.RSA4096: 4096}


class MemoryWrapping:
    """Not safe for threads by itself: the device takes the turn."""

    def __init__(self) -> None:
        self._keys: dict[KeyId, bytes] = {}  # in the order they were made
        self.create()

    def create(self) -> KeyId:
        key_id = KeyId(secrets.token_bytes(KEY_ID_BYTES))
        self._keys[key_id] = secrets.token_bytes(_WRAPPING_KEY_BYTES)
        return key_id

    def listed(self) -> tuple[KeyId, ...]:
        return tuple(self._keys)

    def destroy(self, key_id: KeyId) -> None:
        self._found(key_id)
        if key_id == self._newest():
            raise DeviceRefusedError("the newest wrapping key is not destroyed")
        del self._keys[key_id]

    def generate(self, algorithm: Algorithm) -> WrappedKey:
        return self._wrap(_generate(algorithm), self._newest())

    def sign(
        self, wrapped: WrappedKey, scheme: Scheme, digests: Sequence[bytes]
    ) -> tuple[bytes, ...]:
        require_signable(wrapped, scheme, digests)
        private = self._unwrap(wrapped)
        return tuple(sign(private, scheme, digest) for digest in digests)

    def rewrap(self, wrapped: WrappedKey) -> WrappedKey:
        private = self._unwrap(wrapped)
        if wrapped.wrapping_key == self._newest():
            return wrapped
        return self._wrap(private, self._newest())

    def _newest(self) -> KeyId:
        return self.listed()[-1]

    def _found(self, key_id: KeyId) -> bytes:
        if key_id not in self._keys:
            raise KeyNotFoundError(f"no wrapping key {key_id.hex()}")
        return self._keys[key_id]

    def _wrap(self, private: PrivateKey, key_id: KeyId) -> WrappedKey:
        pkcs8 = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return WrappedKey(
            blob=aes_key_wrap_with_padding(self._found(key_id), pkcs8),
            public_key=_spki(private),
            wrapping_key=key_id,
        )

    def _unwrap(self, wrapped: WrappedKey) -> PrivateKey:
        secret = self._found(wrapped.wrapping_key)
        try:
            pkcs8 = aes_key_unwrap_with_padding(secret, wrapped.blob)
        except InvalidUnwrap:
            raise BlobRefusedError("the blob does not unwrap") from None
        private = load_der_private_key(pkcs8, password=None)
        if not isinstance(private, PrivateKey):
            raise BlobRefusedError("the blob holds another kind of key")
        if _spki(private) != wrapped.public_key:
            raise BlobRefusedError("the blob is of another public key")
        return private


def _generate(algorithm: Algorithm) -> PrivateKey:
    if algorithm in _CURVES:
        return generate_ec(_CURVES[algorithm])
    return generate_rsa(PUBLIC_EXPONENT, _BITS[algorithm])


def _spki(private: PrivateKey) -> bytes:
    return private.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
