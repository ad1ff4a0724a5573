"""What the wallet holds: credentials, one key for each, and its last answer.

Kinds are ``pid`` and ``signing-pass``; a new one replaces the old one of its kind.
Every credential gets a key of its own (ARF: device-bound, unlinkable), made before
the issuer is asked and kept only when the credential was accepted.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator.encoding import compact_json, parse_json_object
from wallet_emulator.errors import MalformedError, NotSetUpError
from wallet_emulator.keys import load_key, new_key, save_key
from wallet_emulator.persons import Person
from wallet_emulator.pid_provider import PidProvider, holder_jwk, pid_claims
from wallet_emulator.sd_jwt import SdJwt

PID: Final = "pid"
SIGNING_PASS: Final = "signing-pass"  # noqa: S105  a kind of credential, no secret
KINDS: Final = (PID, SIGNING_PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCredential:
    """A credential with the private key its ``cnf`` names."""

    kind: str
    sd_jwt: SdJwt
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def vct(self) -> str:
        return str(self.sd_jwt.payload.get("vct", ""))

    @property
    def expires_at(self) -> datetime | None:
        exp = self.sd_jwt.payload.get("exp")
        return datetime.fromtimestamp(exp, UTC) if isinstance(exp, int) else None

    def usable_at(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


class Wallet:
    """Credentials in a directory. For many threads, not for two processes at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.RLock()  # a credential and its key are two files

    def hold(
        self, kind: str, credential: SdJwt, key: ec.EllipticCurvePrivateKey
    ) -> None:
        """Keep a credential, and forget the one of the same kind."""
        with self._lock:
            save_key(self._key_file(kind), key)
            self._credential_file(kind).write_text(credential.text + "\n", "ascii")

    def drop(self, kind: str) -> None:
        """Forget the credential of this kind and its key, if there is one."""
        with self._lock:
            self._credential_file(kind).unlink(missing_ok=True)
            self._key_file(kind).unlink(missing_ok=True)

    def credential(self, kind: str) -> HeldCredential | None:
        """What is held of this kind, or None.

        Raises:
            NotSetUpError: the files are there but cannot be read.
        """
        path = self._credential_file(kind)
        with self._lock:
            if not path.exists():
                return None
            try:
                credential = SdJwt.parse(path.read_text("ascii").strip())
            except (OSError, UnicodeDecodeError, MalformedError) as error:
                raise NotSetUpError(f"no readable credential in {path}") from error
            return HeldCredential(
                kind=kind, sd_jwt=credential, key=load_key(self._key_file(kind))
            )

    def credentials(self) -> tuple[HeldCredential, ...]:
        held = (self.credential(kind) for kind in KINDS)
        return tuple(credential for credential in held if credential is not None)

    def remember_answer(self, vp_token: Mapping[str, object]) -> None:
        """Keep what was last sent for each query id: material for a replay."""
        with self._lock:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._answer_file().write_bytes(
                compact_json({**self.earlier_answer(), **vp_token})
            )

    def earlier_answer(self) -> dict[str, object]:
        """Query id → presentations as last sent; empty before the first answer."""
        path = self._answer_file()
        return parse_json_object(path.read_bytes()) if path.exists() else {}

    def _credential_file(self, kind: str) -> Path:
        return self._directory / f"{kind}.sd-jwt"

    def _key_file(self, kind: str) -> Path:
        return self._directory / f"{kind}-key.pem"

    def _answer_file(self) -> Path:
        return self._directory / "last-answer.json"


def receive_pid(
    wallet: Wallet, provider: PidProvider, person: Person, now: datetime
) -> HeldCredential:
    """Have the test provider issue this person's PID to a new key of the wallet."""
    key = new_key()
    pid = provider.issue(pid_claims(person, now), holder_jwk(key.public_key()), now)
    wallet.hold(PID, pid, key)
    return HeldCredential(kind=PID, sd_jwt=pid, key=key)
