"""Wrapped keys: what they may be, how they sign, and the calls that manage them.

A wrapped key is a signing key that is on the device only while one call runs. Between
calls it is a blob that only the device's own wrapping key opens (AES-KWP, RFC 5649).
The blob says nothing about whose key it is: who stores it binds it to its owner by
``MacKey.CREDENTIAL``, before it is handed back to the device.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hsm.algorithms import SCHEMES, Algorithm, Scheme, algorithm_of
from hsm.errors import DeviceRefusedError
from hsm.key_ids import KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A private key that only the device can open, and its public half."""

    blob: bytes
    """AES-KWP of the PKCS#8; opened by ``wrapping_key`` and nothing else."""
    public_key: bytes
    """DER SubjectPublicKeyInfo."""
    wrapping_key: KeyId


class WrappedKeys(Protocol):
    """The part of a ``SigningDevice`` that works with wrapped keys.

    Each call does all it says under one turn at the device, and leaves no key behind:
    not when it returns, not when it raises.
    """

    def generate_wrapped_key(self, algorithm: Algorithm) -> WrappedKey:
        """Make a key, wrap it under the newest wrapping key, destroy it, prove it gone.

        Raises ``KeyNotFoundError`` if the device has no wrapping key.
        """
        ...

    def sign_with_wrapped_key(
        self, wrapped: WrappedKey, scheme: Scheme, digests: Sequence[bytes]
    ) -> tuple[bytes, ...]:
        """Unwrap, sign all of ``digests`` in order, destroy, prove it gone.

        The unwrapped key can only sign, only by ``scheme``, and is compared with
        ``wrapped.public_key`` before the first digest is signed. Signatures are DER
        Ecdsa-Sig-Values, or as long as the modulus. All of them, or an exception:

        ``DeviceRefusedError`` if there is no digest or one of another length, or if a
        key of this kind does not sign by ``scheme``; the blob is then not looked at.
        ``BlobRefusedError`` if the blob does not unwrap, or to another public key.
        ``KeyNotFoundError`` if the wrapping key is not on the device.
        """
        ...

    def rewrap(self, wrapped: WrappedKey) -> WrappedKey:
        """Return the same key under the newest wrapping key, without it leaving.

        The new blob is opened once more and compared with the public key before it is
        returned. A key that is under the newest one already comes back as it is.
        Raises as ``sign_with_wrapped_key``.
        """
        ...

    def wrapping_keys(self) -> tuple[KeyId, ...]:
        """Ids of all wrapping keys on the device, the newest last.

        Asked of the device, not of a list kept beside it.
        """
        ...


class WrappingKeyCustody(Protocol):
    """The operators' acts on wrapping keys. No call of the SAM leads here."""

    def create_wrapping_key(self) -> KeyId:
        """Make an AES-256 key that only wraps and unwraps; it is the newest now."""
        ...

    def destroy_wrapping_key(self, key_id: KeyId) -> None:
        """Destroy the key, and with it every blob under it; prove it gone.

        Raises ``DeviceRefusedError`` for the newest, which new blobs are made under;
        ``KeyNotFoundError`` if it is not there.
        """
        ...


def require_signable(
    wrapped: WrappedKey, scheme: Scheme, digests: Sequence[bytes]
) -> Algorithm:
    """Return the kind of ``wrapped`` if it may sign ``digests`` by ``scheme``.

    Raises ``DeviceRefusedError``, see ``WrappedKeys.sign_with_wrapped_key``.
    """
    algorithm, facts = algorithm_of(wrapped.public_key), SCHEMES[scheme]
    if algorithm not in facts.algorithms:
        raise DeviceRefusedError(f"{algorithm} does not sign by {scheme}")
    if not digests:
        raise DeviceRefusedError("nothing to sign")
    for digest in digests:
        if len(digest) != facts.digest_bytes:
            raise DeviceRefusedError(f"{scheme} of {len(digest)} bytes")
    return algorithm
