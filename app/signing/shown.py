"""A signing request as a page: its state's template, filled from the one table."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, url_for

from app.plans.free_tier import FreeTier
from app.signers.store import BrowserSession, Exchange
from app.signers.wallet_kinds import WalletKinds
from app.signing.confirmation import MAX_CODE_TRIES, TYPE_WITHIN, Confirmation
from app.signing.reading import PageNotFoundError, Reading
from app.signing.reasons import SENTENCES, Reason
from app.signing.states import SHOWN, State
from app.signing.tables import Document, SigningRequest
from app.signing.terms import accepted_version
from app.signing.transaction_card import wallet_card
from app.signing.wallet_tile import Tile, Tiles
from app.signing.watch import exchange_word, request_word


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One page of one document, as it can be read without any script."""

    document: Document
    page: int
    pages: int
    image_url: str
    text: str | None
    previous_url: str | None
    next_url: str | None
    pdf_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shower:
    clock: Callable[[], datetime]
    retention: timedelta
    tiles: Tiles
    reading: Reading
    confirmation: Confirmation
    free_tier: FreeTier
    kinds: WalletKinds

    def page(
        self,
        request: SigningRequest,
        exchange: Exchange | None,
        browser: BrowserSession,
        at: tuple[int, int] = (1, 1),
    ) -> str:
        """``at``: document and page to read, both from 1."""
        state = State(request.state)
        context: dict[str, object] = {
            State.READY: lambda: self._ready(request, browser, *at),
            State.AWAITING_WALLET: lambda: self._asked(exchange),
            State.AWAITING_CONFIRMATION: lambda: self._code_input(exchange),
        }.get(state, dict)()
        return render_template(
            SHOWN[state].template,
            request=request,
            state=state,
            shown=SHOWN[state],
            reason=SENTENCES[Reason(request.reason)] if request.reason else None,
            browser=browser,
            delete_at=request.changed_at + self.retention,
            watch_url=url_for("signing.watch", request_id=request.id),
            word=request_word(state, exchange, self.clock()),
            **context,
        )

    def identification(self, request: SigningRequest, exchange: Exchange) -> str:
        tile = self.tiles.of(exchange)
        answered = exchange.answered_at is not None
        return render_template(
            "identification.html",
            request=request,
            exchange=exchange,
            answered=answered,
            watch_url=url_for("signing.watch_identification", request_id=request.id),
            word=exchange_word(exchange, self.clock()),
            choose_wallet=bool(self.kinds.choices()),
            **self._code_input(exchange),
            **shallow(tile),
        )

    def wallet_kinds(
        self, request: SigningRequest, browser: BrowserSession, back: str
    ) -> str:
        return render_template(
            "wallet_kind.html",
            request=request,
            kinds=self.kinds.choices(),
            chosen=self.kinds.of(browser),
            back=back,
        )

    def quota_used_up(self, request: SigningRequest, resets_at: datetime) -> str:
        return render_template(
            "quota_used_up.html",
            request=request,
            policy=self.free_tier.policy,
            resets_at=resets_at,
        )

    def _ready(
        self, request: SigningRequest, browser: BrowserSession, document: int, page: int
    ) -> dict[str, object]:
        handle = browser.live_handle(self.clock())
        policy = self.free_tier.policy
        return {
            "reader": self._reader(request, document, page),
            "identified": handle is not None,
            "terms_version": accepted_version(policy),
            "policy": policy,
            "allowance": self.free_tier.allowance(handle) if handle else None,
        }

    def _reader(self, request: SigningRequest, position: int, page: int) -> Reader:
        document = request.document(position)
        if document is None or not 1 <= page <= document.page_count:
            raise PageNotFoundError(page)

        def page_url(number: int) -> str | None:
            if not 1 <= number <= document.page_count:
                return None
            return url_for(
                "signing.page",
                request_id=request.id,
                document=position,
                page=number,
                _anchor="reader",
            )

        where: dict[str, Any] = {"request_id": request.id, "position": position}
        return Reader(
            document=document,
            page=page,
            pages=document.page_count,
            image_url=url_for("reading.image", page=page, **where),
            text=self.reading.text(document, page),
            previous_url=page_url(page - 1),
            next_url=page_url(page + 1),
            pdf_url=url_for("reading.pdf", **where),
        )

    def _asked(self, exchange: Exchange | None) -> dict[str, object]:
        if exchange is None or exchange.transaction_data is None:
            raise PageNotFoundError
        tile = self.tiles.of(exchange)
        card = wallet_card(exchange.transaction_data)
        choose_wallet = bool(self.kinds.choices())
        return {
            "exchange": exchange,
            "card": card,
            "choose_wallet": choose_wallet,
            **shallow(tile),
        }

    def _code_input(self, exchange: Exchange | None) -> dict[str, object]:
        """Whether the page asks for the phone's code, and how it went so far."""
        if exchange is None or exchange.answered_at is None:
            return {"code_input": False, "wrong_code": False, "tries_left": 0}
        return {
            "code_input": self.confirmation.awaits_code(exchange),
            "wrong_code": exchange.code_tries > 0,
            "tries_left": max(0, MAX_CODE_TRIES - exchange.code_tries),
            "expires_at": exchange.answered_at + TYPE_WITHIN,
        }


def shallow(tile: Tile) -> dict[str, object]:
    """Its fields under their own names, for a template."""
    return {field.name: getattr(tile, field.name) for field in fields(tile)}
