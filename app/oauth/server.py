"""The token endpoint on Authlib's AuthorizationServer, and its one grant.

Pre-authorised code (OpenID4VCI 1.0 §6.1), for wallets without a client identity. The
code was shown on one page only; it is redeemed once and yields a token that lives five
minutes and fetches one thing.
"""

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin
from authlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from app.signers.offers import PRE_AUTHORIZED_CODE, TOKEN_LIFETIME, Offers

TokenResponse = tuple[int, dict[str, str | int], list[tuple[str, str]]]


class TokenEndpoint(AuthorizationServer):  # type: ignore[misc]  # Authlib is untyped
    """No registered clients, no scopes, no refresh tokens."""

    def __init__(self, offers: Offers) -> None:
        super().__init__()
        self.offers = offers
        self.register_grant(PreAuthorizedCodeGrant)


class PreAuthorizedCodeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """A column of refusals, then one redemption."""

    GRANT_TYPE = PRE_AUTHORIZED_CODE

    def validate_token_request(self) -> None:
        form = self.request.form
        if any(len(form.getlist(name)) > 1 for name in form):
            raise InvalidRequestError("a parameter was sent twice")  # RFC 6749 §3.2
        if not form.get("pre-authorized_code"):
            raise InvalidRequestError("pre-authorized_code is missing")
        if "tx_code" in form:  # §6.3: the offer asked for none
            raise InvalidRequestError("no tx_code is expected")

    def create_token_response(self) -> TokenResponse:
        offers: Offers = self.server.offers
        handle = offers.redeem(self.request.form["pre-authorized_code"])
        if handle is None:
            raise InvalidGrantError("the code is unknown, expired or used")
        token: dict[str, str | int] = {
            "access_token": offers.new_token(handle),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        }
        return 200, token, self.TOKEN_RESPONSE_HEADER
