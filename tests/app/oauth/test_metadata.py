"""RFC 8414: what the document says is there, and what is not there is not said."""

from pathlib import Path

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from app.oauth.jwts import anchor_store
from app.oauth.metadata import server_metadata
from app.oauth.wallet_policy import Policy, WalletPolicy
from tests.app.conftest import Web, World, request_path, upload
from tests.app.oauth.conftest import identified_again
from tests.app.oauth.wallets import BASE, TOKEN


def test_the_document_is_valid(web: Web) -> None:
    said = web.browser().get("/.well-known/oauth-authorization-server").json

    AuthorizationServerMetadata(said).validate()
    assert said["issuer"] == BASE


@pytest.mark.parametrize("member", ["token_endpoint", "authorization_endpoint"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_endpoint_answers(web: Web, member: str, method: str) -> None:
    client = web.browser()
    said = client.get("/.well-known/oauth-authorization-server").json

    answer = client.open(said[member].removeprefix(BASE), method=method)

    assert answer.status_code in {400, 403, 405}


def test_pushing_is_required_and_there(web: Web) -> None:
    client = web.browser()
    said = client.get("/.well-known/oauth-authorization-server").json

    path = said["pushed_authorization_request_endpoint"].removeprefix(BASE)
    assert client.post(path).status_code == 400
    assert said["require_pushed_authorization_requests"] is True


def test_only_s256_codes_and_es256_proofs_are_promised(web: Web) -> None:
    said = web.browser().get("/.well-known/oauth-authorization-server").json

    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["response_types_supported"] == ["code"]
    assert said["dpop_signing_alg_values_supported"] == ["ES256"]
    assert said["authorization_response_iss_parameter_supported"] is True


@pytest.mark.parametrize(
    ("policy", "methods", "anonymous"),
    [
        (Policy.OFF, ["none"], True),
        (Policy.OPTIONAL, ["attest_jwt_client_auth", "none"], True),
        (Policy.REQUIRED, ["attest_jwt_client_auth"], False),
    ],
)
def test_the_policy_is_told(
    policy: Policy, methods: list[str], anonymous: bool
) -> None:
    said = server_metadata(
        BASE, WalletPolicy(attestation=policy, providers=anchor_store([]))
    )

    assert said["token_endpoint_auth_methods_supported"] == methods
    assert said["pre-authorized_grant_anonymous_access_supported"] is anonymous
    algorithms = said.get("client_attestation_signing_alg_values_supported")
    assert (algorithms == ["ES256"]) is (policy is not Policy.OFF)


def test_where_dpop_is_required_no_bearer_token_is_given(
    world: World, tmp_path: Path
) -> None:
    config = world.config(tmp_path).model_copy(update={"wallet_dpop_required": True})
    with world.web(config) as web:
        browser = web.browser()
        request_id = request_path(upload(browser)).rsplit("/", 1)[-1]
        stage = identified_again(web, browser, request_id)
        bare = stage.post(TOKEN, stage.pre_authorized)
        bound = stage.post(TOKEN, stage.pre_authorized, DPoP=stage.wallet.proof(TOKEN))

    assert bare.json["error"] == "invalid_dpop_proof"
    assert bound.status_code == 200
