"""What names a key on the device that has no label of its own."""

from typing import Final, NewType

from hsm.errors import DeviceRefusedError

KeyId = NewType("KeyId", bytes)
"""CKA_ID of a one-time, quota or wrapping key: ``KEY_ID_BYTES`` random bytes. Those of
one-time and quota keys are recorded before use."""

KEY_ID_BYTES: Final = 16


def require_key_id(key_id: KeyId) -> None:
    """Raise ``DeviceRefusedError`` unless ``key_id`` has ``KEY_ID_BYTES`` bytes."""
    if len(key_id) != KEY_ID_BYTES:
        raise DeviceRefusedError(f"a key id of {len(key_id)} bytes")
