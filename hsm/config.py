"""Where the signing device is. Read by whoever reads the SAM's settings, not here."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

TOKEN_LABEL_BYTES = 32  # CK_TOKEN_INFO.label, PKCS#11 v2.40 §3.2


class HsmConfig(BaseModel):
    """A PKCS#11 module, a token in it, and the file that holds the user PIN.

    Holds no secret. Relative paths mean the working directory at construction.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    module: Path
    """The vendor's shared library."""
    token_label: Annotated[str, Field(min_length=1)]
    pin_file: Path
    """One line, mode 0600 or stricter. Also the lock that processes take for login."""
    softhsm_conf: Path | None = None
    """SoftHSM only: the file the module is pointed at by SOFTHSM2_CONF. ``None``
    leaves the module to its own ways of finding its configuration."""
    initialise_with: str | None = None
    """What some modules want in CK_C_INITIALIZE_ARGS.pReserved (NSS: its folder)."""
    busy_timeout: Annotated[float, Field(gt=0, le=60)] = 10.0
    """Seconds a call waits for its turn at the device, and a process for its login."""

    @field_validator("module", "pin_file", "softhsm_conf")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.absolute()

    @field_validator("token_label")
    @classmethod
    def _fits_the_token(cls, label: str) -> str:
        if len(label.encode()) > TOKEN_LABEL_BYTES:
            raise ValueError(f"longer than {TOKEN_LABEL_BYTES} bytes")
        if label != label.strip():
            raise ValueError("PKCS#11 pads labels with spaces: none at the ends")
        return label
