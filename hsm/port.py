"""The signing device as the SAM sees it: its calls, and what each promises.

*Keys.* A one-time key is a P-256 key that exists only inside the process that made
it: it dies with ``destroy_one_time_key``, with ``close`` and with the process, a
crash included. Service keys and MAC keys are on the device before it is opened,
survive everything, and cannot be made, changed or destroyed through this port. A quota
key is a MAC key for a limited time: it is made and destroyed through this port, and in
between survives everything as well. No private, MAC or quota key ever leaves the
device. Wrapped keys leave it, as blobs that nothing but the device opens: their calls
are in ``hsm.wrapped``.

*Completion.* A call either completes on the device or raises ``HsmError``; there is
no partial result. If it cannot be proven that a one-time key is gone, the device
stops serving (``HsmUnavailableError``) until it is opened again, because closing it
is the other way to destroy the key. A quota key knows no other way: while it is not
proven gone the device serves on, and whoever wants it gone asks again. A process that
dies while it makes a quota key may leave it whole, half or not at all: its id is to be
recorded before, and ``destroy_quota_key`` removes what there is.

*Concurrency.* Every call may come from any thread. Calls take turns; one waits a
bounded time, then raises ``HsmUnavailableError``. Several processes may each open
the device; none sees the one-time keys of another. A device does not survive
``fork``: open it in the process that uses it.

*Not promised.* That a signature is right: the caller verifies each one with the
public key of the certificate before it releases anything.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from hsm.errors import DeviceRefusedError
from hsm.key_ids import KEY_ID_BYTES, KeyId
from hsm.wrapped import WrappedKeys

__all__ = [
    "DIGEST_BYTES",
    "KEY_ID_BYTES",
    "KeyId",
    "MacKey",
    "SelfTest",
    "ServiceKey",
    "SigningDevice",
    "require_digest",
]

DIGEST_BYTES: Final = 32
"""Length of a SHA-256 digest: all that one-time and service keys sign."""


class ServiceKey(StrEnum):
    """A P-256 key of the service itself; the value is its CKA_LABEL."""

    REGISTRATION_AUTHORITY = "registration-authority"
    REQUEST_SIGNING = "request-signing"
    PASS_ISSUING = "pass-issuing"  # noqa: S105 - a label, not a password


class MacKey(StrEnum):
    """A 32-byte HMAC-SHA256 key; the value is its CKA_LABEL."""

    SIGNER_ID = "signer-id"
    HANDLE = "handle"
    CREDENTIAL = "credential"
    """Binds a wrapped key to its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Which device passed, and what it was asked. A failure is an exception instead.

    The identity is what the module says of itself. Whether that module may carry
    qualified certificates is a decision of the SAM's policy, by an explicit list.
    """

    manufacturer: str
    model: str
    library_version: str
    token_label: str
    token_serial: str
    passed: tuple[str, ...]
    """The checks that were made, one sentence each."""
    quarantine: tuple[str, ...] = ()
    """Objects on the token that are none of the service's, one description each. They
    are not used, not changed and not removed: that is for a person."""


class SigningDevice(WrappedKeys, Protocol):
    """Promises of the module docstring hold for every method."""

    def generate_one_time_key(self, key_id: KeyId) -> bytes:
        """Make the key and return its DER SubjectPublicKeyInfo (RFC 5480, P-256).

        Raises ``DeviceRefusedError`` if ``key_id`` has the wrong length, is in use,
        or the device made a key that can do more than sign.
        """
        ...

    def sign_with_one_time_key(self, key_id: KeyId, digest: bytes) -> bytes:
        """Return a DER ECDSA-Sig-Value over exactly ``digest``; nothing is hashed.

        Raises ``DeviceRefusedError`` unless ``digest`` has ``DIGEST_BYTES`` bytes,
        ``KeyNotFoundError`` if the key is not there.
        """
        ...

    def destroy_one_time_key(self, key_id: KeyId) -> None:
        """Destroy both halves and prove both gone.

        Raises ``KeyNotFoundError`` if neither half was there.
        """
        ...

    def one_time_keys(self) -> tuple[KeyId, ...]:
        """Ids of which a half is still on the device in this process, sorted.

        Asked of the device, not of a list kept beside it.
        """
        ...

    def service_public_key(self, key: ServiceKey) -> bytes:
        """Return the DER SubjectPublicKeyInfo. ``KeyNotFoundError`` if not there."""
        ...

    def sign_with_service_key(self, key: ServiceKey, digest: bytes) -> bytes:
        """As ``sign_with_one_time_key``, with a key of the service."""
        ...

    def mac(self, key: MacKey, message: bytes) -> bytes:
        """Return HMAC-SHA256 over ``message``, 32 bytes."""
        ...

    def create_quota_key(self, key_id: KeyId) -> None:
        """Make a 32-byte HMAC-SHA256 key that outlives this process.

        Raises ``DeviceRefusedError`` if ``key_id`` has the wrong length, is in use, or
        the device made a key that can do more than MAC.
        """
        ...

    def quota_mac(self, key_id: KeyId, message: bytes) -> bytes:
        """Return HMAC-SHA256 over ``message``, 32 bytes.

        Raises ``KeyNotFoundError`` if the key is not there, ``DeviceRefusedError`` if
        what is there is half a key or can do more than MAC.
        """
        ...

    def destroy_quota_key(self, key_id: KeyId) -> None:
        """Destroy whatever is there of the key, and prove that nothing is left.

        Does nothing if nothing was there. Raises ``HsmError`` if the proof fails.
        """
        ...

    def quota_keys(self) -> tuple[KeyId, ...]:
        """Ids of all quota keys on the device, halves included, sorted.

        Asked of the device, not of a list kept beside it.
        """
        ...

    def self_test(self) -> SelfTest:
        """Ask known questions and return who answered.

        Raises ``DeviceRefusedError`` if an answer is wrong, any ``HsmError`` if one
        does not come.
        """
        ...

    def close(self) -> None:
        """Destroy all one-time keys and log out. Later calls are refused; a second
        ``close`` does nothing."""
        ...


def require_digest(digest: bytes) -> None:
    """Raise ``DeviceRefusedError`` unless ``digest`` has ``DIGEST_BYTES`` bytes.

    CKM_ECDSA takes any length and cuts or pads it: 31 bytes would be signed too.
    """
    if len(digest) != DIGEST_BYTES:
        raise DeviceRefusedError(f"a digest of {len(digest)} bytes")
