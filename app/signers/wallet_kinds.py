"""Which kinds of wallets can be asked, and which one a browser's person says to have.

The kinds are the SAM's profiles. Choosing one changes how a wallet is asked and never
what of its answer is believed.
"""

from typing import ClassVar

from app.database import Database
from app.signers import store
from app.signers.store import BrowserSession
from sam import messages as m
from sam.client import SamClient
from sam.errors import SamUnavailableError


class UnknownWalletKindError(Exception):
    """The SAM asks no such kind of wallet."""

    code: ClassVar[str] = "unknown_wallet_kind"


class WalletKinds:
    """``default``: the profile for who chose nothing; None leaves it to the SAM."""

    def __init__(self, database: Database, sam: SamClient, default: str | None) -> None:
        self._database = database
        self._sam = sam
        self._default = default

    def choices(self) -> tuple[m.OfferedProfile, ...]:
        """What a person may choose from: nothing where there is but one kind."""
        try:
            offered = self._sam.info().profiles
        except SamUnavailableError:
            return ()
        return offered if len(offered) > 1 else ()

    def of(self, browser: BrowserSession) -> str | None:
        """The profile to ask this browser's wallet by; a choice lasts while it is
        offered."""
        chosen = browser.wallet_profile
        if chosen is None or chosen not in {kind.name for kind in self.choices()}:
            return self._default
        return chosen

    def choose(self, browser: BrowserSession, name: str) -> None:
        if name not in {kind.name for kind in self.choices()}:
            raise UnknownWalletKindError(name)
        with self._database.write() as db:
            store.set_wallet_profile(db, browser.id, name)
        browser.wallet_profile = name
