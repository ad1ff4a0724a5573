"""Unusual but right ways to fetch the request object (OpenID4VP 1.0 §5.10)."""

from wallet_emulator.deviations.registry import link_deviation
from wallet_emulator.link import by_method, fetched_twice

request_uri_fetched_twice = link_deviation(
    "request-uri-fetched-twice",
    breaks="nothing: the request object is fetched twice before the answer",
    check="14",
    adapt=fetched_twice,
)
request_uri_method_post = link_deviation(
    "request-uri-method-post",
    breaks="nothing: fetched by POST with wallet_nonce, whatever the link says",
    check="12",
    adapt=lambda link: by_method(link, "post"),
)
request_uri_method_get = link_deviation(
    "request-uri-method-get",
    breaks="nothing: fetched by GET, as wallets without POST support do",
    check="11",
    adapt=lambda link: by_method(link, "get"),
)
