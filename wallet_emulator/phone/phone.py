"""A phone with a wallet on it: open a link, look, decide.

    open    read the link: who asks, or what is offered    nothing of the holder's sent
    answer  approve or decline, honestly or not
    tell    say no to a request that cannot be answered
    accept  take the card that is offered

It decides nothing by itself and keeps what was asked between the steps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urldefrag

import httpx
from cryptography import x509

from wallet_emulator.answer import no_change
from wallet_emulator.consent import Consent, Decision
from wallet_emulator.deviations import Deviation
from wallet_emulator.errors import (
    DeviationNotPossibleError,
    MalformedError,
    RequestRefusedError,
    WalletEmulatorError,
)
from wallet_emulator.issuance import OFFER_SCHEME, read_offer, redeem
from wallet_emulator.phone.exchanges import (
    Ended,
    Exchange,
    Exchanges,
    Matter,
    NotAskedError,
    Offered,
    Presentable,
    Unanswerable,
)
from wallet_emulator.phone.history import Entry
from wallet_emulator.phone.holders import Holders
from wallet_emulator.phone.missing import missing
from wallet_emulator.phone.words import CARDS, Words, claim_words, words_for
from wallet_emulator.presentation import Asked, Outcome, Presenter
from wallet_emulator.request import AuthenticRequest, read
from wallet_emulator.transport import require_safe_url
from wallet_emulator.wallet_provider import WalletProvider

_APPROVED: Final = Words(
    title="Sent",
    what="The service took your answer.",
    remedy="Continue in the browser: the service shows there how it goes on.",
)
_DECLINED: Final = Words(
    title="You declined",
    what="The service was told no more than that. Nothing of yours was sent.",
    remedy="You can close this page.",
)
_TOLD: Final = Words(
    title="The service was told",
    what="It knows that this wallet gives no answer, and not why.",
    remedy="You can close this page.",
)
_ADDED: Final = Words(
    title="The card is in your wallet",
    what="It is bound to a key on this phone.",
    remedy="Go back to the service's page. You can approve signatures now.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    holders: Holders
    exchanges: Exchanges
    access_roots: Sequence[x509.Certificate]
    issuer_roots: Sequence[x509.Certificate]
    http: httpx.Client
    clock: Callable[[], datetime]
    wallet_provider: WalletProvider | None = None

    def open(self, link: str) -> Exchange:
        """Read what is behind ``link`` and keep it for the person to look at.

        Raises:
            WalletEmulatorError: there is nothing to show; ``words_for`` says why.
        """
        person = self.holders.current
        link = link.strip()
        scheme = link.partition(":")[0].lower()
        matter: Matter
        if scheme == OFFER_SCHEME:
            matter = Offered(offer=read_offer(link, self.http))
        else:
            matter = self._asked(person, link)
        return self.exchanges.keep(link=link, person=person, matter=matter)

    def answer(
        self,
        exchange: Exchange,
        decision: Decision,
        deviation: Deviation | None,
        form: str | None = None,
    ) -> None:
        """Post the answer once; what came of it is in ``exchange.ended``.

        ``form`` is the format the person chose for the PID, if there was a choice.
        """
        with exchange.lock:
            if exchange.ended is not None and exchange.ended.done:
                return
            if not isinstance(exchange.matter, Presentable):
                raise NotAskedError("nothing to approve")
            asked = exchange.matter.asked(form)
            exchange.ended = self._answered(exchange, asked, decision, deviation)
            self._remember_answer(exchange, asked.consent, decision)

    def tell(self, exchange: Exchange) -> None:
        """Post the refusal of a request that cannot be answered."""
        with exchange.lock:
            if not isinstance(exchange.matter, Unanswerable):
                raise NotAskedError("nothing to refuse")
            presenter = self._presenter(exchange.person)
            presenter.refuse(exchange.matter.authentic, exchange.matter.refusal)
            exchange.ended = Ended(words=_TOLD, done=True)

    def accept(self, exchange: Exchange) -> None:
        """Redeem the offer into the wallet of the person who opened it."""
        with exchange.lock:
            if exchange.ended is not None and exchange.ended.done:
                return
            if not isinstance(exchange.matter, Offered):
                raise NotAskedError("nothing is offered")
            exchange.ended = self._redeemed(exchange, exchange.matter)
            self._remember_card(exchange, exchange.matter)

    def _asked(self, person: str, link: str) -> Presentable | Unanswerable:
        presenter = self._presenter(person)
        authentic = presenter.fetch(link)
        try:
            return _presentable(presenter, authentic)
        except RequestRefusedError as refusal:
            return self._unanswerable(person, authentic, refusal)

    def _unanswerable(
        self, person: str, authentic: AuthenticRequest, refusal: RequestRefusedError
    ) -> Unanswerable:
        held = self.holders.wallet(person).credentials()
        try:
            lacking = missing(read(authentic).query, held, self.clock())
        except RequestRefusedError:
            lacking = ()
        return Unanswerable(authentic=authentic, refusal=refusal, missing=lacking)

    def _answered(
        self,
        exchange: Exchange,
        asked: Asked,
        decision: Decision,
        deviation: Deviation | None,
    ) -> Ended:
        try:
            outcome = self._post(exchange, asked, decision, deviation)
        except WalletEmulatorError as error:
            return Ended(words=words_for(error), done=False, deviation=deviation)
        return Ended(
            words=_APPROVED if decision is Decision.ALLOW else _DECLINED,
            done=True,
            continue_at=_openable(outcome.redirect_uri),
            deviation=deviation,
        )

    def _post(
        self,
        exchange: Exchange,
        asked: Asked,
        decision: Decision,
        deviation: Deviation | None,
    ) -> Outcome:
        presenter = self._presenter(exchange.person, deviation)
        if asked.choices:
            presenter = replace(presenter, prefer=asked.prefer)
        if deviation is not None and deviation.stage is None:
            asked = _same(asked, presenter.consider(presenter.fetch(exchange.link)))
        return presenter.answer(asked, decision)

    def _redeemed(self, exchange: Exchange, offered: Offered) -> Ended:
        try:
            card = redeem(
                offered.offer,
                wallet=self.holders.wallet(exchange.person),
                http=self.http,
                issuer_roots=self.issuer_roots,
                now=self.clock(),
                wallet_provider=self.wallet_provider,
            )
        except WalletEmulatorError as error:
            return Ended(words=words_for(error), done=False)
        return Ended(words=_ADDED, done=True, card=card)

    def _presenter(self, person: str, deviation: Deviation | None = None) -> Presenter:
        return Presenter(
            wallet=self.holders.wallet(person),
            access_roots=self.access_roots,
            http=self.http,
            clock=self.clock,
            change=deviation.change() if deviation else no_change,
            adapt_link=deviation.adapt_link if deviation else lambda link: link,
            provider=self.holders.provider,
            accomplice=self.holders.accomplice(person),
        )

    def _remember_answer(
        self, exchange: Exchange, consent: Consent, decision: Decision
    ) -> None:
        ended = exchange.ended
        allowed = decision is Decision.ALLOW
        what = "Authorised a signature" if consent.documents else "Identified"
        self._remember(
            exchange,
            what=what if allowed else "Declined",
            who=consent.relying_party,
            shared=_shared(consent) if allowed else "",
            documents=tuple(document.label for document in consent.documents),
            deviation=ended.deviation.name if ended and ended.deviation else "",
        )

    def _remember_card(self, exchange: Exchange, offered: Offered) -> None:
        self._remember(
            exchange,
            what="Added a card",
            who=offered.offer.credential_issuer,
            shared="",
            documents=(),
            deviation="",
        )

    def _remember(
        self,
        exchange: Exchange,
        *,
        what: str,
        who: str,
        shared: str,
        documents: tuple[str, ...],
        deviation: str,
    ) -> None:
        entry = Entry(
            at=self.clock().isoformat(timespec="seconds"),
            what=what,
            who=who,
            shared=shared,
            documents=documents,
            deviation=deviation,
            ended=exchange.ended.words.title if exchange.ended else "",
        )
        self.holders.history(exchange.person).add(entry)


def _presentable(presenter: Presenter, authentic: AuthenticRequest) -> Presentable:
    """Both ways to answer, where both PIDs would do; the verifier's choice first."""
    asked = presenter.consider(authentic)
    if not asked.choices:
        return Presentable(choices={"": asked})
    both = {
        form: replace(presenter, prefer=form).consider(authentic)
        for form in asked.choices
    }
    first = next(form for form in both if both[form].consent == asked.consent)
    return Presentable(choices={first: both.pop(first), **both})


def _same(shown: Asked, fetched: Asked) -> Asked:
    """The second fetch must not bring anything the person did not see."""
    if shown.consent != fetched.consent:
        raise DeviationNotPossibleError("the service now asks something else")
    return fetched


def _shared(consent: Consent) -> str:
    parts = (
        f"{CARDS[kind]} ({', '.join(claim_words(tuple(c.split('.'))) for c in claims)})"
        if claims
        else CARDS[kind]
        for kind, claims in consent.shared.items()
    )
    return "; ".join(parts)


def _openable(uri: str | None) -> str | None:
    """``uri`` if a browser may be sent there: ASCII, https or this machine."""
    if uri is None or not uri.isascii() or not uri.isprintable():
        return None
    try:
        require_safe_url(urldefrag(uri).url)
    except (MalformedError, ValueError):
        return None
    return uri
