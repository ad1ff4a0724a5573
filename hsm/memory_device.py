"""``SigningDevice`` in RAM: the same promises, for tests that need no token.

Never for service: the keys are ordinary objects of this process, and they are new
in every instance. ``self_test`` says so in the model name.
"""

import hmac
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.algorithms import Algorithm, Scheme
from hsm.errors import DeviceRefusedError, HsmUnavailableError, KeyNotFoundError
from hsm.key_ids import KeyId, require_key_id
from hsm.memory_wrapping import MemoryWrapping
from hsm.port import MacKey, SelfTest, ServiceKey, require_digest
from hsm.selftest import known_answers
from hsm.wrapped import WrappedKey

_MAC_KEY_BYTES = 32


class MemoryDevice:
    """All keys of the service are there from the start."""

    def __init__(self) -> None:
        self._one_time: dict[KeyId, EllipticCurvePrivateKey] = {}
        self._service = {key: generate_private_key(SECP256R1()) for key in ServiceKey}
        self._quota: dict[KeyId, bytes] = {}
        self._mac = {key: secrets.token_bytes(_MAC_KEY_BYTES) for key in MacKey}
        self._wrapping = MemoryWrapping()
        self._one_at_a_time = Lock()
        self._closed = False

    def generate_one_time_key(self, key_id: KeyId) -> bytes:
        require_key_id(key_id)
        with self._exclusively():
            if key_id in self._one_time:
                raise DeviceRefusedError("a one-time key with this id is there")
            self._one_time[key_id] = generate_private_key(SECP256R1())
            return _spki(self._one_time[key_id])

    def sign_with_one_time_key(self, key_id: KeyId, digest: bytes) -> bytes:
        require_digest(digest)
        with self._exclusively():
            return _sign(self._found(key_id), digest)

    def destroy_one_time_key(self, key_id: KeyId) -> None:
        require_key_id(key_id)
        with self._exclusively():
            self._found(key_id)
            del self._one_time[key_id]

    def one_time_keys(self) -> tuple[KeyId, ...]:
        with self._exclusively():
            return tuple(sorted(self._one_time))

    def service_public_key(self, key: ServiceKey) -> bytes:
        with self._exclusively():
            return _spki(self._service[key])

    def sign_with_service_key(self, key: ServiceKey, digest: bytes) -> bytes:
        require_digest(digest)
        with self._exclusively():
            return _sign(self._service[key], digest)

    def mac(self, key: MacKey, message: bytes) -> bytes:
        with self._exclusively():
            return hmac.digest(self._mac[key], message, "sha256")

    def create_quota_key(self, key_id: KeyId) -> None:
        require_key_id(key_id)
        with self._exclusively():
            if key_id in self._quota:
                raise DeviceRefusedError("a key with this id is there")
            self._quota[key_id] = secrets.token_bytes(_MAC_KEY_BYTES)

    def quota_mac(self, key_id: KeyId, message: bytes) -> bytes:
        with self._exclusively():
            if key_id not in self._quota:
                raise KeyNotFoundError(f"no quota key {key_id.hex()}")
            return hmac.digest(self._quota[key_id], message, "sha256")

    def destroy_quota_key(self, key_id: KeyId) -> None:
        require_key_id(key_id)
        with self._exclusively():
            self._quota.pop(key_id, None)

    def quota_keys(self) -> tuple[KeyId, ...]:
        with self._exclusively():
            return tuple(sorted(self._quota))

    def generate_wrapped_key(self, algorithm: Algorithm) -> WrappedKey:
        with self._exclusively():
            return self._wrapping.generate(algorithm)

    def sign_with_wrapped_key(
        self, wrapped: WrappedKey, scheme: Scheme, digests: Sequence[bytes]
    ) -> tuple[bytes, ...]:
        with self._exclusively():
            return self._wrapping.sign(wrapped, scheme, digests)

    def rewrap(self, wrapped: WrappedKey) -> WrappedKey:
        with self._exclusively():
            return self._wrapping.rewrap(wrapped)

    def wrapping_keys(self) -> tuple[KeyId, ...]:
        with self._exclusively():
            return self._wrapping.listed()

    def create_wrapping_key(self) -> KeyId:
        with self._exclusively():
            return self._wrapping.create()

    def destroy_wrapping_key(self, key_id: KeyId) -> None:
        with self._exclusively():
            self._wrapping.destroy(key_id)

    def self_test(self) -> SelfTest:
        return SelfTest(
            manufacturer="none",
            model="memory: for tests only",
            library_version="none",
            token_label="none",  # noqa: S106 - a label, not a password
            token_serial="none",  # noqa: S106 - a serial number
            passed=known_answers(self),
        )

    def close(self) -> None:
        with self._one_at_a_time:
            self._closed = True
            self._one_time.clear()

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        with self._one_at_a_time:
            if self._closed:
                raise HsmUnavailableError("closed")
            yield

    def _found(self, key_id: KeyId) -> EllipticCurvePrivateKey:
        if key_id not in self._one_time:
            raise KeyNotFoundError(f"no key {key_id.hex()}")
        return self._one_time[key_id]


def _spki(private: EllipticCurvePrivateKey) -> bytes:
    public = private.public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _sign(private: EllipticCurvePrivateKey, digest: bytes) -> bytes:
    return private.sign(digest, ECDSA(Prehashed(SHA256())))
