"""OpenID4VCI 1.0 as a wallet walks it, and the error for each wrong way."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.signers.offers import PRE_AUTHORIZED_CODE
from sam import errors
from tests.app.conftest import Web, identify, upload
from tests.app.page import Page

BASE = "http://localhost:8000"


@pytest.fixture
def welcome(web: Web, client: FlaskClient) -> Page:
    return identify(web, client, upload(client))


@pytest.fixture
def offer(welcome: Page) -> dict[str, object]:
    link = urlsplit(welcome.get("offer-link").attributes["href"])
    assert link.scheme == "openid-credential-offer"
    parsed: dict[str, object] = json.loads(parse_qs(link.query)["credential_offer"][0])
    return parsed


@pytest.fixture
def wallet(web: Web) -> FlaskClient:
    return web.browser()


@pytest.fixture
def token(wallet: FlaskClient, offer: dict[str, object]) -> str:
    answer = redeem(wallet, code_of(offer))
    assert answer.status_code == 200
    access_token: str = answer.json["access_token"]
    return access_token


def code_of(offer: dict[str, object]) -> str:
    grants = offer["grants"]
    assert isinstance(grants, dict)
    code: str = grants[PRE_AUTHORIZED_CODE]["pre-authorized_code"]
    return code


def redeem(wallet: FlaskClient, code: str) -> TestResponse:
    form = {"grant_type": PRE_AUTHORIZED_CODE, "pre-authorized_code": code}
    return wallet.post("/oauth2/token", data=form)


def ask(wallet: FlaskClient, token: str | None, body: object = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return wallet.post("/oid4vci/credential", json=body or GOOD, headers=headers)


GOOD: dict[str, object] = {
    "credential_configuration_id": "signing_pass",
    "proofs": {"jwt": ["proof-1"]},
}


def test_the_offer_names_issuer_configuration_and_grant(
    offer: dict[str, object],
) -> None:
    assert offer["credential_issuer"] == BASE
    assert offer["credential_configuration_ids"] == ["signing_pass"]
    assert set(offer["grants"]) == {  # type: ignore[call-overload]
        PRE_AUTHORIZED_CODE,
        "authorization_code",
    }


def test_the_metadata_leads_from_the_offer_to_the_credential(
    wallet: FlaskClient,
) -> None:
    issuer = wallet.get("/.well-known/openid-credential-issuer").json
    server = wallet.get("/.well-known/oauth-authorization-server").json
    configuration = issuer["credential_configurations_supported"]["signing_pass"]

    assert issuer["credential_issuer"] == server["issuer"] == BASE
    assert issuer["credential_endpoint"] == f"{BASE}/oid4vci/credential"
    assert issuer["nonce_endpoint"] == f"{BASE}/oid4vci/nonce"
    assert server["token_endpoint"] == f"{BASE}/oauth2/token"
    assert server["pre-authorized_grant_anonymous_access_supported"] is True
    assert configuration["format"] == "dc+sd-jwt"
    assert configuration["vct"] == f"{BASE}/oid4vci/types/signing-pass"
    assert configuration["cryptographic_binding_methods_supported"] == ["jwk"]
    assert list(configuration["proof_types_supported"]) == ["jwt"]


def test_type_metadata_is_served_where_the_vct_points(wallet: FlaskClient) -> None:
    issuer = wallet.get("/.well-known/openid-credential-issuer").json
    vct = issuer["credential_configurations_supported"]["signing_pass"]["vct"]

    assert wallet.get(urlsplit(vct).path).json["vct"] == vct


def test_a_wallet_gets_its_pass(wallet: FlaskClient, token: str) -> None:
    nonce = wallet.post("/oid4vci/nonce")
    assert nonce.json["c_nonce"]
    assert nonce.headers["Cache-Control"] == "no-store"

    answer = ask(wallet, token)

    assert answer.status_code == 200
    assert answer.json["credentials"] == [{"credential": "pass~proof-1~"}]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_token_answer_is_a_bearer_token_for_five_minutes(
    wallet: FlaskClient, offer: dict[str, object]
) -> None:
    answer = redeem(wallet, code_of(offer))

    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 300
    assert set(answer.json) == {"access_token", "token_type", "expires_in"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_code_works_once(wallet: FlaskClient, offer: dict[str, object]) -> None:
    redeem(wallet, code_of(offer))

    answer = redeem(wallet, code_of(offer))

    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_grant"


def test_the_code_works_for_five_minutes(
    web: Web, wallet: FlaskClient, offer: dict[str, object]
) -> None:
    web.clock.forward(minutes=5)

    assert redeem(wallet, code_of(offer)).json["error"] == "invalid_grant"


def test_the_token_works_for_five_minutes(
    web: Web, wallet: FlaskClient, token: str
) -> None:
    web.clock.forward(minutes=5)

    assert ask(wallet, token).status_code == 401


def test_neither_code_nor_token_is_stored(
    web: Web, offer: dict[str, object], token: str
) -> None:
    with web.database() as db:
        raw = db.connection().connection.driver_connection
        assert raw is not None
        dump = "\n".join(raw.iterdump())

    assert code_of(offer) not in dump
    assert token not in dump


def test_once_redeemed_the_offer_is_no_longer_shown(
    client: FlaskClient, welcome: Page, token: str
) -> None:
    page = Page(client.get(welcome.response.request.full_path))

    assert "offer-link" not in page.ids()


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("nonsense", id="unknown"),
        pytest.param("\u00e9", id="not-ascii"),
    ],
)
def test_without_a_good_token_there_is_no_pass(
    web: Web, wallet: FlaskClient, authorization: str | None
) -> None:
    answer = ask(wallet, authorization)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert "issue_pass" not in web.sam.calls


def test_a_token_in_a_query_or_form_is_no_token(
    wallet: FlaskClient, token: str
) -> None:
    answer = wallet.post(f"/oid4vci/credential?access_token={token}", json=GOOD)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param(
            {"credential_configuration_id": None},
            "invalid_credential_request",
            id="no-configuration",
        ),
        pytest.param(
            {"credential_configuration_id": "pid"},
            "unknown_credential_configuration",
            id="other-configuration",
        ),
        pytest.param(
            {
                "credential_configuration_id": None,
                "credential_identifier": "signing_pass",
            },
            "unknown_credential_identifier",
            id="identifier-of-no-token",
        ),
        pytest.param(
            {"credential_identifier": "signing_pass"},
            "invalid_credential_request",
            id="two-names",
        ),
        pytest.param(
            {"proofs": {"attestation": ["proof-1"]}},
            "invalid_proof",
            id="proof-type-not-told",
        ),
        pytest.param(
            {"proofs": {"jwt": ["proof-1"], "attestation": ["proof-1"]}},
            "invalid_proof",
            id="two-proof-types",
        ),
        pytest.param({"proofs": None}, "invalid_proof", id="no-proof"),
        pytest.param({"proofs": {"jwt": []}}, "invalid_proof", id="empty-proofs"),
        pytest.param(
            {"proofs": {"jwt": ["proof-1", "proof-2"]}},
            "invalid_proof",
            id="two-proofs",
        ),
        pytest.param({"proofs": {"cwt": ["x"]}}, "invalid_proof", id="other-proof"),
        pytest.param({"proofs": {"jwt": [7]}}, "invalid_proof", id="proof-a-number"),
        pytest.param({"proofs": {"jwt": ["bad"]}}, "invalid_proof", id="refused-proof"),
        pytest.param(
            {"proofs": {"jwt": ["x" * 16_385]}}, "invalid_proof", id="long-proof"
        ),
        pytest.param(
            {"proofs": {"jwt": ["old-nonce"]}}, "invalid_nonce", id="refused-nonce"
        ),
        pytest.param(
            {"proofs": "proof-1"}, "invalid_credential_request", id="proofs-a-string"
        ),
        pytest.param(
            {"credential_response_encryption": {"alg": "x"}},
            "invalid_encryption_parameters",
            id="encrypted-response",
        ),
    ],
)
def test_a_wrong_credential_request_gets_the_standards_error(
    wallet: FlaskClient, token: str, change: dict[str, object], error: str
) -> None:
    answer = ask(wallet, token, {**GOOD, **change})

    assert answer.status_code == 400
    assert answer.json["error"] == error


def test_the_unchanged_credential_request_is_accepted(
    wallet: FlaskClient, token: str
) -> None:
    """Guards the table above."""
    assert ask(wallet, token, {**GOOD}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b"[" * 10_000],
    ids=["empty", "cut", "list", "null", "not-utf-8", "deep"],
)
def test_a_body_that_is_no_json_object_is_refused(
    wallet: FlaskClient, token: str, body: bytes
) -> None:
    answer = wallet.post(
        "/oid4vci/credential", data=body, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_credential_request"


def test_the_same_proof_gets_the_same_pass_again(
    wallet: FlaskClient, token: str
) -> None:
    assert ask(wallet, token).json == ask(wallet, token).json


def test_a_second_key_for_one_identification_is_denied(
    wallet: FlaskClient, token: str
) -> None:
    ask(wallet, token)

    answer = ask(wallet, token, {**GOOD, "proofs": {"jwt": ["proof-2"]}})

    assert answer.status_code == 400
    assert answer.json["error"] == "credential_request_denied"


def test_a_token_whose_identification_is_over_is_invalid(
    web: Web, wallet: FlaskClient, token: str
) -> None:
    web.sam.handles.clear()

    assert ask(wallet, token).status_code == 401


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/.well-known/openid-credential-issuer", "GET"),
        ("/oid4vci/types/signing-pass", "GET"),
        ("/oid4vci/nonce", "POST"),
    ],
)
def test_without_the_sam_a_program_gets_a_problem(
    web: Web, wallet: FlaskClient, path: str, method: str
) -> None:
    web.sam.failing = dict.fromkeys(["info", "pass_nonce"], errors.SamUnavailableError)

    answer = wallet.open(path, method=method)

    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "sam_unavailable"
