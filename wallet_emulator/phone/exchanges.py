"""What the phone was asked and has not forgotten yet, in memory, by random id.

At most ``MAX_EXCHANGES`` for ``LIFETIME`` each: whoever makes the phone read links
can push out older ones, and gains nothing else.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final, TypeAlias

from wallet_emulator.deviations import Deviation
from wallet_emulator.errors import RequestRefusedError, WalletEmulatorError
from wallet_emulator.issuance import Offer
from wallet_emulator.phone.missing import Missing
from wallet_emulator.phone.words import Words
from wallet_emulator.presentation import Asked
from wallet_emulator.request import AuthenticRequest
from wallet_emulator.wallet import HeldCredential

LIFETIME: Final = timedelta(minutes=10)
MAX_EXCHANGES: Final = 50


class ExchangeGoneError(WalletEmulatorError):
    """Never known, too old, or pushed out."""

    code = "exchange_gone"


class NotAskedError(WalletEmulatorError):
    """The form does not fit what this exchange waits for."""

    code = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentable:
    """A request this wallet can answer, in which formats; the first as asked for.

    ``choices`` has one entry unless the person may choose.
    """

    page: ClassVar[str] = "consent.html"
    choices: Mapping[str, Asked]

    def asked(self, form: str | None) -> Asked:
        """With the PID in this format if that is a choice, else as asked for."""
        return self.choices.get(form or "", next(iter(self.choices.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswerable:
    """A request of somebody known that this wallet must not or cannot answer."""

    page: ClassVar[str] = "unanswerable.html"
    authentic: AuthenticRequest
    refusal: RequestRefusedError
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A card that an issuer offers."""

    page: ClassVar[str] = "offer.html"
    offer: Offer


Matter: TypeAlias = Presentable | Unanswerable | Offered


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of the last thing the person did here.

    ``done``: there is nothing left to do. ``continue_at`` is safe to put into a link.
    """

    words: Words
    done: bool
    continue_at: str | None = None
    deviation: Deviation | None = None
    card: HeldCredential | None = None


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One link that was opened, by which person, and what came of it."""

    id: str
    link: str
    person: str
    matter: Matter
    until: datetime
    ended: Ended | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Exchanges:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._by_id: dict[str, Exchange] = {}
        self._lock = threading.Lock()

    def keep(self, *, link: str, person: str, matter: Matter) -> Exchange:
        exchange = Exchange(
            id=secrets.token_urlsafe(16),
            link=link,
            person=person,
            matter=matter,
            until=self._clock() + LIFETIME,
        )
        with self._lock:
            self._by_id[exchange.id] = exchange
            while len(self._by_id) > MAX_EXCHANGES:
                del self._by_id[next(iter(self._by_id))]
        return exchange

    def find(self, exchange_id: str) -> Exchange:
        """Raises ``ExchangeGoneError``."""
        with self._lock:
            exchange = self._by_id.get(exchange_id)
            if exchange is None or self._clock() >= exchange.until:
                self._by_id.pop(exchange_id, None)
                raise ExchangeGoneError("this request is no longer on the phone")
            return exchange
