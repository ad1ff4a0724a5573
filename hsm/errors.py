"""What can go wrong with the signing device, by who has to act.

``HsmError``
├─ ``HsmUnavailableError``   the operator: module, token, PIN or session is not usable
├─ ``KeyNotFoundError``      us: a key was asked for that is not on the device
├─ ``DeviceRefusedError``    us: the device, or a check of ours on it, said no
└─ ``BlobRefusedError``      us: a wrapped key is not what its record says it is

Messages are for engineers. They name keys and PKCS#11 error names, never a PIN and
never what was signed.
"""

from typing import ClassVar


class HsmError(Exception):
    """Any failure of the signing device. No result was released."""

    code: ClassVar[str] = "hsm_error"


class HsmUnavailableError(HsmError):
    """The device cannot be used now: not there, not logged in, busy, lost or closed."""

    code: ClassVar[str] = "hsm_unavailable"


class KeyNotFoundError(HsmError):
    """The key is not on the device: never made, or destroyed."""

    code: ClassVar[str] = "hsm_key_not_found"


class DeviceRefusedError(HsmError):
    """The device refused the operation, or its answer is weaker than required."""

    code: ClassVar[str] = "hsm_device_refused"


class BlobRefusedError(HsmError):
    """A wrapped key does not unwrap, or to another public key than recorded."""

    code: ClassVar[str] = "hsm_blob_refused"
