"""architecture §8, read back from the one table."""

import pytest

from app.signing.reasons import SENTENCES, Reason
from app.signing.states import (
    BEFORE_SIGNING,
    SHOWN,
    TERMINAL,
    TRANSITIONS,
    Event,
    IllegalTransitionError,
    State,
    next_state,
)

ALLOWED = {
    ("ready", "approval_requested", "awaiting_wallet"),
    ("awaiting_wallet", "answer_verified", "awaiting_confirmation"),
    ("awaiting_wallet", "answer_verified_and_confirmed", "signing"),
    ("awaiting_wallet", "link_expired", "ready"),
    ("awaiting_wallet", "tried_again", "ready"),
    ("awaiting_confirmation", "browser_confirmed", "signing"),
    ("awaiting_confirmation", "confirmation_lost", "ready"),
    ("signing", "delivered", "signed"),
    ("signing", "sam_failed", "failed"),
    ("signing", "undeliverable", "failed"),
    *{
        (state, event, end)
        for state in ("ready", "awaiting_wallet", "awaiting_confirmation")
        for event, end in (
            ("stopped", "declined"),
            ("cancelled", "cancelled"),
            ("deadline_passed", "expired"),
        )
    },
}
ILLEGAL = [
    pytest.param(state, event, id=f"{state}-{event}")
    for state in State
    for event in Event
    if not any((state, event) == row[:2] for row in ALLOWED)
]


def test_the_table_is_exactly_the_architectures() -> None:
    assert {(s, e, to) for (s, e), to in TRANSITIONS.items()} == ALLOWED


@pytest.mark.parametrize(("state", "event"), ILLEGAL)
def test_an_event_without_a_row_is_refused(state: State, event: Event) -> None:
    with pytest.raises(IllegalTransitionError):
        next_state(state, event)


@pytest.mark.parametrize(
    ("state", "event", "to"),
    [pytest.param(*row, id="-".join(row)) for row in sorted(ALLOWED)],
)
def test_an_event_with_a_row_leads_there(state: State, event: Event, to: State) -> None:
    assert next_state(State(state), Event(event)) is State(to)


def test_nothing_leaves_a_terminal_state() -> None:
    assert not {state for state, _ in TRANSITIONS} & TERMINAL


@pytest.mark.parametrize("state", [s for s in State if s not in TERMINAL])
def test_every_open_state_has_a_path_to_an_end(state: State) -> None:
    reached, frontier = {state}, {state}
    while frontier:
        frontier = {to for (s, _), to in TRANSITIONS.items() if s in frontier} - reached
        reached |= frontier

    assert reached & TERMINAL


# What the worker alone does, without a person or a wallet.
BY_THE_WORKER = {
    Event.DEADLINE_PASSED,
    Event.LINK_EXPIRED,
    Event.CONFIRMATION_LOST,
    Event.DELIVERED,
    Event.SAM_FAILED,
    Event.UNDELIVERABLE,
}


@pytest.mark.parametrize("state", [s for s in State if s not in TERMINAL])
def test_every_open_state_ends_even_when_nobody_comes_back(state: State) -> None:
    ends = {
        to for (s, e), to in TRANSITIONS.items() if s is state and e in BY_THE_WORKER
    }

    assert ends & TERMINAL


def test_only_states_before_signing_can_be_stopped() -> None:
    stoppable = {state for state, event in TRANSITIONS if event is Event.STOPPED}

    assert stoppable == set(BEFORE_SIGNING)


def test_every_state_has_a_page() -> None:
    assert set(SHOWN) == set(State)


def test_a_page_that_waits_reloads_itself() -> None:
    assert {state for state, shown in SHOWN.items() if shown.reloads} == {
        State.AWAITING_WALLET,
        State.AWAITING_CONFIRMATION,
        State.SIGNING,
    }


def test_every_reason_has_a_sentence_that_says_whether_anything_was_signed() -> None:
    assert set(SENTENCES) == set(Reason)
    assert all(
        any(words in sentence for words in ("othing was signed", "ignature"))
        for sentence in SENTENCES.values()
    )
