"""The authorization server on Authlib: one for everything that needs a token.

Authlib routes grants, clients and errors, carries the code grant with PKCE (RFC 7636)
and ``iss`` (RFC 9207). Ours, because it has none: pushed requests (RFC 9126), DPoP
(RFC 9449), attested wallets, and that every step is one conditional update.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from authlib.consts import default_json_headers
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Response

from app.oauth import client_attestation, dpop
from app.oauth.authorization_details import asks_by_identifier
from app.oauth.authorizations import (
    REQUEST_LIFETIME,
    Authorizations,
    NoSuchOfferError,
    Pushed,
)
from app.oauth.client_attestation import AttestationRefusedError
from app.oauth.grants import (
    InvalidDpopProofError,
    OnlyS256,
    PreAuthorizedCodeGrant,
    WalletCodeGrant,
)
from app.oauth.store import Authorization
from app.oauth.tokens import Terms, Tokens
from app.oauth.wallet import Wallet, wallet_named
from app.oauth.wallet_policy import Policy, WalletPolicy
from app.signers.offers import CONFIGURATION_ID

AUTHORIZE: Final = "/oauth2/authorize"
PUSH: Final = "/oauth2/par"
TOKEN: Final = "/oauth2/token"  # noqa: S105 — a path
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]{1,1000}")
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class OneServer(AuthorizationServer):  # type: ignore[misc]  # Authlib is untyped
    """No registered clients, no refresh tokens."""

    def __init__(
        self,
        *,
        authorizations: Authorizations,
        tokens: Tokens,
        policy: WalletPolicy,
        base_url: str,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(query_client=wallet_named)
        self.authorizations = authorizations
        self.tokens = tokens
        self.policy = policy
        self.base_url = base_url
        self.clock = clock
        self.register_grant(PreAuthorizedCodeGrant)
        self.register_grant(WalletCodeGrant, [OnlyS256()])
        self.register_client_auth_method(
            client_attestation.METHOD, lambda _, request: self.attested(request)
        )
        self.register_extension(_Issuer)

    # --- the endpoints

    def create_token_response(self, request: None = None) -> Response:
        asked = self.create_oauth2_request(request)
        try:
            _check_plain(asked)
        except OAuth2Error as error:
            return self.response_of(asked, error)
        response: Response = super().create_token_response(request)
        return response

    def create_push_response(self) -> Response:
        """RFC 9126 §2."""
        asked = self.create_oauth2_request(None)
        try:
            _check_plain(asked)
            request_uri = self.authorizations.push(self._pushed(asked))
        except NoSuchOfferError as error:
            return self.response_of(asked, InvalidRequestError(str(error)))
        except dpop.ProofRefusedError as error:
            return self.response_of(asked, InvalidDpopProofError(str(error)))
        except OAuth2Error as error:
            error.redirect_uri = None  # nobody is to be sent anywhere
            return self.response_of(asked, error)
        body = {
            "request_uri": request_uri,
            "expires_in": int(REQUEST_LIFETIME.total_seconds()),
        }
        response: Response = self.handle_response(201, body, default_json_headers)
        return response

    def decide(self, authorization: Authorization, *, allowed: bool) -> Response | None:
        """The redirect to the wallet; ``None`` when it was decided before."""
        if not allowed and not self.authorizations.refuse(authorization):
            return None
        asked = self._as_pushed(authorization)
        response: Response = self.create_authorization_response(
            request=asked,
            grant_user=authorization if allowed else None,
            grant=self.get_authorization_grant(asked),
        )
        return response if response.location else None

    # --- what the grants ask

    def client_of(self, request: OAuth2Request) -> Wallet:
        """By attestation or, where that may be, by its word; ``invalid_client``."""
        client: Wallet = self.authenticate_client(request, self.policy.methods)
        return client

    def attested(self, request: OAuth2Request) -> Wallet | None:
        """``None`` when none was sent, or we do not look; ``invalid_client``."""
        if self.policy.attestation is Policy.OFF or self.policy.providers is None:
            return None
        try:
            found = client_attestation.check(
                request.headers,
                anchors=self.policy.providers,
                issuer=self.base_url,
                client_id=request.form.get("client_id"),
                now=self.clock(),
            )
        except AttestationRefusedError as error:
            raise InvalidClientError(str(error)) from error
        if found is None:
            if self.policy.attestation is Policy.REQUIRED:
                raise InvalidClientError("a wallet attestation is required")
            return None
        if wallet_named(found.client_id) is None:
            raise InvalidClientError("the attested client_id is no client_id")
        if not self.authorizations.remember(found.once):
            raise InvalidClientError("the proof was used before")
        return Wallet(found.client_id, found.once.thumbprint)

    def terms_of(self, request: OAuth2Request, by_identifier: bool) -> Terms:
        details = request.form.get("authorization_details")
        proof = self._proof(request, TOKEN)
        if proof is None and self.policy.needs_dpop:
            raise InvalidDpopProofError("a DPoP proof is required")
        return Terms(
            client_id=request.client and request.client.client_id,
            proof=proof,
            by_identifier=asks_by_identifier(details) or by_identifier,
        )

    def response_of(self, request: OAuth2Request, error: OAuth2Error) -> Response:
        response: Response = self.handle_error_response(request, error)
        return response

    # --- one pushed request

    def _pushed(self, asked: OAuth2Request) -> Pushed:
        form = asked.form
        if "request_uri" in form:  # RFC 9126 §2.1
            raise InvalidRequestError("request_uri cannot be pushed")
        if "request" in form:
            raise OAuth2Error(error="request_not_supported")
        client = self.client_of(asked)
        self.get_authorization_grant(asked).validate_authorization_request()
        if form.get("response_mode", "query") != "query":
            raise InvalidRequestError("response_mode must be query")
        by_identifier = asks_by_identifier(form.get("authorization_details"))
        scope = _printable(form, "scope")
        if not by_identifier and CONFIGURATION_ID not in (scope or "").split(" "):
            raise InvalidScopeError
        issuer_state = _printable(form, "issuer_state")
        if issuer_state is None:
            raise InvalidRequestError("issuer_state is missing: begin with an offer")
        proof = self._proof(asked, PUSH)
        return Pushed(
            issuer_state=issuer_state,
            client_id=client.client_id,
            client_key=client.key,
            redirect_uri=form["redirect_uri"],
            scope=scope,
            state=_printable(form, "state"),
            code_challenge=form["code_challenge"],
            thumbprint=_bound_to(form.get("dpop_jkt"), proof),
            proof=proof,
            by_identifier=by_identifier,
        )

    def _proof(self, request: OAuth2Request, path: str) -> dpop.OnceOnly | None:
        text = request.headers.get("DPoP")
        if text is None:
            return None
        try:
            return dpop.check_proof(
                text, method="POST", url=self.base_url + path, now=self.clock()
            )
        except dpop.ProofRefusedError as error:
            raise InvalidDpopProofError(str(error)) from error

    def _as_pushed(self, authorization: Authorization) -> OAuth2Request:
        """What Authlib would have read from the address, had it come that way."""
        asked = OAuth2Request("POST", self.base_url + AUTHORIZE)
        asked.payload = BasicOAuth2Payload(
            {
                "response_type": "code",
                "client_id": authorization.client_id,
                "redirect_uri": authorization.redirect_uri,
                "code_challenge": authorization.code_challenge,
                "code_challenge_method": "S256",
                "scope": authorization.scope,
                "state": authorization.state,
            }
        )
        return asked


class _Issuer(IssuerParameter):  # type: ignore[misc]
    """RFC 9207: every authorization response says whose it is."""

    def __init__(self, server: OneServer) -> None:
        self._issuer = server.base_url
        self(server)

    def get_issuer(self) -> str:
        return self._issuer


def _check_plain(request: OAuth2Request) -> None:
    """RFC 6749 §3.2: parameters once, in the body."""
    if request.args:
        raise InvalidRequestError("parameters belong into the body")
    if any(len(request.form.getlist(name)) > 1 for name in request.form):
        raise InvalidRequestError("a parameter was sent twice")


def _bound_to(stated: str | None, proof: dpop.OnceOnly | None) -> str | None:
    """RFC 9449 §10: the key to which the code will be bound."""
    if stated is not None and not _THUMBPRINT.fullmatch(stated):
        raise InvalidRequestError("dpop_jkt is no thumbprint")
    if proof is None:
        return stated
    if stated not in (None, proof.thumbprint):
        raise InvalidDpopProofError("dpop_jkt is of another key")
    return proof.thumbprint


def _printable(form: Mapping[str, str], name: str) -> str | None:
    """RFC 6749 App. A: VSCHAR; what we have to keep must be short."""
    value = form.get(name)
    if value is not None and not _PRINTABLE.fullmatch(value):
        raise InvalidRequestError(f"{name} is too long or has odd characters")
    return value
