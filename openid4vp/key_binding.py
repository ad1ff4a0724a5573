"""The key-binding JWT: proof that the holder's key answered, now, to us.

RFC 9901 §4.3 and §7.3; transaction data members from OpenID4VP 1.0 B.3.3.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from openid4vp import members

TYP = "kb+jwt"
QES_APPROVAL = "org.cloudsignatureconsortium.dm.1.qesApproval"


@dataclass(frozen=True, slots=True, kw_only=True)
class KbJwtClaims:
    """Well-formed only; inside a ``VerifiedCredential`` every one of them was checked.

    ``iat`` is whole seconds since 1970 and ``aud`` a single string, never a list.
    """

    iat: int
    aud: str
    nonce: str
    sd_hash: str
    exp: float | None = None
    nbf: float | None = None
    transaction_data_hashes: tuple[str, ...] | None = None
    transaction_data_hashes_alg: str | None = None
    qes_approval: str | None = None


def parse_claims(payload: Mapping[str, object]) -> KbJwtClaims:
    """Return the claims, or name the first one that is missing or of a wrong type."""
    return KbJwtClaims(
        iat=members.required(payload, "iat", int),
        aud=members.required(payload, "aud", str),
        nonce=members.required(payload, "nonce", str),
        sd_hash=members.required(payload, "sd_hash", str),
        exp=members.numeric_date(payload, "exp"),
        nbf=members.numeric_date(payload, "nbf"),
        transaction_data_hashes=members.strings(payload, "transaction_data_hashes"),
        transaction_data_hashes_alg=members.optional(
            payload, "transaction_data_hashes_alg", str
        ),
        qes_approval=members.optional(payload, QES_APPROVAL, str),
    )
