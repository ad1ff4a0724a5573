"""Verify one SD-JWT VC with its holder proof, step by step.

RFC 9901 §7.1 and §7.3, SD-JWT VC §2.4, OpenID4VP 1.0 §8.6 and B.3.3. ``verify`` is the
whole of it: it returns a ``VerifiedCredential`` or raises. Nothing is fetched; the
issuer's key comes from ``x5c`` and the holder's from the signed ``cnf``.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from openid4vp import (
    jwk,
    jws,
    key_binding,
    members,
    sd_jwt,
    status,
    transaction_data,
    x5c,
)
from openid4vp.dcql import SD_JWT_VC
from openid4vp.errors import (
    AudienceMismatchError,
    CredentialTypeError,
    DisclosureError,
    ExpiredError,
    HolderBindingError,
    MissingClaimError,
    NonceMismatchError,
    NotYetValidError,
)
from openid4vp.expectation import Expectation
from openid4vp.key_binding import KbJwtClaims
from openid4vp.verified import ALL_CHECKS_HELD, VerifiedCredential

__all__ = ["TYP", "Expectation", "verify"]

TYP: Final = "dc+sd-jwt"
_NEVER_DISCLOSED: Final = (
    "iss",
    "nbf",
    "exp",
    "cnf",
    "vct",
    "vct#integrity",
    "aka_vcts",
    "status",
)


def verify(presentation: str, expected: Expectation) -> VerifiedCredential:
    """Return the credential if it and its proof hold; else ``Openid4vpError``."""
    # 1: limits, alphabet, and where the parts end
    parts = sd_jwt.parse(presentation)
    # 2: issuer JWT: ES256 and typ, chain to an anchor, signature by the leaf's key
    issuer_jwt = jws.parse(parts.issuer_jwt, typ=TYP, what="issuer JWT")
    chain = x5c.chain(issuer_jwt.header)
    provider = expected.trust.resolve(chain, expected.now)
    jws.verify_signature(issuer_jwt, x5c.leaf_key(chain[0]))
    payload = issuer_jwt.payload
    # 3: _sd_alg, only from the top level of what was signed
    sd_alg = sd_jwt.hash_alg(payload)
    # 4–8: every disclosure used once, every digest met once, nothing overwritten
    claims = sd_jwt.disclose(payload, parts.disclosures, sd_alg)
    # 9: type, holder key and validity, from the issuer JWT itself
    vct = _check_type(payload, expected)
    holder_key = _holder_key(payload)
    expires_at = _check_validity(payload, expected)
    # 10: what may never be selectively disclosed was not
    _check_never_disclosed(payload, claims)
    # 11: key binding is required by policy, never by its presence
    if not parts.key_binding_jwt:
        raise HolderBindingError("the key-binding JWT is missing")
    # 12: header of the key-binding JWT
    kb_jwt = jws.parse(parts.key_binding_jwt, typ=key_binding.TYP, what="KB-JWT")
    # 13: signed by the key in cnf and by no other
    jws.verify_signature(kb_jwt, jwk.public_key(holder_key, "cnf.jwk"))
    kb_claims = key_binding.parse_claims(kb_jwt.payload)
    # 14: made now, and not before it was asked for
    _check_issued_now(kb_claims, expected)
    # 15: for this request, and for us: the whole client_id with its prefix, or where
    #     a browser carried the answer the page's origin
    if not _equal(kb_claims.nonce, expected.transaction.nonce):
        raise NonceMismatchError("the holder proof is over another nonce")
    if not _equal(kb_claims.aud, expected.transaction.audience):
        raise AudienceMismatchError("the holder proof is for another verifier")
    # 16: over exactly these disclosures, as received
    if not _equal(kb_claims.sd_hash, sd_jwt.digest(parts.signed_part, sd_alg)):
        raise HolderBindingError("sd_hash is not that of what was presented")
    # 17: its own validity, if it states one
    _check_time(kb_claims.nbf, kb_claims.exp, expected)
    # 18: what was approved is what was asked, or nothing was
    approved = transaction_data.approved_strings(
        kb_claims,
        expected.query.id,
        expected.transaction.transaction_data,
        expected.transaction.profile.answer,
    )
    # 19: revocation, then the query evaluated again over what was verified
    reference = status.check(
        members.optional(payload, "status", dict),
        lookup=expected.policy.status,
        accept_absent=expected.policy.accept_absent_status,
        issuer_chain=chain,
        now=expected.now,
    )
    return VerifiedCredential(
        query_id=expected.query.id,
        format=SD_JWT_VC,
        type=vct,
        provider=provider,
        claims=expected.query.evaluate(claims),
        holder_key_thumbprint=jwk.thumbprint(holder_key),
        holder_key=holder_key,
        presentation=presentation,
        issued_sha256=hashlib.sha256(issuer_jwt.signing_input.encode()).digest(),
        issuer_certificate=chain[0],
        expires_at=expires_at,
        key_binding=kb_claims,
        status=reference,
        approved=approved,
        token=ALL_CHECKS_HELD,
    )


def _check_type(payload: Mapping[str, object], expected: Expectation) -> str:
    # neither aka_vcts nor inheritance says that this issuer may issue that type
    vct = members.required(payload, "vct", str)
    if vct not in expected.policy.accepted_types[expected.query.id]:
        raise CredentialTypeError("vct is not accepted for this query")
    return vct


def _holder_key(payload: Mapping[str, object]) -> Mapping[str, object]:
    # RFC 7800 §3.1: one key; a kid beside it says nothing to us
    cnf: dict[str, object] = members.required(payload, "cnf", dict)
    if not cnf.keys() <= {"jwk", "kid"}:
        raise HolderBindingError("cnf holds something beside one jwk")
    key: dict[str, object] = members.required(cnf, "jwk", dict)
    return key


def _check_validity(
    payload: Mapping[str, object], expected: Expectation
) -> datetime | None:
    exp = members.numeric_date(payload, "exp")
    if exp is None and "status" not in payload:  # HAIP 1.0 §6.1: one of the two
        raise MissingClaimError("exp")
    issued = members.numeric_date(payload, "iat")
    _check_time(members.numeric_date(payload, "nbf"), exp, expected)
    _check_time(issued, None, expected)
    return None if exp is None else datetime.fromtimestamp(exp, UTC)


def _check_time(nbf: float | None, exp: float | None, expected: Expectation) -> None:
    now, skew = expected.now.timestamp(), expected.policy.skew.total_seconds()
    if nbf is not None and nbf > now + skew:
        raise NotYetValidError("not valid yet")
    if exp is not None and exp <= now - skew:
        raise ExpiredError("no longer valid")


def _check_never_disclosed(
    payload: Mapping[str, object], claims: Mapping[str, object]
) -> None:
    # SD-JWT VC §2.2.2.3; equal before and after also covers their sub-members
    for name in _NEVER_DISCLOSED:
        if claims.get(name) != payload.get(name):
            raise DisclosureError(f"{name!r} may not be selectively disclosed")


def _check_issued_now(claims: KbJwtClaims, expected: Expectation) -> None:
    policy, now = expected.policy, expected.now
    earliest = max(
        now - policy.kb_iat_past, expected.transaction.created_at - policy.skew
    )
    latest = now + policy.kb_iat_future
    if not earliest.timestamp() <= claims.iat <= latest.timestamp():
        raise HolderBindingError("the holder proof was not made now")


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8"), wanted.encode("utf-8"))
