"""OpenID4VCI endpoints: for wallets, by bearer token; no cookie, no CSRF token."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app.signers.issuance import CredentialError, InvalidTokenError, Issuance
from app.signers.offers import Offers

MAX_BODY = 64 * 1024


def issuance_blueprint(issuance: Issuance, offers: Offers) -> Blueprint:
    bp = Blueprint("issuance", __name__)

    @bp.before_request
    def limit_body() -> None:
        request.max_content_length = MAX_BODY

    @bp.get("/.well-known/openid-credential-issuer")
    def issuer_metadata() -> ResponseReturnValue:
        return jsonify(issuance.issuer_metadata())

    @bp.get("/oid4vci/types/signing-pass")
    def type_metadata() -> ResponseReturnValue:
        return jsonify(issuance.type_metadata())

    @bp.post("/oid4vci/nonce")
    def nonce() -> ResponseReturnValue:
        """§7: unprotected, and never cached."""
        answer = issuance.nonce()
        return jsonify(c_nonce=answer.c_nonce, c_nonce_expires_in=answer.expires_in)

    @bp.post("/oid4vci/credential")
    def credential() -> ResponseReturnValue:
        handle = offers.handle_of(_bearer_token())
        if handle is None:
            raise InvalidTokenError("unknown or expired")
        return jsonify(
            credentials=[{"credential": issuance.issue(handle, request.data)}]
        )

    @bp.errorhandler(CredentialError)
    def refuse(error: CredentialError) -> ResponseReturnValue:
        response = jsonify(error=error.code, error_description=str(error))
        response.status_code = error.status
        if isinstance(error, InvalidTokenError):
            response.headers["WWW-Authenticate"] = f'Bearer error="{error.code}"'
        return response

    return bp


def _bearer_token() -> str:
    """RFC 6750 §2.1: the header only."""
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer":
        raise InvalidTokenError("a bearer token is required")
    return authorization.token or ""
