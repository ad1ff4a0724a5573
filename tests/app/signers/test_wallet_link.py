import pytest

from app.signers.store import Exchange
from app.signers.wallet_link import wallet_link

CLIENT = "client_id=x509_hash%3AUz8w"
REQUEST = "request_uri=https%3A%2F%2Fsign.example%2Foid4vp%2Frequest%2Ftx-1"


@pytest.mark.parametrize(
    ("scheme", "method", "link"),
    [
        pytest.param(
            "openid4vp",
            "post",
            f"openid4vp://?{CLIENT}&{REQUEST}&request_uri_method=post",
            id="production",
        ),
        pytest.param(
            "eu-eaap",
            "get",
            f"eu-eaap://?{CLIENT}&{REQUEST}&request_uri_method=get",
            id="another-scheme",
        ),
        pytest.param(
            "https://wallet.example/authorize",
            "omit",
            f"https://wallet.example/authorize?{CLIENT}&{REQUEST}",
            id="an-address",
        ),
    ],
)
def test_the_link_is_what_wallets_parse(scheme: str, method: str, link: str) -> None:
    exchange = Exchange(
        tx="tx-1",
        client_id="x509_hash:Uz8w",
        link_scheme=scheme,
        request_uri_method=method,
    )

    assert wallet_link("https://sign.example", exchange) == link
