"""Tables and statements of browser sessions, wallet exchanges, offers and tokens.

Cookies, return codes, pre-authorised codes and access tokens are stored as SHA-256
only.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.database import Base, UtcDateTime, changed_rows


class BrowserSession(Base):
    """One browser; ``id`` stays when the cookie is rotated.

    ``wallet_profile``: the kind of wallet its person chose, if they did.
    """

    __tablename__ = "browser_sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    cookie_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    confirmed_by: Mapped[str | None] = mapped_column(String(16))
    handle: Mapped[str | None] = mapped_column(String(64))
    handle_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    display_name: Mapped[str | None] = mapped_column(String(400))
    wallet_profile: Mapped[str | None] = mapped_column(String(32))

    def live_handle(self, now: datetime) -> str | None:
        """The signer's handle while the SAM still knows it."""
        alive = self.handle_expires_at is not None and now < self.handle_expires_at
        return self.handle if alive else None


class Exchange(Base):
    """One transaction of the SAM, as far as the web tier may know it.

    ``handle`` and ``display_name`` are parked here by the wallet's answer and move to
    the browser session when the browser is confirmed. ``return_hash`` and
    ``error_hash`` find the exchange again when a wallet sends the person back.
    ``tries`` counts wrong return codes of this browser, ``code_tries`` typed codes.
    An identification alone belongs to no request: it has ``started_on`` instead, and
    ``issued_by`` with its answer. ``dc_api``: the browser itself carries the answer,
    and neither request nor answer goes over the addresses that wallets call.
    """

    __tablename__ = "exchanges"

    tx: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_id: Mapped[str] = mapped_column(
        ForeignKey("browser_sessions.id", ondelete="CASCADE"), index=True
    )
    request_id: Mapped[str | None] = mapped_column(
        ForeignKey("signing_requests.id", ondelete="CASCADE"), index=True
    )
    purpose: Mapped[str] = mapped_column(String(16))
    client_id: Mapped[str] = mapped_column(String(200))
    dc_api: Mapped[bool] = mapped_column(default=False)
    started_on: Mapped[str | None] = mapped_column(String(60))
    link_scheme: Mapped[str] = mapped_column(String(200))
    request_uri_method: Mapped[str] = mapped_column(String(8))
    for_handle: Mapped[str | None] = mapped_column(String(64))
    transaction_data: Mapped[str | None]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handle: Mapped[str | None] = mapped_column(String(64))
    display_name: Mapped[str | None] = mapped_column(String(400))
    issued_by: Mapped[str | None] = mapped_column(String(128))
    wallet_error: Mapped[str | None] = mapped_column(String(64))
    wallet_error_description: Mapped[str | None] = mapped_column(String(400))
    return_hash: Mapped[str] = mapped_column(String(64), unique=True)
    error_hash: Mapped[str] = mapped_column(String(64), unique=True)
    tries: Mapped[int] = mapped_column(default=0)
    code_tries: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[str | None] = mapped_column(String(16))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PassOffer(Base):
    """An offer (OpenID4VCI 1.0 §4.1.1): redeemed once, by whichever grant comes first.

    ``state_hash`` is of its ``issuer_state``; ``wallet_event`` what the wallet says
    it did with the pass (§11).
    """

    __tablename__ = "pass_offers"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    tx: Mapped[str] = mapped_column(
        ForeignKey("exchanges.tx", ondelete="CASCADE"), unique=True
    )
    handle: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    redeemed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    wallet_event: Mapped[str | None] = mapped_column(String(24))
    wallet_event_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccessToken(Base):
    """``thumbprint``: of the key whose DPoP proofs it needs (RFC 9449 §6).

    ``by_identifier``: whether it names the credential by identifier (§8.2).
    """

    __tablename__ = "access_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    tx: Mapped[str] = mapped_column(
        ForeignKey("exchanges.tx", ondelete="CASCADE"), index=True
    )
    handle: Mapped[str] = mapped_column(String(64))
    client_id: Mapped[str | None] = mapped_column(String(256))
    thumbprint: Mapped[str | None] = mapped_column(String(43))
    by_identifier: Mapped[bool]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def browser_by_cookie(
    db: Session, cookie_hash: str, now: datetime
) -> BrowserSession | None:
    return db.scalar(
        select(BrowserSession)
        .where(BrowserSession.cookie_hash == cookie_hash)
        .where(BrowserSession.expires_at > now)
    )


def rotate(
    db: Session, browser: BrowserSession, *, cookie_hash: str, csrf_token: str
) -> bool:
    """Give the session a new cookie; False when another request just did."""
    change = (
        update(BrowserSession)
        .where(BrowserSession.id == browser.id)
        .where(BrowserSession.cookie_hash == browser.cookie_hash)
        .values(cookie_hash=cookie_hash, csrf_token=csrf_token)
    )
    return changed_rows(db, change) == 1


def set_signer(
    db: Session, browser_id: str, exchange: Exchange, until: datetime
) -> None:
    db.execute(
        update(BrowserSession)
        .where(BrowserSession.id == browser_id)
        .values(
            handle=exchange.handle,
            handle_expires_at=until,
            display_name=exchange.display_name,
        )
    )


def set_confirmed(db: Session, browser_id: str, confirmed_by: str) -> None:
    db.execute(
        update(BrowserSession)
        .where(BrowserSession.id == browser_id)
        .values(confirmed_by=confirmed_by)
    )


def forget_signer(db: Session, browser_id: str, handle: str | None = None) -> None:
    """With ``handle``: only if the session still is that identification's."""
    change = update(BrowserSession).where(BrowserSession.id == browser_id)
    if handle is not None:
        change = change.where(BrowserSession.handle == handle)
    db.execute(
        change.values(
            handle=None, handle_expires_at=None, display_name=None, confirmed_by=None
        )
    )


def set_wallet_profile(db: Session, browser_id: str, profile: str | None) -> None:
    db.execute(
        update(BrowserSession)
        .where(BrowserSession.id == browser_id)
        .values(wallet_profile=profile)
    )


def exchange(db: Session, tx: str) -> Exchange | None:
    return db.get(Exchange, tx)


def latest_exchange(db: Session, request_id: str, purpose: str) -> Exchange | None:
    return db.scalar(
        select(Exchange)
        .where(Exchange.request_id == request_id)
        .where(Exchange.purpose == purpose)
        .order_by(Exchange.opened_at.desc())
        .limit(1)
    )


def returned_from(db: Session, code_hash: str) -> Exchange | None:
    return db.scalar(select(Exchange).where(Exchange.return_hash == code_hash))


def refused_by_wallet(db: Session, code_hash: str) -> Exchange | None:
    return db.scalar(select(Exchange).where(Exchange.error_hash == code_hash))


def waiting(db: Session, browser_id: str, now: datetime) -> list[Exchange]:
    """This browser's exchanges that could still be answered, oldest first."""
    return list(
        db.scalars(
            select(Exchange)
            .where(Exchange.browser_id == browser_id)
            .where(Exchange.answered_at.is_(None))
            .where(Exchange.closed_at.is_(None))
            .where(Exchange.expires_at > now)
            .order_by(Exchange.opened_at)
        )
    )


def count_exchanges(db: Session, like: Exchange) -> int:
    """How many of its purpose there were, for its request or else in its browser."""
    owner = (
        Exchange.browser_id == like.browser_id
        if like.request_id is None
        else Exchange.request_id == like.request_id
    )
    return (
        db.scalar(
            select(func.count())
            .select_from(Exchange)
            .where(owner)
            .where(Exchange.purpose == like.purpose)
        )
        or 0
    )


def record_answer(
    db: Session,
    tx: str,
    now: datetime,
    *,
    handle: str | None,
    display_name: str | None,
    issued_by: str | None = None,
) -> bool:
    """True the first time only: a repeated post changes nothing."""
    change = (
        update(Exchange)
        .where(Exchange.tx == tx)
        .where(Exchange.answered_at.is_(None))
        .where(Exchange.closed_at.is_(None))
        .values(
            answered_at=now,
            handle=handle,
            display_name=display_name,
            issued_by=issued_by,
        )
    )
    return changed_rows(db, change) == 1


def record_wallet_error(
    db: Session, tx: str, error: str, description: str | None
) -> None:
    """Only a hint: kept while there is no verified answer."""
    db.execute(
        update(Exchange)
        .where(Exchange.tx == tx)
        .where(Exchange.answered_at.is_(None))
        .values(wallet_error=error, wallet_error_description=description)
    )


def count_try(db: Session, browser_id: str) -> None:
    db.execute(
        update(Exchange)
        .where(Exchange.browser_id == browser_id)
        .where(Exchange.confirmed_at.is_(None))
        .values(tries=Exchange.tries + 1)
    )


def take_code_try(db: Session, tx: str, limit: int, answered_after: datetime) -> bool:
    """Use up one of ``limit`` tries to type the code, before it is compared."""
    change = (
        update(Exchange)
        .where(Exchange.tx == tx)
        .where(Exchange.code_tries < limit)
        .where(Exchange.answered_at > answered_after)
        .where(Exchange.confirmed_at.is_(None))
        .where(Exchange.closed_at.is_(None))
        .values(code_tries=Exchange.code_tries + 1)
    )
    return changed_rows(db, change) == 1


def record_confirmation(db: Session, tx: str, now: datetime, by: str) -> bool:
    change = (
        update(Exchange)
        .where(Exchange.tx == tx)
        .where(Exchange.confirmed_at.is_(None))
        .where(Exchange.closed_at.is_(None))
        .where(Exchange.answered_at.is_not(None))
        .values(confirmed_at=now, confirmed_by=by)
    )
    return changed_rows(db, change) == 1


def close_exchange(db: Session, tx: str, now: datetime) -> None:
    """Nothing comes of it any more, whatever arrives."""
    db.execute(
        update(Exchange)
        .where(Exchange.tx == tx)
        .where(Exchange.closed_at.is_(None))
        .values(closed_at=now)
    )


def redeem_offer(db: Session, code_hash: str, now: datetime) -> PassOffer | None:
    """The offer behind the code, once; ``None`` when unknown, old or used."""
    return db.scalar(
        update(PassOffer)
        .where(PassOffer.code_hash == code_hash)
        .where(PassOffer.redeemed_at.is_(None))
        .where(PassOffer.expires_at > now)
        .values(redeemed_at=now)
        .returning(PassOffer)
    )


def redeem_offer_of(db: Session, tx: str, now: datetime) -> PassOffer | None:
    """The same for an offer that became an authorization while it was open."""
    return db.scalar(
        update(PassOffer)
        .where(PassOffer.tx == tx)
        .where(PassOffer.redeemed_at.is_(None))
        .values(redeemed_at=now)
        .returning(PassOffer)
    )


def offer_of(db: Session, tx: str) -> PassOffer | None:
    return db.scalar(select(PassOffer).where(PassOffer.tx == tx))


def open_offer(db: Session, state_hash: str, now: datetime) -> PassOffer | None:
    return db.scalar(
        select(PassOffer)
        .where(PassOffer.state_hash == state_hash)
        .where(PassOffer.redeemed_at.is_(None))
        .where(PassOffer.expires_at > now)
    )


def record_wallet_event(db: Session, tx: str, event: str, now: datetime) -> None:
    """The last word counts; the same word again changes nothing."""
    db.execute(
        update(PassOffer)
        .where(PassOffer.tx == tx)
        .where(PassOffer.wallet_event.is_distinct_from(event))
        .values(wallet_event=event, wallet_event_at=now)
    )


def live_token(db: Session, token_hash: str, now: datetime) -> AccessToken | None:
    return db.scalar(
        select(AccessToken)
        .where(AccessToken.token_hash == token_hash)
        .where(AccessToken.expires_at > now)
    )


def revoke_tokens(db: Session, tx: str) -> None:
    """All that came of one offer (RFC 6749 §4.1.2: its code was used twice)."""
    db.execute(delete(AccessToken).where(AccessToken.tx == tx))


def forget_tokens(db: Session, now: datetime) -> None:
    db.execute(delete(AccessToken).where(AccessToken.expires_at <= now))
