"""From fetched text to a request the wallet may show, or to a refusal.

Two steps, because they end differently (a wallet that posts an error tells an
impostor that it exists):

``authenticate``: who asks?     Any failure: RequestNotAuthenticError, stay silent.
    1. one compact JWS, typ ``oauth-authz-req+jwt``, ES256, no ``crit``
    2. x5c chain to a trusted access root, root not sent, leaf may sign  HAIP §5
    3. signature by the leaf
    4. inner client_id = outer; x509_hash of this leaf, or a dNSName of it   §5.9.3
    5. aud, iat, exp, nbf                                                     §5.8
    6. wallet_nonce is the one sent, or absent when none was sent             §5.10
    7. response_uri is https or loopback                                      §8.2

``read``: what is asked?        Failure: RequestRefusedError, the error is posted.
    8. response_type, response_mode, nothing that contradicts them
    9. nonce, state
    10. client_metadata: a key and an algorithm to encrypt to                 §5.1
    11. dcql_query                                                            §6
    12. transaction_data                                                      §8.4

Sections without a name are OpenID4VP 1.0.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from wallet_emulator import jws
from wallet_emulator.certificates import (
    display_name,
    dns_names,
    parse_x5c,
    verify_chain,
)
from wallet_emulator.dcql import Query, parse_query
from wallet_emulator.encoding import b64url, text_member
from wallet_emulator.errors import (
    MalformedError,
    RequestNotAuthenticError,
    RequestRefusedError,
)
from wallet_emulator.link import FetchedRequest
from wallet_emulator.recipient import Recipient, choose_recipient
from wallet_emulator.transaction_data import QesApproval, parse_transaction_data
from wallet_emulator.transport import require_safe_url
from wallet_emulator.wallet_kinds import EMULATOR, WalletKind

REQUEST_OBJECT_TYP: Final = "oauth-authz-req+jwt"
STATIC_DISCOVERY_AUD: Final = "https://self-issued.me/v2"
_CONTRADICTIONS: Final = (  # §5, §8.2: each would have to be ignored or obeyed
    "redirect_uri",
    "request_uri",
    "request_uri_method",
    "scope",
    "presentation_definition",
    "client_id_scheme",
)
_NONCE: Final = re.compile(r"[A-Za-z0-9._~-]{22,512}")  # §5.2; 22 = 128 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticRequest:
    """Parameters that provably come from the holder of an access certificate."""

    client_id: str
    relying_party: str
    response_uri: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRequest:
    """Everything the wallet needs to ask its user and to answer."""

    client_id: str
    relying_party: str
    response_uri: str
    nonce: str
    state: str | None
    recipient: Recipient
    query: Query
    transaction_data: tuple[QesApproval, ...]
    kind: WalletKind = EMULATOR


def authenticate(
    fetched: FetchedRequest, roots: Sequence[x509.Certificate], now: datetime
) -> AuthenticRequest:
    """Steps 1 to 7.

    Raises:
        RequestNotAuthenticError: ``check`` names the step.
    """
    chain, claims = _verify_signature(fetched.request_object, roots, now)  # 1, 2, 3
    client_id = _require_client_id(claims, fetched.client_id, chain[0])  # 4
    _require_times_and_audience(claims, now)  # 5
    if claims.get("wallet_nonce") != fetched.wallet_nonce:  # 6
        raise RequestNotAuthenticError("wallet_nonce", "not the one this wallet sent")
    return AuthenticRequest(
        client_id=client_id,
        relying_party=display_name(chain[0]),
        response_uri=_response_uri(claims, client_id),  # 7
        parameters=claims,
    )


def read(request: AuthenticRequest, kind: WalletKind = EMULATOR) -> VerifiedRequest:
    """Steps 8 to 12, as this kind of wallet takes them.

    Raises:
        RequestRefusedError: ``error`` is what the verifier should be told.
    """
    parameters = request.parameters
    _require_response_type(parameters)  # 8
    nonce, state = _nonce(parameters), _state(parameters)  # 9
    query = parse_query(parameters.get("dcql_query"))  # 11
    _require_fitting(parameters, kind)
    return VerifiedRequest(
        client_id=request.client_id,
        relying_party=request.relying_party,
        response_uri=request.response_uri,
        nonce=nonce,
        state=state,
        recipient=choose_recipient(
            parameters.get("client_metadata"), query.formats()
        ),  # 10
        query=query,
        transaction_data=parse_transaction_data(parameters, query, kind),  # 12
        kind=kind,
    )


def x509_hash(leaf: x509.Certificate) -> str:
    """The ``x509_hash`` client identifier of a certificate (§5.9.3)."""
    fingerprint = hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest()
    return f"x509_hash:{b64url(fingerprint)}"


def _verify_signature(
    text: str, roots: Sequence[x509.Certificate], now: datetime
) -> tuple[tuple[x509.Certificate, ...], dict[str, object]]:
    check = "request_object"
    try:
        parsed = jws.parse(text)
        check = "certificate_chain"
        chain = parse_x5c(parsed.header.get("x5c"))
        key = verify_chain(chain, roots, now)
        check = "signature"
        return chain, jws.verify(parsed, typ=REQUEST_OBJECT_TYP, key=key)
    except MalformedError as error:
        raise RequestNotAuthenticError(check, str(error)) from error


def _require_client_id(
    claims: Mapping[str, object], outer: str, leaf: x509.Certificate
) -> str:
    inner = claims.get("client_id")
    if inner != outer:
        raise RequestNotAuthenticError("client_id", "inner and outer differ")
    prefix, _, value = outer.partition(":")
    if prefix == "x509_hash":
        known = outer == x509_hash(leaf)
    else:
        known = prefix == "x509_san_dns" and value in dns_names(leaf)
    if not known:
        raise RequestNotAuthenticError("client_id", "not of this certificate")
    return outer


def _require_times_and_audience(claims: Mapping[str, object], now: datetime) -> None:
    if claims.get("aud") != STATIC_DISCOVERY_AUD:
        raise RequestNotAuthenticError("aud", f"must be {STATIC_DISCOVERY_AUD}")
    if (
        _time(claims, "exp") <= now.timestamp()
    ):  # no skew: wallets in the field have none
        raise RequestNotAuthenticError("exp", "the request has expired")
    for name in ("iat", "nbf"):
        if name in claims and _time(claims, name) > now.timestamp():
            raise RequestNotAuthenticError(name, "the request is from the future")


def _time(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if type(value) not in (int, float):
        raise RequestNotAuthenticError(name, "must be a NumericDate")
    return float(str(value))


def _response_uri(claims: Mapping[str, object], client_id: str) -> str:
    try:
        uri = require_safe_url(text_member(claims, "response_uri"))
    except MalformedError as error:
        raise RequestNotAuthenticError("response_uri", str(error)) from error
    prefix, _, name = client_id.partition(":")
    if prefix == "x509_san_dns" and urlsplit(uri).hostname != name:
        raise RequestNotAuthenticError("response_uri", "host is not the client's")
    return uri


def _require_response_type(parameters: Mapping[str, object]) -> None:
    for name in _CONTRADICTIONS:
        if name in parameters:
            raise RequestRefusedError("invalid_request", f"{name} must be absent")
    if parameters.get("response_type") != "vp_token":
        raise RequestRefusedError("invalid_request", "response_type must be vp_token")
    if parameters.get("response_mode") != "direct_post.jwt":
        raise RequestRefusedError(
            "invalid_request", "response_mode must be direct_post.jwt"
        )


def _require_fitting(parameters: Mapping[str, object], kind: WalletKind) -> None:
    """What some wallets refuse although the standard allows it, or miss."""
    asked = parameters["dcql_query"]
    if not isinstance(asked, Mapping):
        raise RequestRefusedError("invalid_request", "dcql_query must be an object")
    if kind.max_queries is not None and len(asked["credentials"]) > kind.max_queries:
        raise RequestRefusedError("invalid_request", "too many credentials asked for")
    if kind.one_encoding and "credential_sets" in asked:
        raise RequestRefusedError("invalid_request", "credential_sets are not known")
    if kind.verifier_info is None and "verifier_info" in parameters:
        raise RequestRefusedError("invalid_request", "verifier_info is not known")
    for wanted in kind.verifier_info or ():
        if wanted not in _verifier_info_formats(parameters):
            raise RequestRefusedError("invalid_request", f"no {wanted}")


def _verifier_info_formats(parameters: Mapping[str, object]) -> list[object]:
    """§5.11: an array of objects with ``format`` and ``data``."""
    listed = parameters.get("verifier_info", [])
    if not isinstance(listed, list) or not all(
        isinstance(entry, Mapping) and "data" in entry for entry in listed
    ):
        raise RequestRefusedError("invalid_request", "verifier_info is malformed")
    return [entry.get("format") for entry in listed]


def _nonce(parameters: Mapping[str, object]) -> str:
    nonce = parameters.get("nonce")
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise RequestRefusedError("invalid_request", "nonce is missing or too weak")
    return nonce


def _state(parameters: Mapping[str, object]) -> str | None:
    state = parameters.get("state")
    if state is not None and (not isinstance(state, str) or not state):
        raise RequestRefusedError("invalid_request", "state must be a string")
    return state
