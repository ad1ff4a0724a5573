"""A state moves once, from where it is, for the exchange that is current."""

import pytest
from flask.testing import FlaskClient

from app.signing import store
from app.signing.states import Event, IllegalTransitionError, State
from tests.app.conftest import Web, request_path, tx_of, upload
from tests.app.page import Page


@pytest.fixture
def waiting(client: FlaskClient) -> Page:
    return upload(client).submit(client, "approve")


def move(web: Web, page: Page, state: State, event: Event, tx: str) -> None:
    request_id = request_path(page).rsplit("/", 1)[-1]
    with web.parts.database.write() as db:
        store.move(db, request_id, state, event, web.clock(), only_tx=tx)


def test_the_current_exchange_moves_its_request(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    move(web, waiting, State.AWAITING_WALLET, Event.ANSWER_VERIFIED, tx_of(waiting))

    page = Page(client.get(request_path(waiting)))
    assert page.state == "awaiting_confirmation"


def test_an_older_exchange_moves_nothing(web: Web, waiting: Page) -> None:
    with pytest.raises(IllegalTransitionError):
        move(web, waiting, State.AWAITING_WALLET, Event.ANSWER_VERIFIED, "older")


def test_a_state_the_request_is_no_longer_in_moves_nothing(
    web: Web, waiting: Page
) -> None:
    with pytest.raises(IllegalTransitionError):
        move(web, waiting, State.READY, Event.STOPPED, tx_of(waiting))


def test_an_event_without_a_row_moves_nothing(web: Web, waiting: Page) -> None:
    with pytest.raises(IllegalTransitionError):
        move(web, waiting, State.AWAITING_WALLET, Event.DELIVERED, tx_of(waiting))
