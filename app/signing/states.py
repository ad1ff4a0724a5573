"""The signing request's states: one table that drives pages, worker and programs.

Fetching the request object, polling, reloading, a wallet's error and an answer that
fails verification are not events: they have no row here and move nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final


class State(StrEnum):
    READY = "ready"
    AWAITING_WALLET = "awaiting_wallet"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    SIGNING = "signing"
    SIGNED = "signed"
    FAILED = "failed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Event(StrEnum):
    APPROVAL_REQUESTED = "approval_requested"
    ANSWER_VERIFIED = "answer_verified"
    ANSWER_VERIFIED_AND_CONFIRMED = "answer_verified_and_confirmed"
    LINK_EXPIRED = "link_expired"
    TRIED_AGAIN = "tried_again"
    BROWSER_CONFIRMED = "browser_confirmed"
    CONFIRMATION_LOST = "confirmation_lost"
    DELIVERED = "delivered"
    SAM_FAILED = "sam_failed"
    UNDELIVERABLE = "undeliverable"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    DEADLINE_PASSED = "deadline_passed"


BEFORE_SIGNING: Final = (
    State.READY,
    State.AWAITING_WALLET,
    State.AWAITING_CONFIRMATION,
)

_ENDS: Final = {
    Event.STOPPED: State.DECLINED,
    Event.CANCELLED: State.CANCELLED,
    Event.DEADLINE_PASSED: State.EXPIRED,
}

TRANSITIONS: Final[dict[tuple[State, Event], State]] = {
    (State.READY, Event.APPROVAL_REQUESTED): State.AWAITING_WALLET,
    (State.AWAITING_WALLET, Event.ANSWER_VERIFIED): State.AWAITING_CONFIRMATION,
    (State.AWAITING_WALLET, Event.ANSWER_VERIFIED_AND_CONFIRMED): State.SIGNING,
    (State.AWAITING_WALLET, Event.LINK_EXPIRED): State.READY,
    (State.AWAITING_WALLET, Event.TRIED_AGAIN): State.READY,
    (State.AWAITING_CONFIRMATION, Event.BROWSER_CONFIRMED): State.SIGNING,
    (State.AWAITING_CONFIRMATION, Event.CONFIRMATION_LOST): State.READY,
    (State.SIGNING, Event.DELIVERED): State.SIGNED,
    (State.SIGNING, Event.SAM_FAILED): State.FAILED,
    (State.SIGNING, Event.UNDELIVERABLE): State.FAILED,
    **{(state, event): end for state in BEFORE_SIGNING for event, end in _ENDS.items()},
}

TAKEN_BACK_BY: Final = {
    State.AWAITING_WALLET: Event.TRIED_AGAIN,
    State.AWAITING_CONFIRMATION: Event.CONFIRMATION_LOST,
}
"""How the person undoes a question, or an approval that nobody has confirmed."""

TERMINAL: Final = frozenset(
    {State.SIGNED, State.FAILED, State.DECLINED, State.CANCELLED, State.EXPIRED}
)


class IllegalTransitionError(Exception):
    """The event does not exist in this state; nothing was changed."""

    code: ClassVar[str] = "illegal_transition"


def next_state(state: State, event: Event) -> State:
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransitionError(f"{event} in {state}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a state is shown: the page, its state line, and whether it reloads itself."""

    template: str
    words: str
    step: int
    reloads: bool = False

    @property
    def tone(self) -> str:
        return "info" if self.reloads else "still"


SHOWN: Final[dict[State, Shown]] = {
    State.READY: Shown(
        template="ready.html", words="Ready to read — nothing is signed yet", step=2
    ),
    State.AWAITING_WALLET: Shown(
        template="awaiting_wallet.html",
        words="Waiting for your wallet — nothing is signed yet",
        step=3,
        reloads=True,
    ),
    State.AWAITING_CONFIRMATION: Shown(
        template="awaiting_confirmation.html",
        words="Approved in a wallet — one last check, nothing is signed yet",
        step=3,
        reloads=True,
    ),
    State.SIGNING: Shown(
        template="making.html",
        words="Your signature is being made",
        step=4,
        reloads=True,
    ),
    State.SIGNED: Shown(template="signed.html", words="Signed", step=4),
    State.FAILED: Shown(template="ended.html", words="Not signed", step=4),
    State.DECLINED: Shown(template="ended.html", words="You stopped", step=4),
    State.CANCELLED: Shown(
        template="ended.html", words="Withdrawn by the requester", step=4
    ),
    State.EXPIRED: Shown(template="ended.html", words="Out of time", step=4),
}
