"""A credential issuer on loopback, written from OpenID4VCI 1.0 with PyJWT."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.wallet_emulator.loopback import Asked, Loopback, Reply
from tests.wallet_emulator.relying_party import (
    DAY,
    NOW,
    PASS_VCT,
    certificate,
    der64,
)
from tests.wallet_emulator.relying_party import key as new_key

PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"


@dataclass(kw_only=True)
class Issuer:
    """Serves one offer; a test changes a document, a claim or a header first."""

    loopback: Loopback
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    root_key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    disclosures: str = ""
    copies: int = 1
    proofs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        url = self.loopback.url
        self.root = certificate(
            "root", self.root_key, issuer="root", issuer_key=self.root_key, ca=True
        )
        self.leaf = certificate(
            "issuer", self.key, issuer="root", issuer_key=self.root_key
        )
        self.offer: dict[str, Any] = {
            "credential_issuer": url,
            "credential_configuration_ids": ["signing_pass"],
            "grants": {PRE_AUTHORIZED: {"pre-authorized_code": "code-1"}},
        }
        self.issuer: dict[str, Any] = {
            "credential_issuer": url,
            "credential_endpoint": f"{url}/credential",
            "nonce_endpoint": f"{url}/nonce",
            "credential_configurations_supported": {
                "signing_pass": {"format": "dc+sd-jwt", "vct": PASS_VCT}
            },
        }
        self.server: dict[str, Any] = {
            "issuer": url,
            "token_endpoint": f"{url}/oauth2/token",
        }
        self.token: dict[str, Any] = {"access_token": "at-1", "token_type": "Bearer"}
        routes = self.loopback.routes
        routes["/.well-known/openid-credential-issuer"] = lambda a: _json(self.issuer)
        routes["/.well-known/oauth-authorization-server"] = lambda a: _json(self.server)
        routes["/offer"] = lambda a: _json(self.offer)
        routes["/oauth2/token"] = lambda a: _json(self.token)
        routes["/nonce"] = lambda a: _json({"c_nonce": "nonce-1"})
        routes["/credential"] = self._credential

    def link(self) -> str:
        return "openid-credential-offer://?" + urlencode(
            {"credential_offer": json.dumps(self.offer)}
        )

    def link_by_reference(self) -> str:
        uri = f"{self.loopback.url}/offer"
        return "openid-credential-offer://?" + urlencode({"credential_offer_uri": uri})

    def _credential(self, asked: Asked) -> Reply:
        body = json.loads(asked.body)
        (proof,) = body["proofs"]["jwt"]
        header = jwt.get_unverified_header(proof)
        claims = jwt.decode(
            proof,
            jwt.PyJWK({**header["jwk"], "alg": "ES256"}),
            ["ES256"],
            audience=self.issuer["credential_issuer"],
            options={"verify_iat": False},
        )
        self.proofs.append({"header": header, "claims": claims, "body": body})
        issued = jwt.encode(
            {
                "vct": PASS_VCT,
                "exp": int((NOW + 30 * DAY).timestamp()),
                "cnf": {"jwk": header["jwk"]},
                **self.claims,
            },
            self.key,
            "ES256",
            headers={"typ": "dc+sd-jwt", "x5c": [der64(self.leaf)], **self.header},
        )
        text = f"{issued}~{self.disclosures}"
        return _json({"credentials": [{"credential": text}] * self.copies})

    @property
    def roots(self) -> tuple[x509.Certificate, ...]:
        return (self.root,)


def _json(value: object) -> Reply:
    return Reply(body=json.dumps(value).encode())
