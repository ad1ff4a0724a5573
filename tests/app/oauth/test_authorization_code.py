"""RFC 6749 §4.1, 7636, 9126, 9207: the way through, and every wrong turn."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.datastructures import MultiDict

from tests.app.oauth.conftest import PASS, Stage, identified_again, parameters
from tests.app.oauth.wallets import BASE, CLIENT, PUSH, REDIRECT, TOKEN, Wallet

DETAILS = json.dumps(
    [{"type": "openid_credential", "credential_configuration_id": "signing_pass"}]
)


def test_an_offer_becomes_a_pass(stage: Stage) -> None:
    token = stage.redeem(stage.code()).json

    answer = stage.ask(f"Bearer {token['access_token']}")

    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 300
    assert answer.json["credentials"] == [{"credential": "pass~proof-1~"}]


def test_a_push_gives_a_short_lived_reference(stage: Stage) -> None:
    answer = stage.post(PUSH, stage.wallet.pushed(stage.issuer_state))

    assert answer.status_code == 201
    assert answer.json["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert answer.json["expires_in"] == 120
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_answer_says_whose_it_is(stage: Stage) -> None:
    answer = stage.press(stage.page(stage.push(), CLIENT))

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{REDIRECT}?")
    said = parameters(answer)
    assert (said["state"], said["iss"]) == ("af0ifjsldkj", BASE)
    assert set(said) == {"code", "state", "iss"}


def test_a_refusal_says_whose_it_is(stage: Stage) -> None:
    said = parameters(stage.press(stage.page(stage.push(), CLIENT), "refuse"))

    assert (said["error"], said["iss"]) == ("access_denied", BASE)
    assert "code" not in said


def test_without_state_none_is_made_up(stage: Stage) -> None:
    said = parameters(stage.press(stage.page(stage.push(state=None), CLIENT)))

    assert set(said) == {"code", "iss"}


def test_the_page_may_lead_to_this_wallet_only(stage: Stage) -> None:
    page = stage.page(stage.push(), CLIENT)

    policy = page.response.headers["Content-Security-Policy"]
    assert "form-action 'self' eu.europa.ec.euidi:;" in policy
    assert page.get("authorize-target").text == "eu.europa.ec.euidi"


def test_opening_the_page_decides_nothing(stage: Stage) -> None:
    uri = stage.push()
    stage.page(uri, CLIENT)

    assert stage.press(stage.page(uri, CLIENT)).status_code == 303


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


def test_only_five_requests_wait_for_one_offer(stage: Stage) -> None:
    for _ in range(5):
        stage.push()

    answer = stage.post(PUSH, stage.wallet.pushed(stage.issuer_state))

    assert answer.json["error"] == "invalid_request"


# --- the page


def refused(stage: Stage, uri: str, **more: object) -> int:
    page = stage.page(uri, CLIENT, **more)  # type: ignore[arg-type]
    assert "authorize-allow" not in page.ids()
    assert "Location" not in page.response.headers
    assert page.response.mimetype == "text/html"
    return page.response.status_code


def test_another_browser_gets_no_page(stage: Stage) -> None:
    assert refused(stage, stage.push(), browser=stage.web.browser()) == 403


def test_a_browser_identified_as_another_gets_no_page(own_stage: Stage) -> None:
    """The attacker's offer, planted in the victim's own identified browser."""
    mine = own_stage.push()
    with own_stage.web.parts.database.write() as db:
        db.connection().exec_driver_sql(
            "UPDATE browser_sessions SET handle = 'of-the-victim'"
        )

    assert refused(own_stage, mine) == 403


def test_a_browser_confirmed_by_a_typed_code_gets_no_page(own_stage: Stage) -> None:
    uri = own_stage.push()
    with own_stage.web.parts.database.write() as db:
        db.connection().exec_driver_sql(
            "UPDATE browser_sessions SET confirmed_by = 'cross_device'"
        )

    assert refused(own_stage, uri) == 403


def test_a_request_works_for_two_minutes(own_stage: Stage) -> None:
    uri = own_stage.push()
    own_stage.web.clock.forward(minutes=2)

    assert refused(own_stage, uri) == 400


def test_a_page_left_open_decides_nothing_after_two_minutes(own_stage: Stage) -> None:
    page = own_stage.page(own_stage.push(), CLIENT)
    own_stage.web.clock.forward(minutes=2)

    assert own_stage.press(page).status_code == 400


@pytest.mark.parametrize(
    "uri", ["", "x", "urn:ietf:params:oauth:request_uri:", "https://evil.example/"]
)
def test_a_request_nobody_pushed_gets_no_page(stage: Stage, uri: str) -> None:
    assert refused(stage, uri) == 400


def test_a_request_of_another_client_gets_no_page(stage: Stage) -> None:
    uri = stage.push()

    assert stage.page(uri, "https://other.example").response.status_code == 400


def test_a_request_sent_in_the_address_gets_no_page(stage: Stage) -> None:
    form = stage.wallet.pushed(stage.issuer_state)

    answer = stage.browser.get("/oauth2/authorize", query_string=form)

    assert answer.status_code == 400


@pytest.mark.parametrize("decision", ["allow", "refuse"])
def test_a_request_is_decided_once(stage: Stage, decision: str) -> None:
    uri = stage.push()
    page = stage.page(uri, CLIENT)
    stage.press(page, decision)

    assert stage.press(page).status_code == 400
    assert refused(stage, uri) == 400


def test_an_offer_redeemed_otherwise_gets_no_page(stage: Stage) -> None:
    uri = stage.push()
    stage.post(TOKEN, stage.pre_authorized)

    assert refused(stage, uri) == 400


def test_a_click_from_elsewhere_decides_nothing(stage: Stage) -> None:
    uri = stage.push()
    form = {"request_uri": uri, "client_id": CLIENT, "decision": "allow"}

    answer = stage.browser.post("/oauth2/authorize", data=form)

    assert answer.status_code == 403
    assert "authorize-allow" in stage.page(uri, CLIENT).ids()


def test_the_page_cannot_be_framed(stage: Stage) -> None:
    page = stage.page(stage.push(), CLIENT)

    assert page.response.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.response.headers["Content-Security-Policy"]


# --- the code


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"code": None}, "invalid_request", id="no-code"),
        pytest.param({"code": "x"}, "invalid_grant", id="unknown-code"),
        pytest.param({"client_id": None}, "invalid_client", id="no-client"),
        pytest.param(
            {"client_id": "https://other.example"}, "invalid_grant", id="other-client"
        ),
        pytest.param({"redirect_uri": None}, "invalid_grant", id="no-redirect"),
        pytest.param(
            {"redirect_uri": REDIRECT + "/"}, "invalid_grant", id="redirect-longer"
        ),
        pytest.param(
            {"redirect_uri": REDIRECT.upper()}, "invalid_grant", id="redirect-case"
        ),
        pytest.param({"code_verifier": None}, "invalid_request", id="no-verifier"),
        pytest.param({"code_verifier": "x" * 42}, "invalid_request", id="short"),
        pytest.param({"code_verifier": "x" * 129}, "invalid_request", id="long"),
        pytest.param({"code_verifier": "x" * 43}, "invalid_grant", id="wrong"),
        pytest.param(
            {"client_secret": "x"}, "invalid_client", id="secret-of-a-public-client"
        ),
        pytest.param(
            {"authorization_details": "{}"},
            "invalid_authorization_details",
            id="odd-details",
        ),
    ],
)
def test_a_wrong_token_request_gets_the_standards_error(
    stage: Stage, changes: dict[str, object], error: str
) -> None:
    answer = stage.redeem(stage.code(), **changes)

    assert answer.status_code == 400
    assert answer.json["error"] == error
    assert "access_token" not in answer.json


def test_the_challenge_itself_is_no_verifier(stage: Stage) -> None:
    code = stage.code()
    challenge = stage.wallet.pushed("x")["code_challenge"]

    answer = stage.redeem(code, code_verifier=challenge)

    assert answer.json["error"] == "invalid_grant"


@pytest.mark.parametrize("attempt", ["client_id", "redirect_uri", "code_verifier"])
def test_a_wrong_attempt_costs_the_right_wallet_nothing(
    stage: Stage, attempt: str
) -> None:
    code = stage.code()
    stage.redeem(code, **{attempt: "x" * 43})

    assert stage.redeem(code).status_code == 200


def test_a_code_works_for_one_minute(own_stage: Stage) -> None:
    code = own_stage.code()
    own_stage.web.clock.forward(minutes=1)

    assert own_stage.redeem(code).json["error"] == "invalid_grant"


@pytest.mark.parametrize("after", [0, 1, 61, 200])
def test_a_code_used_twice_takes_back_its_token(own_stage: Stage, after: int) -> None:
    code = own_stage.code()
    token = own_stage.redeem(code).json["access_token"]
    own_stage.web.clock.forward(seconds=after)

    assert own_stage.redeem(code).json["error"] == "invalid_grant"
    assert own_stage.ask(f"Bearer {token}").status_code == 401


def test_one_of_many_at_once_gets_the_token(own_stage: Stage) -> None:
    code = own_stage.code()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: own_stage.redeem(code), range(24)))

    assert sorted(a.status_code for a in answers) == [200] + [400] * 23


def test_of_both_grants_only_one_gives_a_token(stage: Stage) -> None:
    code = stage.code()
    first = stage.post(TOKEN, stage.pre_authorized)

    second = stage.redeem(code)

    assert first.status_code == 200
    assert second.json["error"] == "invalid_grant"


def test_the_other_way_round_too(stage: Stage) -> None:
    assert stage.redeem(stage.code()).status_code == 200

    answer = stage.post(TOKEN, stage.pre_authorized)

    assert answer.json["error"] == "invalid_grant"


def test_another_wallets_verifier_is_of_no_use(stage: Stage) -> None:
    """A code that leaked to another app on the phone (RFC 7636 §1)."""
    thief = Wallet(stage.web.clock.now)

    answer = stage.post(TOKEN, thief.redeeming(stage.code()))

    assert answer.json["error"] == "invalid_grant"


@pytest.mark.parametrize("where", ["push", "token"])
def test_who_asks_by_details_asks_by_identifier(stage: Stage, where: str) -> None:
    at_push = {"scope": None, "authorization_details": DETAILS}
    code = stage.code(**(at_push if where == "push" else {}))
    at_token = {"authorization_details": DETAILS} if where == "token" else {}
    token = stage.redeem(code, **at_token).json
    (granted,) = token["authorization_details"]
    (identifier,) = granted["credential_identifiers"]
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    wallet = stage.web.browser()
    by_name = wallet.post("/oid4vci/credential", json=PASS, headers=headers)
    body = {"credential_identifier": identifier, "proofs": PASS["proofs"]}
    other = {**body, "credential_identifier": "other"}

    refused = wallet.post("/oid4vci/credential", json=other, headers=headers)
    issued = wallet.post("/oid4vci/credential", json=body, headers=headers)

    assert by_name.json["error"] == "invalid_credential_request"
    assert refused.json["error"] == "unknown_credential_identifier"
    assert issued.status_code == 200


def test_nothing_secret_is_stored(own_stage: Stage) -> None:
    uri = own_stage.push()
    answer = own_stage.press(own_stage.page(uri, CLIENT))
    code = parameters(answer)["code"]
    token = own_stage.redeem(code).json["access_token"]

    with own_stage.web.database() as db:
        raw = db.connection().connection.driver_connection
        assert raw is not None
        dump = "\n".join(raw.iterdump())

    for secret in (uri.rsplit(":", 1)[-1], code, token, own_stage.issuer_state):
        assert secret not in dump


def test_what_is_over_is_forgotten(own_stage: Stage) -> None:
    own_stage.push()
    own_stage.web.clock.forward(minutes=8)
    later = identified_again(own_stage.web, own_stage.browser, own_stage.request_id)

    later.push()

    with later.web.database() as db:
        left = db.connection().exec_driver_sql("SELECT count(*) FROM authorizations")
        assert left.scalar() == 1
