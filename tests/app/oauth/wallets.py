"""A wallet at the authorization server: what it sends, and every way to get it wrong.

JWTs are made by PyJWT: nothing here shares code with what reads them.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

BASE = "http://localhost:8000"
CLIENT = "https://wallet.example"
REDIRECT = "eu.europa.ec.euidi://authorization"
PUSH, TOKEN, CREDENTIAL = "/oauth2/par", "/oauth2/token", "/oid4vci/credential"

Changes = Mapping[str, object]
NOTHING: Changes = {}


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(32, "big")).rstrip(b"=").decode()


def public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": number(numbers.x),
        "y": number(numbers.y),
    }


def private_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    return {**public_jwk(key), "d": number(key.private_numbers().private_value)}


def thumbprint(key: ec.EllipticCurvePrivateKey) -> str:
    canonical = json.dumps(public_jwk(key), separators=(",", ":"), sort_keys=True)
    return sha256(canonical)


def sha256(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def changed(members: dict[str, object], changes: Changes) -> dict[str, Any]:
    """``None`` takes a member away."""
    merged = {**members, **changes}
    return {name: value for name, value in merged.items() if value is not None}


@dataclass
class Wallet:
    """One instance: its DPoP key, its verifier."""

    now: datetime
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def proof(
        self,
        path: str,
        *,
        token: str | None = None,
        header: Changes = NOTHING,
        claims: Changes = NOTHING,
        signer: ec.EllipticCurvePrivateKey | None = None,
        algorithm: str = "ES256",
    ) -> str:
        """A DPoP proof for a POST to ``path``."""
        body: dict[str, object] = {
            "htm": "POST",
            "htu": BASE + path,
            "iat": int(self.now.timestamp()),
            "jti": secrets.token_urlsafe(12),
        }
        if token is not None:
            body["ath"] = sha256(token)
        head = changed({"typ": "dpop+jwt", "jwk": public_jwk(self.key)}, header)
        return encoded(changed(body, claims), signer or self.key, algorithm, head)

    def pushed(self, issuer_state: str, /, **changes: object) -> dict[str, Any]:
        return changed(
            {
                "response_type": "code",
                "client_id": CLIENT,
                "redirect_uri": REDIRECT,
                "scope": "signing_pass",
                "state": "af0ifjsldkj",
                "issuer_state": issuer_state,
                "code_challenge": sha256(self.verifier),
                "code_challenge_method": "S256",
            },
            changes,
        )

    def redeeming(self, code: str, /, **changes: object) -> dict[str, Any]:
        return changed(
            {
                "grant_type": "authorization_code",
                "code": code,
                "client_id": CLIENT,
                "redirect_uri": REDIRECT,
                "code_verifier": self.verifier,
            },
            changes,
        )


def encoded(
    claims: dict[str, Any],
    key: ec.EllipticCurvePrivateKey,
    algorithm: str,
    header: dict[str, Any],
) -> str:
    if algorithm == "none":
        return jwt.encode(claims, "", "none", header)
    if algorithm.startswith("HS"):
        return jwt.encode(claims, "0" * 32, algorithm, header)
    return jwt.encode(claims, key, algorithm, header)


@dataclass
class Provider:
    """A wallet provider: a root, and the certificate that signs attestations."""

    now: datetime
    root_key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def __post_init__(self) -> None:
        self.root = self._certificate("Root", self.root_key, ca=True)
        self.leaf = self._certificate("Leaf", self.key, ca=False)

    def attestation(
        self,
        instance: ec.EllipticCurvePrivateKey,
        *,
        header: Changes = NOTHING,
        claims: Changes = NOTHING,
        algorithm: str = "ES256",
    ) -> str:
        head = changed(
            {"typ": "oauth-client-attestation+jwt", "x5c": [der(self.leaf)]}, header
        )
        body = changed(
            {
                "iss": "https://provider.example",
                "sub": CLIENT,
                "iat": int(self.now.timestamp()),
                "exp": int(self.now.timestamp()) + 3600,
                "cnf": {"jwk": public_jwk(instance)},
            },
            claims,
        )
        return encoded(body, self.key, algorithm, head)

    def _certificate(
        self, name: str, key: ec.EllipticCurvePrivateKey, *, ca: bool
    ) -> x509.Certificate:
        usage = {
            "content_commitment": False,
            "key_encipherment": False,
            "data_encipherment": False,
            "key_agreement": False,
            "encipher_only": False,
            "decipher_only": False,
        }
        root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root")])
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(root)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not ca,
                    key_cert_sign=ca,
                    crl_sign=ca,
                    **usage,
                ),
                True,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.root_key.public_key()
                ),
                False,
            )
            .sign(self.root_key, hashes.SHA256())
        )


def attestation_proof(
    instance: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    header: Changes = NOTHING,
    claims: Changes = NOTHING,
    algorithm: str = "ES256",
) -> str:
    body: dict[str, object] = {
        "iss": CLIENT,
        "aud": BASE,
        "iat": int(now.timestamp()),
        "jti": secrets.token_urlsafe(12),
    }
    head = changed({"typ": "oauth-client-attestation-pop+jwt"}, header)
    return encoded(changed(body, claims), instance, algorithm, head)


def der(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
