"""The one word a waiting page asks for: when it changes, the page is shown anew.

A word of state and nothing else (threat XD7): no name, no document, no time.
"""

from datetime import datetime
from enum import StrEnum

from app.signers.store import Exchange
from app.signing.states import State


class Hint(StrEnum):
    """Words beside those of the states."""

    WAITING = "waiting"
    LINK_EXPIRED = "link_expired"
    WALLET_SAID = "wallet_said"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    CLOSED = "closed"
    MOVED = "moved"
    PASS_TAKEN = "pass_taken"  # noqa: S105 — a signing pass, not a password


def request_word(state: State, exchange: Exchange | None, now: datetime) -> str:
    if state is not State.AWAITING_WALLET or exchange is None:
        return state
    return _link_word(exchange, now) or state


def exchange_word(exchange: Exchange, now: datetime) -> str:
    """For an identification, and for the phone that came back from one."""
    if exchange.confirmed_at is not None:
        return Hint.CONFIRMED
    if exchange.closed_at is not None:
        return Hint.CLOSED
    if exchange.answered_at is not None:
        return Hint.ANSWERED
    return _link_word(exchange, now) or Hint.WAITING


def _link_word(exchange: Exchange, now: datetime) -> Hint | None:
    if exchange.expires_at <= now:
        return Hint.LINK_EXPIRED
    return Hint.WALLET_SAID if exchange.wallet_error else None
