"""What wallets call (OpenID4VP 1.0): no cookie, no CSRF token, never a redirect.

The request: GET or POST, any Accept and any Content-Type, as real wallets send both
wrongly. The answer: one urlencoded body, relayed as it came.
"""

from typing import Final

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.signing.exchange import Relay, UnknownExchangeError
from sam import errors as sam_errors
from sam.messages import MAX_ANSWER_BYTES, MAX_METADATA

MAX_WALLET_NONCE: Final = 512
MAX_METADATA_BYTES: Final = 64 * 1024
REQUEST_OBJECT: Final = "application/oauth-authz-req+jwt"


class WalletNonceError(Exception):
    """wallet_nonce is empty, too long, or was sent twice."""


class AnswerEncodingError(Exception):
    """The body is not application/x-www-form-urlencoded text."""


def wallet_blueprint(relay: Relay) -> Blueprint:
    bp = Blueprint("wallet", __name__)

    @bp.route("/oid4vp/request/<tx>", methods=["GET", "POST"])
    def request_object(tx: str) -> ResponseReturnValue:
        """§5.10: wallet_nonce and wallet_metadata come by POST; no other counts."""
        request.max_content_length = MAX_METADATA_BYTES
        signed = relay.request_object(tx, _wallet_nonce(), _wallet_metadata())
        return Response(signed, mimetype=REQUEST_OBJECT)

    @bp.post("/oid4vp/response/<tx>")
    def answer(tx: str) -> ResponseReturnValue:
        """§8.2: 200 and where to send the person, or 400 and no reason."""
        request.max_content_length = MAX_ANSWER_BYTES
        return jsonify(redirect_uri=relay.answer(tx, _body()))

    bp.register_error_handler(UnknownExchangeError, _unknown)
    for closed in (
        sam_errors.UnknownTransactionError,
        sam_errors.TransactionClosedError,
        sam_errors.AlreadyAnsweredError,
    ):
        bp.register_error_handler(closed, _closed)
    for refused in (
        sam_errors.AnswerRefusedError,
        sam_errors.MalformedCallError,
        WalletNonceError,
        AnswerEncodingError,
    ):
        bp.register_error_handler(refused, _refused)
    return bp


def _wallet_nonce() -> str | None:
    sent = request.form.getlist("wallet_nonce") if request.method == "POST" else []
    if not sent:
        return None
    if len(sent) > 1 or not 0 < len(sent[0]) <= MAX_WALLET_NONCE:
        raise WalletNonceError
    return sent[0]


def _wallet_metadata() -> str | None:
    """Read by the SAM; what is sent twice, or too long to be any, is not handed on."""
    sent = request.form.getlist("wallet_metadata") if request.method == "POST" else []
    return sent[0] if len(sent) == 1 and len(sent[0]) <= MAX_METADATA else None


def _body() -> str:
    try:
        return request.get_data(cache=False).decode("ascii")
    except UnicodeDecodeError as error:
        raise AnswerEncodingError from error


def _unknown(_: Exception) -> ResponseReturnValue:
    return _error("this exchange is unknown or over", 404)


def _closed(error: Exception) -> ResponseReturnValue:
    """A request is not served once it is answered or over (threat JR3)."""
    answering = request.endpoint == "wallet.answer"
    return _refused(error) if answering else _unknown(error)


def _refused(_: Exception) -> ResponseReturnValue:
    return _error("the answer was not accepted", 400)


def _error(description: str, status: int) -> ResponseReturnValue:
    body = jsonify(error="invalid_request", error_description=description)
    return body, status
