"""``/oauth2/*`` for programs, and the authorization server's metadata (RFC 8414)."""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.oauth.metadata import server_metadata
from app.oauth.server import PUSH, TOKEN, OneServer

MAX_BODY = 64 * 1024


def oauth_blueprint(server: OneServer) -> Blueprint:
    bp = Blueprint("oauth", __name__)

    @bp.before_request
    def limit_body() -> None:
        request.max_content_length = MAX_BODY

    @bp.post(TOKEN)
    def token() -> Response:
        return server.create_token_response()

    @bp.post(PUSH)
    def push() -> Response:
        return server.create_push_response()

    @bp.get("/.well-known/oauth-authorization-server")
    def metadata() -> ResponseReturnValue:
        return jsonify(server_metadata(server.base_url, server.policy))

    return bp
