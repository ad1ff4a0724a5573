"""A state moves from its own states, under its conditions, and from no others."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from sam import store
from sam.database import Database
from sam.messages import Purpose, State
from tests.sam.rows import AGO, IDENTITY, ME, NOW, SOON, add

WINDOW = timedelta(minutes=10)
LONG_AGO = {"expires_at": AGO, "verified_at": AGO - WINDOW}
SIGNED_BY_ANOTHER = {"state": State.SIGNING, "owner": "other", "epoch": 1}
OF_AN_EARLIER_START = {"state": State.SIGNING, "owner": "me", "epoch": 0}
Move = Callable[[Connection], bool]


def state_of(sam_store: Database, tx: str = "tx") -> str:
    with sam_store.begin() as connection:
        row = store.transaction(connection, tx)
    assert row is not None
    return str(row.state)


def verify(connection: Connection) -> bool:
    return store.mark_verified(
        connection, "tx", answer=b"a", identity=IDENTITY, now=NOW
    )


def begin(connection: Connection) -> bool:
    return store.begin_signing(connection, "tx", owner=ME, approved_after=NOW - WINDOW)


def close(connection: Connection) -> bool:
    return store.close(connection, "tx", "aborted")


def release(connection: Connection) -> bool:
    return store.record_result(connection, "tx", owner=ME, result="{}")


def fail(connection: Connection) -> bool:
    return store.fail(connection, "tx", owner=ME, reason="r")


MOVES: dict[Move, tuple[set[State], State]] = {
    verify: ({State.OPEN}, State.VERIFIED),
    close: ({State.OPEN, State.VERIFIED}, State.CLOSED),
    begin: ({State.VERIFIED}, State.SIGNING),
    release: ({State.SIGNING}, State.SIGNED),
    fail: ({State.SIGNING}, State.FAILED),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_a_state_moves_from_its_own_states_only(
    sam_store: Database, move: Move, state: State
) -> None:
    add(sam_store, state=state, owner="me", epoch=1, verified_at=NOW)
    add(sam_store, "bystander", state=state, owner="me", epoch=1, verified_at=NOW)
    sources, target = MOVES[move]

    with sam_store.begin() as connection:
        moved = move(connection)

    assert moved is (state in sources)
    assert state_of(sam_store) == (target if moved else state)
    assert state_of(sam_store, "bystander") == state


@pytest.mark.parametrize(
    ("move", "values"),
    [
        pytest.param(verify, {"expires_at": NOW}, id="verify-expired"),
        pytest.param(
            begin,
            {"state": State.VERIFIED, "verified_at": NOW - WINDOW},
            id="sign-too-late",
        ),
        pytest.param(
            begin,
            {
                "state": State.VERIFIED,
                "verified_at": NOW,
                "purpose": Purpose.IDENTIFY,
            },
            id="sign-an-identification",
        ),
        pytest.param(release, SIGNED_BY_ANOTHER, id="release-of-another"),
        pytest.param(release, OF_AN_EARLIER_START, id="release-of-an-earlier-start"),
        pytest.param(fail, SIGNED_BY_ANOTHER, id="fail-of-another"),
        pytest.param(fail, OF_AN_EARLIER_START, id="fail-of-an-earlier-start"),
    ],
)
def test_a_state_does_not_move_without_its_condition(
    sam_store: Database, move: Move, values: dict[str, object]
) -> None:
    add(sam_store, **values)
    before = state_of(sam_store)

    with sam_store.begin() as connection:
        assert not move(connection)

    assert state_of(sam_store) == before


@pytest.mark.parametrize(
    ("move", "state"),
    [
        (close, State.OPEN),
        (close, State.VERIFIED),
        (release, State.SIGNING),
        (fail, State.SIGNING),
    ],
)
def test_an_end_empties_keys_and_personal_data(
    sam_store: Database, move: Move, state: State
) -> None:
    add(
        sam_store,
        state=state,
        owner="me",
        epoch=1,
        subject=b"0",
        display_name="Erika",
        match_rules=[{"claim": "birthdate", "equals": "1984-08-12"}],
    )

    with sam_store.begin() as connection:
        move(connection)
        row = store.transaction(connection, "tx")

    assert row is not None
    assert (row.protocol, row.subject, row.display_name) == (None, None, None)
    assert row.match_rules == []


def test_an_answer_takes_the_response_key_along(sam_store: Database) -> None:
    add(sam_store)

    with sam_store.begin() as connection:
        verify(connection)
        row = store.transaction(connection, "tx")

    assert row is not None
    assert row.protocol is None


@pytest.mark.parametrize("state", State)
def test_a_request_is_kept_while_open_only(sam_store: Database, state: State) -> None:
    add(sam_store, state=state)

    with sam_store.begin() as connection:
        store.keep_request_object(connection, "tx", "request")
        row = store.transaction(connection, "tx")

    assert row is not None
    assert row.request_object == ("request" if state is State.OPEN else None)


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ({"state": State.OPEN, "expires_at": NOW}, True),
        ({"state": State.OPEN, "expires_at": SOON}, False),
        ({"state": State.VERIFIED, "verified_at": NOW - WINDOW}, True),
        ({"state": State.VERIFIED, "verified_at": SOON - WINDOW}, False),
        (
            {"state": State.SIGNING, "expires_at": AGO, "verified_at": AGO - WINDOW},
            False,
        ),
        (
            {"state": State.SIGNED, "expires_at": AGO, "verified_at": AGO - WINDOW},
            False,
        ),
    ],
)
def test_what_expired_is_what_nobody_can_move_any_more(
    sam_store: Database, values: dict[str, object], listed: bool
) -> None:
    add(sam_store, **values)

    with sam_store.begin() as connection:
        found = store.expired(connection, now=NOW, window=WINDOW)

    assert found == (["tx"] if listed else [])
