"""The link or QR code that calls the wallet, and the fetch it asks for.

OpenID4VP 1.0 §5.10: with ``request_uri_method=post`` the wallet sends a fresh
``wallet_nonce``, which the request object must echo; otherwise it fetches by GET.
Nothing fetched here is trusted: see ``wallet_emulator.request``.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx

from wallet_emulator import transport
from wallet_emulator.encoding import compact_json
from wallet_emulator.errors import (
    MalformedError,
    PeerUnavailableError,
    RequestNotAuthenticError,
)
from wallet_emulator.wallet_kinds import EMULATOR, WalletKind

REQUEST_OBJECT_TYPE: Final = "application/oauth-authz-req+jwt"
MAX_LINK: Final = 8000
_WALLET_METADATA: Final = {
    "vp_formats_supported": {
        "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
        "mso_mdoc": {
            "issuerauth_alg_values": [-7, -9],
            "deviceauth_alg_values": [-7, -9],
        },
    },
    "client_id_prefixes_supported": ["x509_hash", "x509_san_dns"],
    "request_object_signing_alg_values_supported": ["ES256"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationLink:
    """The three parameters outside the request object; all others are ignored."""

    client_id: str
    request_uri: str
    method: str  # "get" or "post"
    fetches: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedRequest:
    """An unverified request object with what the wallet must compare it to."""

    client_id: str
    wallet_nonce: str | None
    request_object: str


def parse_authorization_link(
    link: str, kind: WalletKind = EMULATOR
) -> AuthorizationLink:
    """Read ``openid4vp://?client_id=…&request_uri=…[&request_uri_method=post]``.

    Raises:
        RequestNotAuthenticError: another scheme, a parameter missing, repeated or bad.
    """
    if len(link) > MAX_LINK:
        raise RequestNotAuthenticError("link", "too long")
    try:
        parts = urlsplit(link.strip())
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError as error:
        raise RequestNotAuthenticError("link", "not a URL") from error
    if parts.scheme not in kind.schemes:
        raise RequestNotAuthenticError("link", f"unknown scheme {parts.scheme!r}")
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise RequestNotAuthenticError("link", "a parameter is repeated")
    return AuthorizationLink(
        client_id=_parameter(parameters, "client_id"),
        request_uri=_safe_uri(_parameter(parameters, "request_uri")),
        method=_method(parameters.get("request_uri_method", "get")),
    )


def fetch_request(http: httpx.Client, link: AuthorizationLink) -> FetchedRequest:
    """Fetch the request object as the link says; a fresh nonce for each POST.

    Raises:
        RequestNotAuthenticError: no 200 answer with an ASCII body.
    """
    for _ in range(link.fetches - 1):
        _fetch_once(http, link)
    return _fetch_once(http, link)


def by_method(link: AuthorizationLink, method: str) -> AuthorizationLink:
    return replace(link, method=method)


def fetched_twice(link: AuthorizationLink) -> AuthorizationLink:
    return replace(link, fetches=2)


def _fetch_once(http: httpx.Client, link: AuthorizationLink) -> FetchedRequest:
    nonce = secrets.token_urlsafe(32) if link.method == "post" else None
    try:
        answer = _ask(http, link.request_uri, nonce)
        request_object = answer.body.decode("ascii").strip()
    except (PeerUnavailableError, UnicodeDecodeError) as error:
        raise RequestNotAuthenticError("fetch", str(error)) from error
    if answer.status != httpx.codes.OK:
        raise RequestNotAuthenticError("fetch", f"{answer.status} {answer.text}")
    return FetchedRequest(
        client_id=link.client_id, wallet_nonce=nonce, request_object=request_object
    )


def _ask(http: httpx.Client, uri: str, nonce: str | None) -> transport.HttpAnswer:
    if nonce is None:
        return transport.get(http, uri, accept=REQUEST_OBJECT_TYPE)
    metadata = compact_json(_WALLET_METADATA).decode()
    fields = {"wallet_nonce": nonce, "wallet_metadata": metadata}
    return transport.post_form(http, uri, fields, accept=REQUEST_OBJECT_TYPE)


def _parameter(parameters: dict[str, str], name: str) -> str:
    value = parameters.get(name, "")
    if not value:
        raise RequestNotAuthenticError("link", f"{name} is missing")
    return value


def _safe_uri(uri: str) -> str:
    try:
        return transport.require_safe_url(uri)
    except MalformedError as error:
        raise RequestNotAuthenticError("link", f"request_uri: {error}") from error


def _method(value: str) -> str:
    if value not in ("get", "post"):  # lower case only, OpenID4VP 1.0 §5.10
        raise RequestNotAuthenticError("link", "request_uri_method is unknown")
    return value
