"""JWTs that a wallet sends about itself: read by the verifier's own strict reader.

The one door of this package to ``openid4vp``: what comes through are ES256 signatures,
keys and certificate chains, never a person's presentation (that is the SAM's).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

from cryptography import x509

from openid4vp import jwk, jws, members, x5c
from openid4vp.errors import Openid4vpError
from openid4vp.trust import AnchorStore

ALG: Final = jws.ALG
WalletProviders = AnchorStore


class JwtRefusedError(Exception):
    """Malformed, not ES256, of another type, or not signed by whom it must be."""

    code: ClassVar[str] = "jwt_refused"


class AnchorsUnreadableError(Exception):
    """The trust anchors of wallet providers cannot be read."""

    code: ClassVar[str] = "wallet_provider_anchors"


@dataclass(frozen=True, slots=True)
class SignedClaims:
    """Claims whose signature holds, and the key that another JWT has to fit to."""

    claims: Mapping[str, object]
    thumbprint: str
    """RFC 7638 of the signing key, or of ``cnf`` for an attestation."""

    def text(self, name: str) -> str:
        try:
            return members.required(self.claims, name, str)
        except Openid4vpError as error:
            raise JwtRefusedError(f"{name} is missing or no text") from error

    def time(self, name: str) -> float | None:
        """Seconds since 1970 (RFC 7519 §2)."""
        try:
            return members.numeric_date(self.claims, name)
        except Openid4vpError as error:
            raise JwtRefusedError(f"{name} is no time") from error


def by_stated_key(text: str, *, typ: str) -> SignedClaims:
    """Signed by the ``jwk`` of its header, as a DPoP proof is."""
    try:
        parsed = _parse(text, typ)
        stated = members.required(parsed.header, "jwk", dict)
        key = jwk.public_key(stated, "jwk")
        jws.verify_signature(parsed, key)
        return SignedClaims(parsed.payload, jwk.thumbprint(jwk.minimal(key)))
    except Openid4vpError as error:
        raise JwtRefusedError(error.code) from error


def by_known_key(text: str, key: Mapping[str, object], *, typ: str) -> SignedClaims:
    """Signed by ``key``, whatever its header says."""
    try:
        parsed = _parse(text, typ)
        public = jwk.public_key(key, "cnf.jwk")
        jws.verify_signature(parsed, public)
        return SignedClaims(parsed.payload, jwk.thumbprint(jwk.minimal(public)))
    except Openid4vpError as error:
        raise JwtRefusedError(error.code) from error


@dataclass(frozen=True, slots=True)
class Attested:
    """A verified attestation: its claims, and the key it vouches for."""

    claims: SignedClaims
    key: Mapping[str, object]


def by_certificate(
    text: str, anchors: WalletProviders, now: datetime, *, typ: str
) -> Attested:
    """Signed by the leaf of ``x5c`` (HAIP 1.0 §4.4.1), which leads to an anchor."""
    try:
        parsed = _parse(text, typ)
        chain = x5c.chain(parsed.header)
        anchors.resolve(chain, now)
        jws.verify_signature(parsed, x5c.leaf_key(chain[0]))
        key = members.required(
            members.required(parsed.payload, "cnf", dict), "jwk", dict
        )
        public = jwk.minimal(jwk.public_key(key, "cnf.jwk"))
    except Openid4vpError as error:
        raise JwtRefusedError(error.code) from error
    return Attested(SignedClaims(parsed.payload, jwk.thumbprint(public)), public)


def load_anchors(path: Path) -> WalletProviders:
    """A PEM file, or a folder of them; ``AnchorsUnreadableError``."""
    files = sorted(path.glob("*.pem")) if path.is_dir() else [path]
    try:
        found = [x509.load_pem_x509_certificates(file.read_bytes()) for file in files]
    except (OSError, ValueError) as error:
        raise AnchorsUnreadableError(str(path)) from error
    certificates = [certificate for some in found for certificate in some]
    if not certificates:
        raise AnchorsUnreadableError(f"{path} is empty")
    return anchor_store(certificates)


def anchor_store(certificates: Sequence[x509.Certificate]) -> WalletProviders:
    return WalletProviders(
        {str(n): c for n, c in enumerate(dict.fromkeys(certificates))}
    )


def _parse(text: str, typ: str) -> jws.UnverifiedJws:
    """How long a header may be, the web server says."""
    return jws.parse(text, typ=typ, what=typ)
