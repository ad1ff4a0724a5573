"""Answer a page through the browser: the Digital Credentials API, signed requests.

OpenID4VP 1.0 App. A. The browser, not the request, says which origin asks; this wallet
goes on only if the signed request names that origin too. Its proofs are then for the
origin: ``aud`` of the key-binding JWT is ``origin:<origin>`` (A.4), and an mdoc signs
over ``OpenID4VPDCAPIHandover`` (B.2.6.2). Nothing is posted anywhere: what ``present``
returns is the ``data`` of the credential that the browser hands to the page.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from cryptography import x509

from wallet_emulator import answer, dcql, jws
from wallet_emulator.answer import Change, Draft, Stage, no_change
from wallet_emulator.certificates import display_name, parse_x5c, verify_chain
from wallet_emulator.encoding import text_member
from wallet_emulator.errors import MalformedError, RequestNotAuthenticError
from wallet_emulator.mdoc.transcript import dc_api_session_transcript
from wallet_emulator.recipient import choose_recipient
from wallet_emulator.request import REQUEST_OBJECT_TYP, VerifiedRequest, x509_hash
from wallet_emulator.wallet import Wallet

PROTOCOL: Final = "openid4vp-v1-signed"
RESPONSE_MODE: Final = "dc_api.jwt"
_BY_REDIRECT: Final = ("response_uri", "redirect_uri", "state", "transaction_data")


def present(
    request_object: str,
    *,
    origin: str,
    wallet: Wallet,
    access_roots: Sequence[x509.Certificate],
    now: datetime,
    change: Change = no_change,
    prefer: str | None = None,
) -> dict[str, str]:
    """``origin``: of the page, as the browser states it.

    Raises:
        RequestNotAuthenticError: not signed by a known relying party for this origin.
        RequestRefusedError: understood, and not answered.
    """
    request = read(request_object, origin, access_roots, now)
    matches = dcql.match(request.query, wallet.credentials(), prefer=prefer)
    draft = answer.start(request, matches, wallet, now)
    return answer.build(draft, _bound_to(origin, change))


def read(
    request_object: str,
    origin: str,
    access_roots: Sequence[x509.Certificate],
    now: datetime,
) -> VerifiedRequest:
    """The request as ``answer`` takes it: its audience is the origin (A.4)."""
    chain, claims = _signed(request_object, access_roots, now)
    _require_origin(claims, origin)
    if claims.get("client_id") != x509_hash(chain[0]):
        raise RequestNotAuthenticError("client_id", "not of this certificate")
    exp = claims.get("exp")
    if not isinstance(exp, int) or exp <= now.timestamp():
        raise RequestNotAuthenticError("exp", "the request has expired")
    query = dcql.parse_query(claims.get("dcql_query"))
    return VerifiedRequest(
        client_id=f"origin:{origin}",
        relying_party=display_name(chain[0]),
        response_uri="",
        nonce=text_member(claims, "nonce"),
        state=None,
        recipient=choose_recipient(claims.get("client_metadata"), query.formats()),
        query=query,
        transaction_data=(),
    )


def _signed(
    text: str, roots: Sequence[x509.Certificate], now: datetime
) -> tuple[tuple[x509.Certificate, ...], Mapping[str, object]]:
    try:
        parsed = jws.parse(text)
        chain = parse_x5c(parsed.header.get("x5c"))
        key = verify_chain(chain, roots, now)
        return chain, jws.verify(parsed, typ=REQUEST_OBJECT_TYP, key=key)
    except MalformedError as error:
        raise RequestNotAuthenticError("request_object", str(error)) from error


def _require_origin(claims: Mapping[str, object], origin: str) -> None:
    expected = claims.get("expected_origins")
    if not isinstance(expected, list) or origin not in expected:
        raise RequestNotAuthenticError("expected_origins", f"not for {origin}")
    if claims.get("response_mode") != RESPONSE_MODE:
        raise RequestNotAuthenticError("response_mode", f"must be {RESPONSE_MODE}")
    for name in _BY_REDIRECT:
        if name in claims:
            raise RequestNotAuthenticError(name, "has no place in a browser's request")


def _bound_to(origin: str, change: Change) -> Change:
    """Mdocs sign the browser's handover; then ``change`` has its way."""

    def bind(stage: Stage, draft: Draft) -> None:
        if stage is Stage.KEY_BINDING:
            for mdoc in draft.mdocs.values():
                mdoc.transcript = dc_api_session_transcript(
                    origin=origin,
                    nonce=draft.request.nonce,
                    jwk_thumbprint=draft.jwk_thumbprint,
                )
        change(stage, draft)

    return bind
