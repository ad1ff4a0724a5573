"""The link that opens a wallet (OpenID4VP 1.0 §5, HAIP: request_uri by POST)."""

from typing import Final
from urllib.parse import urlencode

SCHEME: Final = "openid4vp"


def request_uri(base_url: str, tx: str) -> str:
    return f"{base_url}/oid4vp/request/{tx}"


def wallet_link(base_url: str, client_id: str, tx: str) -> str:
    """Exactly these three parameters: wallets take all else from the signed request."""
    query = urlencode(
        {
            "client_id": client_id,
            "request_uri": request_uri(base_url, tx),
            "request_uri_method": "post",  # lower case, or wallets refuse it
        }
    )
    return f"{SCHEME}://?{query}"
