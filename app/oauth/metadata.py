"""The authorization server's metadata (RFC 8414): what is really there, and no more."""

from app.oauth import client_attestation
from app.oauth.authorization_details import TYPE
from app.oauth.jwts import ALG
from app.oauth.server import AUTHORIZE, PUSH, TOKEN
from app.oauth.wallet_policy import Policy, WalletPolicy
from app.signers.offers import (
    AUTHORIZATION_CODE,
    CONFIGURATION_ID,
    PRE_AUTHORIZED_CODE,
)


def server_metadata(base_url: str, policy: WalletPolicy) -> dict[str, object]:
    anonymous = policy.attestation is not Policy.REQUIRED
    return {
        "issuer": base_url,
        "authorization_endpoint": base_url + AUTHORIZE,
        "token_endpoint": base_url + TOKEN,
        # RFC 9126 §5
        "pushed_authorization_request_endpoint": base_url + PUSH,
        "require_pushed_authorization_requests": True,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [AUTHORIZATION_CODE, PRE_AUTHORIZED_CODE],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [CONFIGURATION_ID],
        "authorization_details_types_supported": [TYPE],  # RFC 9396 §10
        "token_endpoint_auth_methods_supported": policy.methods,
        "dpop_signing_alg_values_supported": [ALG],  # RFC 9449 §5.1
        "authorization_response_iss_parameter_supported": True,  # RFC 9207 §3
        "pre-authorized_grant_anonymous_access_supported": anonymous,
        **_attestation(policy),
    }


def _attestation(policy: WalletPolicy) -> dict[str, object]:
    if client_attestation.METHOD not in policy.methods:
        return {}
    return {
        "client_attestation_signing_alg_values_supported": [ALG],
        "client_attestation_pop_signing_alg_values_supported": [ALG],
    }
