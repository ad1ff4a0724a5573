"""Devices that lie, and a self-test that must notice each lie."""

import secrets
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.algorithms import Scheme
from hsm.errors import DeviceRefusedError
from hsm.memory_device import MemoryDevice
from hsm.port import KeyId, MacKey, ServiceKey
from hsm.selftest import known_answers
from hsm.wrapped import WrappedKey

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class SignsSomethingElse(MemoryDevice):
    def sign_with_one_time_key(self, key_id: KeyId, digest: bytes) -> bytes:
        return super().sign_with_one_time_key(key_id, digest[::-1])


class ServiceKeySignsSomethingElse(MemoryDevice):
    def sign_with_service_key(self, key: ServiceKey, digest: bytes) -> bytes:
        return super().sign_with_service_key(key, digest[::-1])


class SharesOneServiceKey(MemoryDevice):
    def sign_with_service_key(self, key: ServiceKey, digest: bytes) -> bytes:
        return super().sign_with_service_key(ServiceKey.PASS_ISSUING, digest)


class RepeatsItsNonce(MemoryDevice):
    """Right signatures with k = 2 every time: two of them give the key away."""

    def sign_with_one_time_key(self, key_id: KeyId, digest: bytes) -> bytes:
        super().sign_with_one_time_key(key_id, digest)
        secret = self._one_time[key_id].private_numbers().private_value
        r = derive_private_key(2, SECP256R1()).public_key().public_numbers().x
        s = pow(2, -1, ORDER) * (int.from_bytes(digest, "big") + r * secret) % ORDER
        return encode_dss_signature(r, s)


class SignsShortDigests(MemoryDevice):
    def sign_with_one_time_key(self, key_id: KeyId, digest: bytes) -> bytes:
        return super().sign_with_one_time_key(key_id, digest.ljust(32, b"\0"))


class KeepsDestroyedKeys(MemoryDevice):
    def destroy_one_time_key(self, key_id: KeyId) -> None:
        pass


class HidesDestroyedKeys(KeepsDestroyedKeys):
    def one_time_keys(self) -> tuple[KeyId, ...]:
        return ()


class AnswersAnotherCurve(MemoryDevice):
    def generate_one_time_key(self, key_id: KeyId) -> bytes:
        super().generate_one_time_key(key_id)
        public = generate_private_key(SECP384R1()).public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class AnswersNoKey(MemoryDevice):
    def generate_one_time_key(self, key_id: KeyId) -> bytes:
        return super().generate_one_time_key(key_id)[:-1]


class MacsAtRandom(MemoryDevice):
    def mac(self, key: MacKey, message: bytes) -> bytes:
        return secrets.token_bytes(32)


class MacsWithOneKey(MemoryDevice):
    def mac(self, key: MacKey, message: bytes) -> bytes:
        return super().mac(MacKey.HANDLE, message)


class MacsEveryMessageAlike(MemoryDevice):
    def mac(self, key: MacKey, message: bytes) -> bytes:
        return super().mac(key, b"")


class SignsAnyBlob(MemoryDevice):
    """The first blob it was shown is the one it signs with."""

    first: WrappedKey | None = None

    def sign_with_wrapped_key(
        self, wrapped: WrappedKey, scheme: Scheme, digests: Sequence[bytes]
    ) -> tuple[bytes, ...]:
        self.first = self.first or wrapped
        return super().sign_with_wrapped_key(self.first, scheme, digests)


class WrappedKeySignsSomethingElse(MemoryDevice):
    def sign_with_wrapped_key(
        self, wrapped: WrappedKey, scheme: Scheme, digests: Sequence[bytes]
    ) -> tuple[bytes, ...]:
        other = [digest[::-1] for digest in digests]
        return super().sign_with_wrapped_key(wrapped, scheme, other)


@pytest.mark.parametrize(
    ("liar", "complaint"),
    [
        (SignsSomethingElse, "a signature is wrong"),
        (ServiceKeySignsSomethingElse, "a signature is wrong"),
        (SharesOneServiceKey, "a signature is wrong"),
        (RepeatsItsNonce, "share their nonce"),
        (SignsShortDigests, "a short digest was signed"),
        (KeepsDestroyedKeys, "still listed"),
        (HidesDestroyedKeys, "a destroyed key signed"),
        (AnswersAnotherCurve, "not a P-256 key"),
        (AnswersNoKey, "no public key"),
        (MacsAtRandom, "does not repeat"),
        (MacsWithOneKey, "two MACs are equal"),
        (MacsEveryMessageAlike, "two MACs are equal"),
        (SignsAnyBlob, "a wrong blob signed"),
        (WrappedKeySignsSomethingElse, "a signature is wrong"),
    ],
)
def test_a_device_that_lies_is_noticed(
    liar: type[MemoryDevice], complaint: str
) -> None:
    with pytest.raises(DeviceRefusedError, match=complaint):
        known_answers(liar())


def test_an_honest_device_passes_every_check() -> None:
    """Guards the table above: a device that always fails would pass it."""
    assert len(known_answers(MemoryDevice())) == 8
