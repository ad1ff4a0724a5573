"""OpenID4VCI endpoints: for wallets, by access token; no cookie, no CSRF token."""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.signers.access import Access, AccessCheck, AccessRefusedError
from app.signers.issuance import Issuance, IssuanceError
from app.signers.issuer_metadata import (
    CREDENTIAL,
    NONCE,
    NOTIFICATION,
    issuer_metadata,
    signed_metadata,
    type_metadata,
)
from sam.client import SamClient

MAX_BODY = 64 * 1024
JSON, JWT = "application/json", "application/jwt"


def issuance_blueprint(
    issuance: Issuance, check: AccessCheck, sam: SamClient, base_url: str
) -> Blueprint:
    bp = Blueprint("issuance", __name__)

    def access(path: str) -> Access:
        return check(
            path=path,
            authorization=request.headers.get("Authorization"),
            dpop=request.headers.get("DPoP"),
        )

    @bp.before_request
    def limit_body() -> None:
        request.max_content_length = MAX_BODY

    @bp.post(NONCE)
    def nonce() -> ResponseReturnValue:
        """§7: unprotected, and never cached."""
        answer = issuance.nonce()
        return jsonify(c_nonce=answer.c_nonce, c_nonce_expires_in=answer.expires_in)

    @bp.post(CREDENTIAL)
    def credential() -> ResponseReturnValue:
        allowed = access(CREDENTIAL)
        issued = issuance.issue(allowed, request.data)
        return jsonify(
            credentials=[{"credential": issued}],
            notification_id=allowed.notification_id,
        )

    @bp.post(NOTIFICATION)
    def notification() -> ResponseReturnValue:
        issuance.notified(access(NOTIFICATION), request.data)
        return "", 204

    _add_metadata(bp, sam, base_url)
    _add_errors(bp)
    return bp


def _add_metadata(bp: Blueprint, sam: SamClient, base_url: str) -> None:
    @bp.get("/.well-known/openid-credential-issuer")
    def metadata() -> ResponseReturnValue:
        """§12.2.2: signed for who prefers that, if there is something signed."""
        info = sam.info()
        signed = signed_metadata(base_url, info)
        offered = [JSON] if signed is None else [JSON, JWT]
        if request.accept_mimetypes.best_match(offered, JSON) == JWT:
            response = Response(signed, mimetype=JWT)
        else:
            response = jsonify(issuer_metadata(base_url, info))
        response.vary.add("Accept")
        return response

    @bp.get("/oid4vci/types/signing-pass")
    def type_() -> ResponseReturnValue:
        return jsonify(type_metadata(sam.info()))


def _add_errors(bp: Blueprint) -> None:
    @bp.errorhandler(IssuanceError)
    def refuse(error: IssuanceError) -> ResponseReturnValue:
        return jsonify(error=error.code, error_description=str(error)), 400

    @bp.errorhandler(AccessRefusedError)
    def challenge(error: AccessRefusedError) -> ResponseReturnValue:
        """RFC 9449 §7.1: both schemes are named, as there are tokens of both."""
        response = jsonify(error=error.code, error_description=str(error))
        response.status_code = 401
        for scheme, more in (("Bearer", ""), ("DPoP", ', algs="ES256"')):
            response.headers.add(
                "WWW-Authenticate", f'{scheme} error="{error.code}"{more}'
            )
        return response
