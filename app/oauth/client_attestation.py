"""Wallet attestation: a wallet says which product it is, and shows that it is it.

OAuth 2.0 Attestation-Based Client Authentication, draft 07 as OpenID4VCI 1.0 App. E
pins it; from later drafts only that the proof need not repeat the client.

    1. the attestation: ``oauth-client-attestation+jwt``, ES256, ``x5c`` up to a wallet
       provider's anchor; ``exp`` ahead, ``nbf`` and ``iat`` not; a public ``cnf.jwk``
    2. the proof: ``oauth-client-attestation-pop+jwt`` by that key, for this server,
       made now, once
    3. ``sub`` is the ``client_id``, wherever one is said

It says what kind of program asks. It names no person and gives no right to a pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from app.oauth import jwts
from app.oauth.dpop import FUTURE, OnceOnly, fresh

METHOD: Final = "attest_jwt_client_auth"
ATTESTATION_HEADER: Final = "OAuth-Client-Attestation"
PROOF_HEADER: Final = "OAuth-Client-Attestation-PoP"
ATTESTATION_TYPE: Final = "oauth-client-attestation+jwt"
PROOF_TYPE: Final = "oauth-client-attestation-pop+jwt"


class AttestationRefusedError(Exception):
    """Said to the wallet as ``invalid_client``."""

    code: ClassVar[str] = "invalid_client"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedWallet:
    client_id: str
    once: OnceOnly
    """Its ``thumbprint`` is the instance key, to which codes are tied."""


def check(
    headers: Mapping[str, str],
    *,
    anchors: jwts.WalletProviders,
    issuer: str,
    client_id: str | None,
    now: datetime,
) -> AttestedWallet | None:
    """``None`` when no attestation was sent; ``AttestationRefusedError``."""
    attestation, proof = headers.get(ATTESTATION_HEADER), headers.get(PROOF_HEADER)
    if attestation is None and proof is None:
        return None
    if attestation is None or proof is None:
        raise AttestationRefusedError("attestation and proof belong together")
    try:
        attested = jwts.by_certificate(attestation, anchors, now, typ=ATTESTATION_TYPE)
        _check_times(attested.claims, now)
        shown = jwts.by_known_key(proof, attested.key, typ=PROOF_TYPE)
        once = fresh(shown, PROOF_TYPE, now)
        subject = attested.claims.text("sub")
    except jwts.JwtRefusedError as error:
        raise AttestationRefusedError(str(error)) from error
    if shown.claims.get("aud") not in (issuer, [issuer]):
        raise AttestationRefusedError("the proof is for another server")
    if shown.claims.get("iss", subject) != subject:
        raise AttestationRefusedError("the proof is another client's")
    if client_id is not None and client_id != subject:
        raise AttestationRefusedError("client_id is not the attested one")
    return AttestedWallet(client_id=subject, once=once)


def _check_times(claims: jwts.SignedClaims, now: datetime) -> None:
    ends = claims.time("exp")
    if ends is None or ends <= now.timestamp():
        raise jwts.JwtRefusedError("the attestation is over, or has no end")
    latest = (now + FUTURE).timestamp()
    for name in ("nbf", "iat"):
        begins = claims.time(name)
        if begins is not None and begins > latest:
            raise jwts.JwtRefusedError(f"{name} lies ahead")
