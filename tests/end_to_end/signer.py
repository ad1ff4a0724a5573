"""A person at their device: one browser, one wallet, and the way to a signing pass."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.end_to_end.conftest import Service
from wallet_emulator.browser import Page
from wallet_emulator.consent import Decision
from wallet_emulator.deviations import DEVIATIONS, Deviation
from wallet_emulator.issuance import receive_offer
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.presentation import Outcome, Presenter
from wallet_emulator.wallet import (
    MDOC_FORMAT,
    PID,
    PID_MDOC,
    Wallet,
    receive_pid,
)

LEASE = Path(__file__).parents[2] / "wallet_emulator" / "sample" / "lease.pdf"


class Signer:
    """Has identified and holds a pass; ``accomplice`` is another person's wallet."""

    def __init__(
        self,
        service: Service,
        folder: Path,
        name: str,
        provider: PidProvider | None = None,
    ) -> None:
        self.service, self.browser = service, service.browser()
        self.provider = provider or service.provider
        self.wallet = Wallet(folder / f"wallet-{name}")
        self.accomplice: Wallet | None = None
        receive_pid(self.wallet, self.provider, PERSONS[name], now())
        self._take_pass()

    def _take_pass(self) -> None:
        returned = self.answer(self.browser.follow(self.upload(), "identify"))
        offered = self.browser.open(str(returned.redirect_uri))
        receive_offer(
            offered.element("offer-link").attribute("href"),
            wallet=self.wallet,
            http=self.service.http(),
            issuer_roots=(),
            now=now(),
        )

    def upload(self, document: Path = LEASE) -> Page:
        start = self.browser.open(self.service.base_url)
        return self.browser.follow(start, "upload-submit", document)

    def approve(self) -> Page:
        """The page with the link for a new approval."""
        return self.browser.follow(self.upload(), "approve")

    def answer(
        self,
        page: Page,
        deviation: str | None = None,
        decision: Decision = Decision.ALLOW,
        http: httpx.Client | None = None,
        form: str | None = None,
    ) -> Outcome:
        """What the wallet does with the page's link; ``form``: of the PID, if asked."""
        chosen = DEVIATIONS[deviation] if deviation else None
        presenter = Presenter(
            wallet=self.wallet,
            access_roots=[self.service.access_root],
            http=http or self.service.http(),
            clock=now,
            provider=self.provider,
            accomplice=self.accomplice,
            **({"prefer": form} if chosen is None else _means(chosen)),
        )
        link = page.element("wallet-link").attribute("href")
        return presenter.present(link, lambda _consent: decision)

    def state(self, page: Page) -> str:
        shown = self.browser.open(page.url)
        return shown.element("request-state").attribute("data-state")


def now() -> datetime:
    return datetime.now(UTC)


def _means(chosen: Deviation) -> dict[str, Any]:
    of_an_mdoc = PID_MDOC in chosen.kinds and PID not in chosen.kinds
    return {
        "change": chosen.change(),
        "adapt_link": chosen.adapt_link,
        "prefer": MDOC_FORMAT if of_an_mdoc else None,
    }
