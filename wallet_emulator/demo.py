"""The whole main job, played by one program: a browser, a phone, and nothing else.

    1. upload the document            6. read the digest on the page, approve
    2. identify: open the wallet      7. the wallet shows label, code, digest
    3. the wallet shows the PID       8. the browser returns, the service signs
    4. the browser returns            9. download document and evidence
    5. the wallet takes the pass     10. compare: approved = signed

It uses HTTP and ``data-testid`` only, so it proves what a person can do, not what the
code can. It fails unless the digest that was shown on the page, the digest that the
wallet approved and the digest in the signature are one and the same.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx
from cryptography import x509

from wallet_emulator.browser import Browser, Page
from wallet_emulator.consent import Consent, Decision
from wallet_emulator.errors import DemoFailedError, MalformedError
from wallet_emulator.issuance import receive_offer
from wallet_emulator.presentation import Outcome, Presenter
from wallet_emulator.signed_pdf import SignedPdf, read_signed_pdf
from wallet_emulator.wallet import SIGNING_PASS
from wallet_emulator.wallet_provider import WalletProvider

SIGNED_FILE: Final = "signed.pdf"
EVIDENCE_FILE: Final = "evidence.zip"
SIGNING_TIMEOUT_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.5
_ENDED_UNSIGNED: Final = ("failed", "declined", "cancelled", "expired")
_HEX_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What the walk ended with; the three digests in it are equal."""

    signed_pdf: Path
    evidence: Path
    consent: Consent
    signature: SignedPdf


@dataclass(slots=True, kw_only=True)
class Narration:
    """Tells the walk as numbered lines; ``echo`` gets each finished line."""

    echo: Callable[[str], None]
    number: int = 0

    def step(self, text: str) -> None:
        self.number += 1
        self.echo(f"{self.number:2}. {text}")

    def detail(self, text: str) -> None:
        self.echo(f"      {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """One walk, told by ``narration``."""

    base_url: str
    document: Path
    out: Path
    browser: Browser
    presenter: Presenter
    issuer_roots: Sequence[x509.Certificate]
    http: httpx.Client
    clock: Callable[[], datetime]
    narration: Narration
    wallet_provider: WalletProvider | None = None

    def run(self) -> DemoResult:
        """Walk it, leave two files in ``out``.

        Raises:
            DemoFailedError: it ended without a signature, or the digests differ.
            WalletEmulatorError: a step was refused; the message says by whom and why.
        """
        request_page = self._upload()
        self._identify(request_page)
        shown, consent = self._approve(self.browser.open(request_page.url))
        page = self._wait_until_signed(request_page.url)
        result = self._collect(page, consent)
        self._compare(shown, result)
        return result

    def _upload(self) -> Page:
        start = self.browser.open(self.base_url)
        page = self.browser.follow(start, "upload-submit", self.document)
        page.element("document-digest")
        self.narration.step(f"Browser: uploaded {self.document.name}")
        return page

    def _identify(self, request_page: Page) -> None:
        """Steps 2 to 5."""
        page = self.browser.follow(request_page, "identify")
        outcome = self._answer(page)
        self.narration.step("Wallet:  showed the PID to identify the person")
        for line in outcome.consent.lines():
            self.narration.detail(line)
        self._take_pass(self._return(outcome))

    def _take_pass(self, page: Page) -> None:
        """Take the offer; a wallet that already holds a pass may not get one."""
        offer = page.find("offer-link")
        if offer is None and self.presenter.wallet.credential(SIGNING_PASS):
            self.narration.step("Wallet:  already holds a signing pass")
            return
        held = receive_offer(
            (offer or page.element("offer-link")).attribute("href"),
            wallet=self.presenter.wallet,
            http=self.http,
            issuer_roots=self.issuer_roots,
            now=self.clock(),
            wallet_provider=self.wallet_provider,
        )
        self.narration.step(f"Wallet:  took the signing pass ({held.vct})")

    def _approve(self, page: Page) -> tuple[str, Consent]:
        """Steps 6 to 8: the digest as the page showed it, and what was approved."""
        shown = digest_on(page)
        self.narration.step("Browser: compared the digest on the page, chose approve")
        self.narration.detail(shown)
        approval_page = self.browser.follow(page, "approve")
        if approval_page.find("document-digest") and digest_on(approval_page) != shown:
            raise DemoFailedError("the digest changed between two pages")
        outcome = self._answer(approval_page, digest=shown)
        self.narration.step("Wallet:  asked the person, who approved")
        for line in outcome.consent.lines():
            self.narration.detail(line)
        self._return(outcome)
        return shown, outcome.consent

    def _answer(self, page: Page, digest: str | None = None) -> Outcome:
        """Open the wallet; decline if it is not exactly ``digest`` to be approved."""
        link = page.element("wallet-link").attribute("href")
        expected = [] if digest is None else [digest]

        def decide(consent: Consent) -> Decision:
            asked = [document.digest for document in consent.documents]
            return Decision.ALLOW if asked == expected else Decision.DECLINE

        outcome = self.presenter.present(link, decide)
        if outcome.decision is Decision.DECLINE:
            raise DemoFailedError("digests on page and in the wallet are not the same")
        return outcome

    def _return(self, outcome: Outcome) -> Page:
        """The page the verifier sends the person back to, in the same browser."""
        if outcome.redirect_uri is None:
            raise DemoFailedError("the verifier named no page to return to")
        return self.browser.open(outcome.redirect_uri)

    def _wait_until_signed(self, url: str) -> Page:
        deadline = time.monotonic() + SIGNING_TIMEOUT_SECONDS
        while True:
            page = self.browser.open(url)
            state = page.element("request-state").attribute("data-state")
            if state == "signed":
                self.narration.step("Service: signed the document")
                return page
            if state in _ENDED_UNSIGNED or time.monotonic() > deadline:
                raise DemoFailedError(f"the request is {state!r}: {page.summary()}")
            time.sleep(_POLL_SECONDS)

    def _collect(self, page: Page, consent: Consent) -> DemoResult:
        self.out.mkdir(parents=True, exist_ok=True)
        signed, evidence = self.out / SIGNED_FILE, self.out / EVIDENCE_FILE
        signed.write_bytes(self.browser.download(page, "download-signed"))
        evidence.write_bytes(self.browser.download(page, "download-evidence"))
        self.narration.step(f"Browser: downloaded {signed} and {evidence}")
        try:
            signature = read_signed_pdf(signed.read_bytes())
        except MalformedError as error:
            raise DemoFailedError(f"{signed}: {error}") from error
        return DemoResult(
            signed_pdf=signed, evidence=evidence, consent=consent, signature=signature
        )

    def _compare(self, shown: str, result: DemoResult) -> None:
        approved = result.consent.documents[0].digest
        signed = result.signature.message_digest
        stamp = "with" if result.signature.has_timestamp else "without"
        self.narration.step("Checked the signed file:")
        self.narration.detail(f"signed by       {result.signature.signer}")
        self.narration.detail(f"digest approved {approved}")
        self.narration.detail(f"digest in CMS   {signed} ({stamp} time stamp)")
        if approved != shown or signed != shown:
            raise DemoFailedError("shown, approved and signed digest are not the same")


def digest_on(page: Page) -> str:
    """The SHA-256 on the page in lower-case hex; it may be grouped by spaces.

    Raises:
        DemoFailedError: there is something else.
    """
    text = "".join(page.element("document-digest").text.split()).lower()
    if not _HEX_SHA256.fullmatch(text):
        raise DemoFailedError(f"the page shows no SHA-256 digest but {text[:80]!r}")
    return text
