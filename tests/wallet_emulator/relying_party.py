"""The other side, written from the standards with other libraries: it asks and checks.

Requests are signed by PyJWT, answers decrypted by jwcrypto and verified by PyJWT and
``hashlib``. Nothing of the emulator is used, so that its mistakes show.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from jwcrypto import jwe, jwk

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PASS_VCT = "https://sign.example.test/vct/signing-pass"
QES_APPROVAL = "https://cloudsignatureconsortium.org/2025/qes-approval"
DOCUMENT_DIGEST = hashlib.sha256(b"a lease").digest()
LABEL = "TEST · lease.pdf · 4821 7730"
DAY = timedelta(days=1)


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256_b64url(text: str) -> str:
    return b64url(hashlib.sha256(text.encode()).digest())


def der64(certificate: x509.Certificate) -> str:
    return base64.b64encode(
        certificate.public_bytes(serialization.Encoding.DER)
    ).decode()


def name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST signing service"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    ca: bool = False,
    valid: tuple[timedelta, timedelta] = (-DAY, 300 * DAY),
    usage: str = "digital_signature",
) -> x509.Certificate:
    rights = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    rights["key_cert_sign" if ca else usage] = True
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + valid[0])
        .not_valid_after(NOW + valid[1])
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**rights), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("sign.example.test")]),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )


def raw_jws(
    header: dict[str, Any], claims: dict[str, Any], key: ec.EllipticCurvePrivateKey
) -> tuple[str, bytes]:
    """Signing input and r‖s by ECDSA with SHA-256, whatever ``alg`` says."""
    text = (
        f"{b64url(json.dumps(header).encode())}.{b64url(json.dumps(claims).encode())}"
    )
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return text, r.to_bytes(32) + s.to_bytes(32)


def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def approval(**changes: object) -> dict[str, Any]:
    """The transaction data of architecture §6; a value of None removes a member."""
    members: dict[str, Any] = {
        "type": QES_APPROVAL,
        "credential_ids": ["signing_pass"],
        "transaction_data_hashes_alg": ["sha-256"],
        "signatureQualifier": "eu_eidas_aes",
        "numSignatures": 1,
        "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
        "documentDigests": [
            {
                "label": LABEL,
                "hash": base64.b64encode(DOCUMENT_DIGEST).decode(),
                "hashType": "sdr",
            }
        ],
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def encoded(members: object) -> str:
    return b64url(json.dumps(members).encode())


@dataclass(kw_only=True)
class RelyingParty:
    """An access certificate, an encryption key, one request."""

    root_key: ec.EllipticCurvePrivateKey = field(default_factory=key)
    key: ec.EllipticCurvePrivateKey = field(default_factory=key)
    response_key: jwk.JWK = field(
        default_factory=lambda: jwk.JWK.generate(
            kty="EC", crv="P-256", kid="tx-1", alg="ECDH-ES", use="enc"
        )
    )
    response_uri: str = "http://127.0.0.1:1/response"
    nonce: str = b64url(bytes(range(32)))
    state: str = b64url(bytes(range(16)))

    def __post_init__(self) -> None:
        self.root = certificate(
            "root",
            self.root_key,
            issuer="root",
            issuer_key=self.root_key,
            ca=True,
        )
        self.leaf = certificate(
            "leaf", self.key, issuer="root", issuer_key=self.root_key
        )

    @property
    def client_id(self) -> str:
        der = self.leaf.public_bytes(serialization.Encoding.DER)
        return f"x509_hash:{b64url(hashlib.sha256(der).digest())}"

    def identify_query(self) -> dict[str, Any]:
        return {"credentials": [self.pid_query()]}

    def sign_query(self) -> dict[str, Any]:
        """As a signing service asks: the PID in either format, and the pass."""
        signing_pass = {
            "id": "signing_pass",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": [PASS_VCT]},
        }
        return {
            "credentials": [self.pid_query(), self.mdoc_query(), signing_pass],
            "credential_sets": [
                {"options": [["pid"], ["pid_mdoc"]]},
                {"options": [["signing_pass"]]},
            ],
        }

    def identify_mdoc_query(self) -> dict[str, Any]:
        return {"credentials": [self.mdoc_query()]}

    def mdoc_query(self) -> dict[str, Any]:
        """The same claims as ``pid_query`` by their names in the mdoc."""
        asked = self.pid_query()
        for claim in asked["claims"]:
            claim["path"] = ["eu.europa.ec.eudi.pid.1", *claim["path"]]
            claim["intent_to_retain"] = False
        return {
            **asked,
            "id": "pid_mdoc",
            "format": "mso_mdoc",
            "meta": {"doctype_value": "eu.europa.ec.eudi.pid.1"},
        }

    def pid_query(self) -> dict[str, Any]:
        names = {
            "family": "family_name",
            "given": "given_name",
            "country": "issuing_country",
            "number": "personal_administrative_number",
            "document": "document_number",
        }
        return {
            "id": "pid",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": ["urn:eudi:pid:1"]},
            "claims": [{"id": i, "path": [claim]} for i, claim in names.items()],
            "claim_sets": [
                ["family", "given", "country", "number"],
                ["family", "given", "country", "document"],
            ],
        }

    def claims(self, **changes: object) -> dict[str, Any]:
        """A signing request; a value of None removes a member."""
        public = self.response_key.export_public(as_dict=True)
        members: dict[str, Any] = {
            "client_id": self.client_id,
            "aud": "https://self-issued.me/v2",
            "iat": int(NOW.timestamp()),
            "exp": int(NOW.timestamp()) + 300,
            "response_type": "vp_token",
            "response_mode": "direct_post.jwt",
            "response_uri": self.response_uri,
            "nonce": self.nonce,
            "state": self.state,
            "dcql_query": self.sign_query(),
            "client_metadata": {
                "jwks": {"keys": [public]},
                "encrypted_response_enc_values_supported": ["A128GCM", "A256GCM"],
                "vp_formats_supported": {
                    "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"]},
                    "mso_mdoc": {"issuerauth_alg_values": [-7]},
                },
            },
            "transaction_data": [encoded(approval())],
            **changes,
        }
        return {name: value for name, value in members.items() if value is not None}

    def headers(self, **changes: object) -> dict[str, Any]:
        headers = {"typ": "oauth-authz-req+jwt", "x5c": [der64(self.leaf)], **changes}
        return {name: value for name, value in headers.items() if value is not None}

    def request_object(self, claims: dict[str, Any] | None = None) -> str:
        return jwt.encode(
            claims or self.claims(), self.key, "ES256", headers=self.headers()
        )

    def decrypt(self, response: str) -> dict[str, Any]:
        token = jwe.JWE()
        token.deserialize(response, self.response_key)
        members: dict[str, Any] = json.loads(token.payload)
        return members


class BadPresentationError(Exception):
    """A rule of RFC 9901 §7.3 that PyJWT does not know."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One presentation after all its signatures held."""

    issuer_header: dict[str, Any]
    issuer_claims: dict[str, Any]
    disclosed: dict[str, Any]
    kb_header: dict[str, Any]
    kb_claims: dict[str, Any]


def check_presentation(text: str) -> Checked:
    """RFC 9901 §7.3 for flat claims: signatures, ``sd_hash``, referenced digests."""
    issuer_jwt, *disclosures, kb_jwt = text.split("~")
    header = jwt.get_unverified_header(issuer_jwt)
    leaf = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
    options: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False}
    options |= {"verify_iat": False}
    claims = jwt.decode(issuer_jwt, leaf.public_key(), ["ES256"], options=options)
    holder = jwt.PyJWK({**claims["cnf"]["jwk"], "alg": "ES256"})
    kb_claims = jwt.decode(kb_jwt, holder, ["ES256"], options=options)
    if kb_claims["sd_hash"] != sha256_b64url(text[: len(text) - len(kb_jwt)]):
        raise BadPresentationError("sd_hash")
    disclosed = {}
    for disclosure in disclosures:
        if sha256_b64url(disclosure) not in claims["_sd"]:
            raise BadPresentationError("disclosure")
        _salt, member, value = json.loads(from_b64url(disclosure))
        disclosed[member] = value
    return Checked(
        issuer_header=header,
        issuer_claims=claims,
        disclosed=disclosed,
        kb_header=jwt.get_unverified_header(kb_jwt),
        kb_claims=kb_claims,
    )
