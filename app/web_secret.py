"""The web tier's one secret, and the codes derived from it.

A code is HMAC-SHA256(secret, purpose ‖ 0 ‖ what it is for), cut to 128 bits or, for
people, to six digits: repeatable, so a wallet that posts twice gets the same reply, and
nothing readable has to be stored. Each use has a purpose of its own; a code of one
purpose says nothing about another.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

SECRET_BYTES = 32
CODE_BYTES = 16
DIGITS = 6


class Purpose(Enum):
    RESPONSE_CODE = b"response_code"
    WALLET_ERROR = b"wallet_error"
    PRE_AUTHORIZED_CODE = b"pre-authorized_code"
    ISSUER_STATE = b"issuer_state"
    TYPED_CODE = b"typed_code"
    HANDOVER = b"handover"


class SecretFileError(Exception):
    """The secret file is missing or too short."""

    code = "secret_file"


@dataclass(frozen=True, slots=True)
class WebSecret:
    _value: bytes = field(repr=False)

    def derive(self, purpose: Purpose, of: str) -> str:
        """22 characters of base64url."""
        message = purpose.value + b"\0" + of.encode()
        code = hmac.digest(self._value, message, "sha256")[:CODE_BYTES]
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode("ascii")

    def digits(self, purpose: Purpose, of: str) -> str:
        """``DIGITS`` decimal digits, for a person to read and type."""
        message = purpose.value + b"\0" + of.encode()
        number = int.from_bytes(hmac.digest(self._value, message, "sha256")[:8], "big")
        return f"{number % 10**DIGITS:0{DIGITS}d}"


def load_secret(path: Path) -> WebSecret:
    try:
        value = path.read_bytes()
    except OSError as error:
        raise SecretFileError(f"{path}: {error.strerror}; run set-up") from error
    if len(value) < SECRET_BYTES:
        raise SecretFileError(f"{path}: shorter than {SECRET_BYTES} bytes")
    return WebSecret(value)


def create_secret(path: Path) -> bool:
    """Make the file, mode 0600, unless it is there; True when it was made."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            file.write(secrets.token_bytes(SECRET_BYTES))
    except FileExistsError:
        return False
    return True
