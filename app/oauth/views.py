"""``/oauth2/token`` and the authorization server's metadata (RFC 8414)."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from app.oauth.server import TokenEndpoint
from app.signers.offers import PRE_AUTHORIZED_CODE


def oauth_blueprint(endpoint: TokenEndpoint, base_url: str) -> Blueprint:
    bp = Blueprint("oauth", __name__)

    @bp.post("/oauth2/token")
    def token() -> Response:
        response: Response = endpoint.create_token_response()
        return response

    @bp.get("/.well-known/oauth-authorization-server")
    def metadata() -> ResponseReturnValue:
        return jsonify(
            issuer=base_url,
            token_endpoint=f"{base_url}/oauth2/token",
            # RFC 8414 §2 requires the member; there is no authorization endpoint yet.
            response_types_supported=[],
            grant_types_supported=[PRE_AUTHORIZED_CODE],
            token_endpoint_auth_methods_supported=["none"],
            **{"pre-authorized_grant_anonymous_access_supported": True},
        )

    return bp
