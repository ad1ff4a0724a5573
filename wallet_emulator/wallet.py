"""What the wallet holds: credentials, one key for each, and its last answer.

Kinds are ``pid`` and ``signing-pass`` (SD-JWT VC) and ``pid-mdoc``: the PID is held in
both encodings (PID Rulebook PID_02). A new PID replaces the old one of its kind; the
last few passes are kept, and the youngest is shown where several would do.
Every credential gets a key of its own (ARF: device-bound, unlinkable), made before
the issuer is asked and kept only when the credential was accepted.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator.certificates import parse_x5c
from wallet_emulator.encoding import compact_json, parse_json_object
from wallet_emulator.errors import (
    MalformedError,
    NotSetUpError,
    UnknownStatusError,
)
from wallet_emulator.keys import load_key, new_key, save_key
from wallet_emulator.mdoc.credential import Mdoc
from wallet_emulator.persons import Person
from wallet_emulator.pid_provider import (
    PidProvider,
    holder_jwk,
    pid_claims,
    pid_elements,
)
from wallet_emulator.sd_jwt import ClaimsPath, SdJwt

SD_JWT_FORMAT: Final = "dc+sd-jwt"
MDOC_FORMAT: Final = "mso_mdoc"
FORMATS: Final = (SD_JWT_FORMAT, MDOC_FORMAT)
PID: Final = "pid"
PID_MDOC: Final = "pid-mdoc"
SIGNING_PASS: Final = "signing-pass"  # noqa: S105  a kind of credential, no secret
KINDS: Final = (PID, PID_MDOC, SIGNING_PASS)
MAX_PASSES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCredential:
    """A credential with the private key its ``cnf`` names."""

    kind: str
    sd_jwt: SdJwt
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def format(self) -> str:
        return SD_JWT_FORMAT

    @property
    def vct(self) -> str:
        return str(self.sd_jwt.payload.get("vct", ""))

    @property
    def type(self) -> str:
        """What a query names it by: ``vct``."""
        return self.vct

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The issuer's certificates, leaf first."""
        return parse_x5c(self.sd_jwt.header.get("x5c"))

    def claims(self) -> dict[str, object]:
        """Everything in it, as if all were disclosed."""
        return self.sd_jwt.reveal()

    def has(self, paths: Iterable[ClaimsPath]) -> bool:
        try:
            self.sd_jwt.select(paths)
        except MalformedError:
            return False
        return True

    @property
    def status(self) -> object:
        """What it says of its revocation, or None."""
        return self.sd_jwt.payload.get("status")

    @property
    def expires_at(self) -> datetime | None:
        exp = self.sd_jwt.payload.get("exp")
        return datetime.fromtimestamp(exp, UTC) if isinstance(exp, int) else None

    def usable_at(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMdoc:
    """An mdoc with the private key its ``deviceKey`` names."""

    kind: str
    mdoc: Mdoc
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def format(self) -> str:
        return MDOC_FORMAT

    @property
    def type(self) -> str:
        """What a query names it by: the document type."""
        return self.mdoc.doc_type

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self.mdoc.chain

    @property
    def status(self) -> object:
        """What it says of its revocation, or None."""
        return self.mdoc.mso.get("status")

    @property
    def expires_at(self) -> datetime | None:
        return self.mdoc.valid_until

    def usable_at(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at

    def claims(self) -> dict[str, object]:
        """Namespace → element → value."""
        return dict(self.mdoc.elements())

    def has(self, paths: Iterable[ClaimsPath]) -> bool:
        try:
            self.mdoc.select(paths)
        except MalformedError:
            return False
        return True


Held: TypeAlias = HeldCredential | HeldMdoc


class Wallet:
    """Credentials in a directory. For many threads, not for two processes at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.RLock()  # a credential and its key are two files

    def hold(
        self, kind: str, credential: SdJwt, key: ec.EllipticCurvePrivateKey
    ) -> None:
        """Keep an SD-JWT VC, and forget the PID or the oldest of many passes."""
        with self._lock:
            if kind == SIGNING_PASS:
                self._make_room()
            self._hold(kind, credential.text, key)

    def hold_mdoc(self, credential: Mdoc, key: ec.EllipticCurvePrivateKey) -> None:
        """Keep a PID as mdoc, and forget the one before."""
        self._hold(PID_MDOC, credential.text, key)

    def drop(self, kind: str) -> None:
        """Forget what is held of this kind, and its keys."""
        with self._lock:
            for place in _places(kind):
                self._credential_file(place).unlink(missing_ok=True)
                self._key_file(place).unlink(missing_ok=True)

    def credential(self, kind: str) -> HeldCredential | None:
        """The SD-JWT VC of this kind, the youngest of several, or None.

        Raises:
            NotSetUpError: the files are there but cannot be read.
        """
        held = None if kind == PID_MDOC else self.held(kind)
        return held if isinstance(held, HeldCredential) else None

    def mdoc(self) -> HeldMdoc | None:
        """The PID as mdoc, or None; raises as ``credential``."""
        held = self.held(PID_MDOC)
        return held if isinstance(held, HeldMdoc) else None

    def held(self, kind: str) -> Held | None:
        """What is held of this kind in its encoding; raises as ``credential``."""
        return self._at(kind, kind)

    def credentials(self) -> tuple[Held, ...]:
        """All of them: by kind, and of passes the youngest first."""
        held = (self._at(kind, place) for kind in KINDS for place in _places(kind))
        return tuple(credential for credential in held if credential is not None)

    def _at(self, kind: str, place: str) -> Held | None:
        path = self._credential_file(place)
        with self._lock:
            if not path.exists():
                return None
            try:
                return self._parsed(kind, place, path.read_text("ascii").strip())
            except (OSError, UnicodeDecodeError, MalformedError) as error:
                raise NotSetUpError(f"no readable credential in {path}") from error

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

    def _hold(self, kind: str, text: str, key: ec.EllipticCurvePrivateKey) -> None:
        with self._lock:
            save_key(self._key_file(kind), key)
            self._credential_file(kind).write_text(text + "\n", "ascii")

    def _make_room(self) -> None:
        """Every pass moves one place back; the key first, the pass marks it whole."""
        for place, back in reversed(list(pairwise(_places(SIGNING_PASS)))):
            if self._credential_file(place).exists():
                self._key_file(place).replace(self._key_file(back))
                self._credential_file(place).replace(self._credential_file(back))

    def _parsed(self, kind: str, place: str, text: str) -> Held:
        key = load_key(self._key_file(place))
        if kind == PID_MDOC:
            return HeldMdoc(kind=kind, mdoc=Mdoc.parse(text), key=key)
        return HeldCredential(kind=kind, sd_jwt=SdJwt.parse(text), key=key)

    def _credential_file(self, place: str) -> Path:
        suffix = "mdoc" if place == PID_MDOC else "sd-jwt"
        return self._directory / f"{place}.{suffix}"

    def _key_file(self, place: str) -> Path:
        return self._directory / f"{place}-key.pem"

    def _answer_file(self) -> Path:
        return self._directory / "last-answer.json"


def _places(kind: str) -> tuple[str, ...]:
    """Stems of the files of one kind, the youngest first."""
    if kind != SIGNING_PASS:
        return (kind,)
    return (kind, *(f"{kind}-{number}" for number in range(2, MAX_PASSES + 1)))


def receive_pid(
    wallet: Wallet,
    provider: PidProvider,
    person: Person,
    now: datetime,
    *,
    mdoc_by_name: bool = False,
) -> HeldCredential:
    """Have the test provider issue this person's PID, both encodings, to new keys.

    Where the provider publishes lists each has a place in the status list; the mdoc
    has a name for the identifier list instead if ``mdoc_by_name``. Returns the SD-JWT
    VC; ``wallet.mdoc()`` is the other one.
    """
    receive_mdoc(wallet, provider, person, now, by_name=mdoc_by_name)
    key = new_key()
    pid = provider.issue(
        pid_claims(person, now),
        holder_jwk(key.public_key()),
        now,
        status=provider.new_status(),
    )
    wallet.hold(PID, pid, key)
    return HeldCredential(kind=PID, sd_jwt=pid, key=key)


def receive_mdoc(
    wallet: Wallet,
    provider: PidProvider,
    person: Person,
    now: datetime,
    *,
    by_name: bool = False,
) -> HeldMdoc:
    """As ``receive_pid``, the mdoc alone."""
    key = new_key()
    pid = provider.issue_mdoc(
        pid_elements(person, now),
        key.public_key(),
        now,
        status=provider.new_status(by_name=by_name),
    )
    wallet.hold_mdoc(pid, key)
    return HeldMdoc(kind=PID_MDOC, mdoc=pid, key=key)


def revoke_pid(wallet: Wallet, provider: PidProvider) -> None:
    """Have the provider revoke the PID in this wallet, in both encodings.

    Raises:
        UnknownStatusError: it says nothing of a list that this provider publishes.
    """
    held = [wallet.held(kind) for kind in (PID, PID_MDOC)]
    statuses = [pid.status for pid in held if pid is not None]
    if provider.lists is None or not any(map(provider.lists.publishes, statuses)):
        raise UnknownStatusError("the PID in this wallet is in no list of its provider")
    for status in filter(provider.lists.publishes, statuses):
        provider.lists.revoke(status)
