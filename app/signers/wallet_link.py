"""The link that opens a wallet (OpenID4VP 1.0 §5), as the SAM said it has to be."""

from urllib.parse import urlencode

from app.signers.store import Exchange


def request_uri(base_url: str, tx: str) -> str:
    return f"{base_url}/oid4vp/request/{tx}"


def wallet_link(base_url: str, exchange: Exchange) -> str:
    """No parameter beyond these: wallets take all else from the signed request."""
    parameters = {
        "client_id": exchange.client_id,
        "request_uri": request_uri(base_url, exchange.tx),
    }
    if exchange.request_uri_method != "omit":
        # lower case, or wallets refuse it
        parameters["request_uri_method"] = exchange.request_uri_method
    scheme = exchange.link_scheme
    start = scheme if "://" in scheme else f"{scheme}://"
    return f"{start}?{urlencode(parameters)}"
