import pytest

from app.oauth.redirect_uris import form_target, is_acceptable, shown_target


@pytest.mark.parametrize(
    "uri",
    [
        "https://wallet.example/cb",
        "https://wallet.example",
        "https://wallet.example:8443/cb?x=1",
        "https://xn--bcher-kva.example/cb",
        "http://localhost:4321/cb",
        "http://127.0.0.1/cb",
        "eu.europa.ec.euidi://authorization",
        "com.example.wallet:/cb",
        "com.example.wallet:cb",
        "id.paradym.wallet://wallet/redirect",
    ],
)
def test_a_wallets_own_address_is_accepted(uri: str) -> None:
    assert is_acceptable(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "x",
        "/cb",
        "//wallet.example/cb",
        "https:",
        "https://",
        "https:///cb",
        "https:/wallet.example",
        "HTTPS://wallet.example/cb",
        "https://wallet.example/cb#fragment",
        "https://user@wallet.example/cb",
        "https://user:password@wallet.example/cb",
        "https://wallet.example@evil.example/cb",
        "https://wallet.example\\@evil.example/cb",
        "https://wallet.example:port/cb",
        "https://wallet.example:99999/cb",
        "https://*.example/cb",
        "https://-.example;/cb",
        "https://wallet.example /cb",
        " https://wallet.example/cb",
        "https://wallet.example/cb\n",
        "https://wallet.example/\r\nSet-Cookie:x",
        "https://wallet.example/\0",
        "https://wállet.example/cb",
        "https://[::1]/cb",
        "https://[x]/cb",
        "http://wallet.example/cb",
        "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.2/cb",
        "http://localhost@evil.example/cb",
        "javascript:alert(1)",
        "javascript://wallet.example/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://wallet.example/x",
        "about:blank",
        "ftp://wallet.example/cb",
        "intent://x/#Intent;end",
        "openid4vp://cb",
        "mailto:a@wallet.example",
        "1com.example:/cb",
        ".com:/cb",
        "com.:/cb",
        "COM.example:/cb",
        "https://wallet.example/" + "x" * 1000,
    ],
)
def test_anything_else_is_refused(uri: str) -> None:
    assert not is_acceptable(uri)


@pytest.mark.parametrize(
    ("uri", "target", "shown"),
    [
        ("https://wallet.example:1/cb", "https://wallet.example:1", "wallet.example"),
        ("http://127.0.0.1:9/cb", "http://127.0.0.1:9", "http"),
        ("com.example.wallet:/cb", "com.example.wallet:", "com.example.wallet"),
    ],
)
def test_browser_and_person_learn_where_it_goes(
    uri: str, target: str, shown: str
) -> None:
    assert (form_target(uri), shown_target(uri)) == (target, shown)
