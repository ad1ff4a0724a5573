from app.signers.wallet_link import wallet_link


def test_the_link_is_what_wallets_parse() -> None:
    link = wallet_link("https://sign.example", "x509_hash:Uz8w", "tx-1")

    assert link == (
        "openid4vp://?client_id=x509_hash%3AUz8w"
        "&request_uri=https%3A%2F%2Fsign.example%2Foid4vp%2Frequest%2Ftx-1"
        "&request_uri_method=post"
    )
