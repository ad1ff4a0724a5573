"""RFC 6749 §4.1, 7636, 9126, 9207: the way through, and every wrong turn."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.app.oauth.conftest import PASS, Stage, identified_again, parameters
from tests.app.oauth.wallets import CLIENT, REDIRECT, TOKEN, Wallet

DETAILS = json.dumps(
    [{"type": "openid_credential", "credential_configuration_id": "signing_pass"}]
)


def test_an_offer_becomes_a_pass(stage: Stage) -> None:
    token = stage.redeem(stage.code()).json

    answer = stage.ask(f"Bearer {token['access_token']}")

    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 300
    assert answer.json["credentials"] == [{"credential": "pass~proof-1~"}]


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
