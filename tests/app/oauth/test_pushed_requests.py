"""RFC 9126: what may be pushed, and the error for what may not."""

import json

import pytest
from werkzeug.datastructures import MultiDict

from tests.app.oauth.conftest import Stage
from tests.app.oauth.wallets import PUSH, REDIRECT, TOKEN

DETAILS = json.dumps(
    [{"type": "openid_credential", "credential_configuration_id": "signing_pass"}]
)


def test_a_push_gives_a_short_lived_reference(stage: Stage) -> None:
    answer = stage.post(PUSH, stage.wallet.pushed(stage.issuer_state))

    assert answer.status_code == 201
    assert answer.json["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert answer.json["expires_in"] == 120
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"client_id": None}, "invalid_client", id="no-client"),
        pytest.param({"client_id": "é"}, "invalid_client", id="odd-client"),
        pytest.param({"client_id": "x" * 257}, "invalid_client", id="long-client"),
        pytest.param(
            {"response_type": None}, "unsupported_response_type", id="no-response-type"
        ),
        pytest.param(
            {"response_type": "token"}, "unsupported_response_type", id="implicit"
        ),
        pytest.param(
            {"response_type": "code id_token"}, "unsupported_response_type", id="hybrid"
        ),
        pytest.param({"redirect_uri": None}, "invalid_request", id="no-redirect"),
        pytest.param(
            {"redirect_uri": "http://evil.example/"}, "invalid_request", id="http"
        ),
        pytest.param(
            {"redirect_uri": 'https://x.example/"\\'}, "invalid_request", id="odd-uri"
        ),
        pytest.param({"code_challenge": None}, "invalid_request", id="no-challenge"),
        pytest.param(
            {"code_challenge": None, "code_challenge_method": None},
            "invalid_request",
            id="no-pkce",
        ),
        pytest.param(
            {"code_challenge_method": None}, "invalid_request", id="plain-by-default"
        ),
        pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="plain"),
        pytest.param({"code_challenge": "x" * 42}, "invalid_request", id="short"),
        pytest.param({"code_challenge": "x" * 44}, "invalid_request", id="long"),
        pytest.param(
            {"code_challenge": "x" * 43 + "\n"}, "invalid_request", id="line-end"
        ),
        pytest.param({"scope": None}, "invalid_scope", id="no-scope"),
        pytest.param({"scope": "pid"}, "invalid_scope", id="other-scope"),
        pytest.param({"scope": "x" * 1001}, "invalid_request", id="long-scope"),
        pytest.param({"state": "x\0"}, "invalid_request", id="state-with-nul"),
        pytest.param({"state": "x" * 1001}, "invalid_request", id="long-state"),
        pytest.param({"issuer_state": None}, "invalid_request", id="no-offer"),
        pytest.param({"issuer_state": "x"}, "invalid_request", id="unknown-offer"),
        pytest.param({"response_mode": "fragment"}, "invalid_request", id="mode"),
        pytest.param({"dpop_jkt": "x"}, "invalid_request", id="odd-jkt"),
        pytest.param(
            {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
            "invalid_request",
            id="pushed-reference",
        ),
        pytest.param({"request": "e.e.e"}, "request_not_supported", id="jar"),
        pytest.param(
            {"authorization_details": "[]"},
            "invalid_authorization_details",
            id="no-details",
        ),
        pytest.param(
            {"authorization_details": "[" * 3000},
            "invalid_authorization_details",
            id="deep-details",
        ),
        pytest.param(
            {"authorization_details": DETAILS.replace("signing_pass", "pid")},
            "invalid_authorization_details",
            id="other-credential",
        ),
        pytest.param(
            {"authorization_details": DETAILS.replace("openid_", "x")},
            "invalid_authorization_details",
            id="other-type",
        ),
    ],
)
def test_a_wrong_push_gets_the_standards_error(
    stage: Stage, changes: dict[str, object], error: str
) -> None:
    answer = stage.post(PUSH, stage.wallet.pushed(stage.issuer_state, **changes))

    assert answer.status_code == 400
    assert answer.json["error"] == error
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="unchanged"),
        pytest.param({"scope": "openid signing_pass x"}, id="unknown-scopes-beside"),
        pytest.param(
            {"scope": None, "authorization_details": DETAILS}, id="by-details"
        ),
        pytest.param({"redirect_uri": "https://wallet.example/cb"}, id="https"),
        pytest.param({"redirect_uri": "http://127.0.0.1:9/cb"}, id="loopback"),
        pytest.param({"prompt": "x", "unknown": "é"}, id="unknown-parameters"),
    ],
)
def test_a_good_push_is_taken(stage: Stage, changes: dict[str, object]) -> None:
    """Guards the table above."""
    answer = stage.post(PUSH, stage.wallet.pushed(stage.issuer_state, **changes))

    assert answer.status_code == 201


def test_a_parameter_sent_twice_is_refused(stage: Stage) -> None:
    form = MultiDict(stage.wallet.pushed(stage.issuer_state))
    form.add("redirect_uri", REDIRECT)

    answer = stage.web.browser().post(PUSH, data=form)

    assert answer.json["error"] == "invalid_request"


def test_parameters_of_the_address_are_refused(stage: Stage) -> None:
    answer = stage.post(f"{PUSH}?state=x", stage.wallet.pushed(stage.issuer_state))

    assert answer.json["error"] == "invalid_request"


def test_an_offer_that_is_over_takes_no_push(own_stage: Stage) -> None:
    own_stage.web.clock.forward(minutes=5)

    answer = own_stage.post(PUSH, own_stage.wallet.pushed(own_stage.issuer_state))

    assert answer.json["error"] == "invalid_request"


def test_an_offer_that_was_redeemed_takes_no_push(stage: Stage) -> None:
    stage.post(TOKEN, stage.pre_authorized)

    answer = stage.post(PUSH, stage.wallet.pushed(stage.issuer_state))

    assert answer.json["error"] == "invalid_request"


def test_only_five_requests_wait_for_one_offer(stage: Stage) -> None:
    for _ in range(5):
        stage.push()

    answer = stage.post(PUSH, stage.wallet.pushed(stage.issuer_state))

    assert answer.json["error"] == "invalid_request"
