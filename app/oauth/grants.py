"""The two grants on Authlib: pre-authorised code, and authorization code with PKCE.

Authlib's code grant checks before it deletes and asks PKCE of some clients only. Here
a code is taken by one conditional update, and S256 is asked of everyone.
"""

import re
from collections.abc import Callable
from typing import Final

from authlib.oauth2.rfc6749 import (
    AuthorizationCodeGrant,
    BaseGrant,
    OAuth2Request,
    TokenEndpointMixin,
)
from authlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    InvalidRequestError,
    OAuth2Error,
)
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import compare_s256_code_challenge

from app.oauth import authorization_details
from app.oauth.dpop import ProofRefusedError
from app.oauth.store import Authorization
from app.oauth.tokens import TOKEN_LIFETIME, CodeRefusedError, Terms
from app.oauth.wallet import Wallet
from app.signers.offers import AUTHORIZATION_CODE, PRE_AUTHORIZED_CODE

TokenResponse = tuple[int, dict[str, object], list[tuple[str, str]]]
S256: Final = "S256"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class InvalidDpopProofError(OAuth2Error):  # type: ignore[misc]
    """RFC 9449 §5."""

    error = "invalid_dpop_proof"


class OnlyS256(CodeChallenge):  # type: ignore[misc]
    """RFC 7636 §4.4.1, RFC 9700 §2.1.1: required, and never plain."""

    SUPPORTED_CODE_CHALLENGE_METHOD = [S256]  # noqa: RUF012 — Authlib's own shape
    CODE_CHALLENGE_METHODS = {S256: compare_s256_code_challenge}  # noqa: RUF012

    def validate_code_challenge(
        self, grant: AuthorizationCodeGrant, redirect_uri: str
    ) -> None:
        data = grant.request.payload.data
        if data.get("code_challenge_method") != S256:
            raise InvalidRequestError("code_challenge_method must be S256")
        if not _CHALLENGE.fullmatch(data.get("code_challenge") or ""):
            raise InvalidRequestError("code_challenge is missing or no SHA-256")

    def get_authorization_code_challenge_method(self, _code: Authorization) -> str:
        return S256


class WalletCodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """RFC 6749 §4.1; at the authorization endpoint for pushed requests only."""

    GRANT_TYPE = AUTHORIZATION_CODE

    @staticmethod
    def validate_authorization_redirect_uri(
        request: OAuth2Request, client: Wallet
    ) -> str:
        uri: str = request.payload.redirect_uri or ""
        if not client.check_redirect_uri(uri):
            raise InvalidRequestError("redirect_uri is missing or not acceptable")
        return uri

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """``generate_authorization_code`` has kept it."""

    def generate_authorization_code(self) -> str:
        """``request.user`` is the authorization that this browser may decide."""
        code = self.server.authorizations.allow(self.request.user)
        if code is None:
            raise InvalidRequestError("the request was decided before")
        return str(code)

    def authenticate_token_endpoint_client(self) -> Wallet:
        client: Wallet = self.server.client_of(self.request)
        return client

    def query_authorization_code(self, code: str, client: Wallet) -> Authorization:
        found: Authorization | None = self.server.authorizations.by_code(code)
        if found is None:
            raise InvalidGrantError("the code is unknown, over or used")
        if found.client_id != client.client_id or found.client_key != client.key:
            raise InvalidGrantError("the code was given to another client")
        return found

    def create_token_response(self) -> TokenResponse:
        code: Authorization = self.request.authorization_code
        terms: Terms = self.server.terms_of(self.request, code.by_identifier)
        shown = terms.proof and terms.proof.thumbprint
        if code.thumbprint is not None and code.thumbprint != shown:
            raise InvalidDpopProofError("the code is bound to another key")
        text = self.request.form["code"]
        return answer(
            terms, lambda: self.server.tokens.for_authorization(text, code.tx, terms)
        )


class PreAuthorizedCodeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """OpenID4VCI 1.0 §6.1: a column of refusals, then one redemption.

    Without an attestation the wallet stays nobody; a client_id is then ignored.
    """

    GRANT_TYPE = PRE_AUTHORIZED_CODE

    def validate_token_request(self) -> None:
        form = self.request.form
        if not form.get("pre-authorized_code"):
            raise InvalidRequestError("pre-authorized_code is missing")
        if "tx_code" in form:  # §6.3: the offer asked for none
            raise InvalidRequestError("no tx_code is expected")
        self.request.client = self.server.attested(self.request)

    def create_token_response(self) -> TokenResponse:
        terms: Terms = self.server.terms_of(self.request, by_identifier=False)
        code = self.request.form["pre-authorized_code"]
        return answer(terms, lambda: self.server.tokens.for_offer(code, terms))


def answer(terms: Terms, give: Callable[[], str]) -> TokenResponse:
    """RFC 6749 §5.1, RFC 9449 §5, OpenID4VCI 1.0 §6.2; or their errors."""
    try:
        token = give()
    except CodeRefusedError as error:
        raise InvalidGrantError(str(error)) from error
    except ProofRefusedError as error:
        raise InvalidDpopProofError(str(error)) from error
    body: dict[str, object] = {
        "access_token": token,
        "token_type": "DPoP" if terms.proof else "Bearer",
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
    }
    if terms.by_identifier:
        body["authorization_details"] = authorization_details.granted()
    return 200, body, BaseGrant.TOKEN_RESPONSE_HEADER
