"""OpenID4VCI 1.0 §11: what the wallet did with the pass."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.signers.store import PassOffer
from tests.app.conftest import Web, identify, upload
from tests.app.signers.test_issuance import GOOD, code_of, redeem

ACCEPTED = "credential_accepted"


class Holder:
    """A wallet that has just got its pass."""

    def __init__(self, web: Web, client: FlaskClient) -> None:
        self.web, self.wallet = web, web.browser()
        page = identify(web, client, upload(client))
        link = urlsplit(page.get("offer-link").attributes["href"])
        offer = json.loads(parse_qs(link.query)["credential_offer"][0])
        self.token = redeem(self.wallet, code_of(offer)).json["access_token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.wallet.post(
            "/oid4vci/credential", json=GOOD, headers=self.headers
        )
        self.id = answer.json["notification_id"]

    def say(self, body: object, headers: dict[str, str] | None = None) -> TestResponse:
        return self.wallet.post(
            "/oid4vci/notification",
            json=body,
            headers=self.headers if headers is None else headers,
        )

    def event(self) -> tuple[str | None, object]:
        with self.web.database() as db:
            offer = db.query(PassOffer).one()
            return offer.wallet_event, offer.wallet_event_at


@pytest.fixture
def holder(web: Web, client: FlaskClient) -> Holder:
    return Holder(web, client)


@pytest.mark.parametrize(
    "event", [ACCEPTED, "credential_failure", "credential_deleted"]
)
def test_an_event_is_recorded(holder: Holder, event: str) -> None:
    answer = holder.say({"notification_id": holder.id, "event": event, "more": 1})

    assert answer.status_code == 204
    assert holder.event()[0] == event


def test_saying_it_again_changes_nothing(holder: Holder) -> None:
    body = {"notification_id": holder.id, "event": ACCEPTED}
    holder.say(body)
    before = holder.event()

    assert holder.say(body).status_code == 204
    assert holder.event() == before


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"notification_id": "x"}, "invalid_notification_id"),
        ({"notification_id": None}, "invalid_notification_request"),
        ({"notification_id": 7}, "invalid_notification_request"),
        ({"event": "x"}, "invalid_notification_request"),
        ({"event": None}, "invalid_notification_request"),
    ],
)
def test_a_wrong_notification_gets_the_standards_error(
    holder: Holder, change: dict[str, object], error: str
) -> None:
    answer = holder.say({"notification_id": holder.id, "event": ACCEPTED, **change})

    assert answer.status_code == 400
    assert answer.json["error"] == error
    assert holder.event()[0] is None


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
def test_without_its_token_nobody_is_heard(
    holder: Holder, headers: dict[str, str]
) -> None:
    body = {"notification_id": holder.id, "event": ACCEPTED}

    assert holder.say(body, headers).status_code == 401
    assert holder.event()[0] is None
