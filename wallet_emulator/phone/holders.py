"""Who may hold this phone: the test persons, each with a wallet of their own.

    <directory>/phone/<person>/   credentials, keys, history
    <directory>/phone/holder      the person who holds it now

Changing the person changes the wallet: a signing pass belongs to one person.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from wallet_emulator.persons import PERSONS, Person
from wallet_emulator.phone.history import History
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.wallet import (
    PID,
    SIGNING_PASS,
    Held,
    Wallet,
    receive_pid,
    revoke_pid,
)

FIRST_HOLDER: Final = "erika"
_FOLDER: Final = "phone"


def wallet_of(directory: Path, name: str) -> Wallet:
    """The wallet of the person ``name`` on the phone of this emulator."""
    return Wallet(directory / _FOLDER / name)


class Holders:
    """Wallets and histories by person; PIDs come from ``provider``."""

    def __init__(
        self, directory: Path, provider: PidProvider, clock: Callable[[], datetime]
    ) -> None:
        folder = directory / _FOLDER
        self._file = folder / "holder"
        self._clock = clock
        self.provider = provider
        self._wallets = {name: wallet_of(directory, name) for name in PERSONS}
        self._histories = {
            name: History(folder / name / "history.jsonl") for name in PERSONS
        }

    @property
    def current(self) -> str:
        """The name of the person who holds the phone."""
        try:
            name = self._file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return FIRST_HOLDER
        return name if name in PERSONS else FIRST_HOLDER

    @property
    def person(self) -> Person:
        return PERSONS[self.current]

    def hand_to(self, name: str) -> None:
        """``name`` holds the phone from now on, with a PID that is in time."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(name, "ascii")
        wallet = self.wallet(name)
        if not all(map(self._is_current, (wallet.credential(PID), wallet.mdoc()))):
            self.renew_pid(name)

    def renew_pid(self, name: str) -> None:
        receive_pid(self.wallet(name), self.provider, PERSONS[name], self._clock())

    def revoke_pid(self, name: str) -> None:
        """Have the provider revoke it; raises ``UnknownStatusError``."""
        revoke_pid(self.wallet(name), self.provider)

    def is_revoked(self, pid: Held) -> bool:
        """Whether the provider revoked it. A real wallet would have to fetch."""
        lists = self.provider.lists
        return lists is not None and lists.is_revoked(pid.status)

    def can_be_revoked(self, pid: Held) -> bool:
        lists = self.provider.lists
        return lists is not None and lists.publishes(pid.status)

    def _is_current(self, pid: Held | None) -> bool:
        """Held, in time, and in no list that was published elsewhere before."""
        if pid is None or not pid.usable_at(self._clock()):
            return False
        return pid.status is None or self.can_be_revoked(pid)

    def wallet(self, name: str) -> Wallet:
        return self._wallets[name]

    def history(self, name: str) -> History:
        return self._histories[name]

    def accomplice(self, name: str) -> Wallet | None:
        """Another person's wallet with a signing pass, if there is one."""
        others = (w for other, w in self._wallets.items() if other != name)
        return next((w for w in others if w.credential(SIGNING_PASS)), None)
