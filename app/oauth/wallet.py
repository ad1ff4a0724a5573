"""The client that Authlib asks about: any wallet. None is registered.

What a wallet may do does not depend on which one it is: a code or an offer has to come
from the person's own browser, and the pass alone has no power.
"""

import re
from dataclasses import dataclass
from typing import Final

from authlib.oauth2.rfc6749 import ClientMixin

from app.oauth.redirect_uris import is_acceptable
from app.signers.offers import AUTHORIZATION_CODE

_CLIENT_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")


@dataclass(frozen=True, slots=True)
class Wallet(ClientMixin):  # type: ignore[misc]  # Authlib is untyped
    client_id: str
    key: str | None = None
    """Of an attested instance: RFC 7638 thumbprint."""

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        """Unknown values are ignored (OpenID4VCI 1.0 §5.1.2)."""
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return is_acceptable(redirect_uri)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return True  # which methods there are is the server's policy

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == AUTHORIZATION_CODE


def wallet_named(client_id: str | None) -> Wallet | None:
    if client_id is None or not _CLIENT_ID.fullmatch(client_id):
        return None
    return Wallet(client_id)
