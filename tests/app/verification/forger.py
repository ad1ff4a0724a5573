"""Evidence made by somebody who holds every key: consistent but for what is changed.

A flipped byte breaks a signature first, so it cannot show that the checks behind the
signatures are there. Here each part is changed *before* it is signed.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding

from app.ades.signed_attributes import signed_attributes
from sam.evidence import README
from tests.app.ades.pki import NOW, Authority, der, new_root

Json = dict[str, Any]
Change = Callable[[Json], object]
NONCE, TX = "n" * 43, "t" * 32
PASS_TYPE = "https://sign.example/pass"
SDR = hashlib.sha256(b"the covered bytes").digest()


@dataclass
class Party:
    """A key with a certificate of ``root``."""

    root: Authority
    subject: str
    usage: str = "digital_signature"
    days: int = 1
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.certificate = self.root.certify(
            self.subject,
            self.key.public_key(),
            start=NOW - timedelta(days=self.days),
            end=NOW + timedelta(days=self.days),
            usage=self.usage,
        )

    def x5c(self) -> list[str]:
        return [base64.b64encode(der(self.certificate)).decode()]

    def jws(self, header: Json, payload: Json) -> str:
        text = ".".join(b64(json.dumps(part).encode()) for part in (header, payload))
        signature = self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(signature)
        return f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def jwk(self) -> Json:
        numbers = self.key.public_key().public_numbers()
        x, y = (b64(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


class Forger:
    def __init__(self) -> None:
        self.root = new_root("TEST Forger")
        self.service = Party(self.root, "TEST service")
        self.issuer = Party(self.root, "TEST pass issuer")
        self.signer = Party(self.root, "TEST Erika", usage="content_commitment")
        self.holder = Party(self.root, "nobody")
        self.stranger = Party(self.root, "TEST stranger")
        self.rogue_ca = Authority(
            certificate=self.stranger.certificate, key=self.stranger.key
        )

    def files(self, **changes: Change) -> Mapping[str, bytes]:
        """``changes``: part → what is done to it before it is sealed."""

        def changed(part: str, value: Json) -> Json:
            if part in changes:
                changes[part](value)
            return value

        keys = changed("keys", {n: getattr(self, n) for n in ("service", "holder")})
        string = b64(json.dumps(changed("data", self._data())).encode())
        request = self.service.jws(
            changed("request_header", header("oauth-authz-req+jwt", self.service)),
            changed("request", self._request(string)),
        )
        issuer_jwt = self.issuer.jws(
            changed("pass_header", header("dc+sd-jwt", self.issuer)),
            changed("pass", self._pass()),
        )
        proof = changed("proof", self._proof(string, issuer_jwt + "~"))
        kb_header = changed("proof_header", {"alg": "ES256", "typ": "kb+jwt"})
        chain = changed("chain", {"list": [self.signer.certificate]})["list"]
        statement = changed("statement", self._statement(string))
        stated = json.dumps(statement).encode()
        return {
            "request-object.jwt": request.encode(),
            "transaction-data.txt": string.encode(),
            "pass-presentation.txt": (
                f"{issuer_jwt}~{keys['holder'].jws(kb_header, proof)}".encode()
            ),
            "certificate-chain.pem": b"".join(
                one.public_bytes(Encoding.PEM) for one in chain
            ),
            "statement.json": stated,
            "audit.json": self._audit(changed, statement, stated),
            "README.txt": README.encode(),
        }

    def _data(self) -> Json:
        listed = {
            "label": f"TEST · lease.pdf · {code(SDR)}",
            "hash": base64.b64encode(SDR).decode(),
            "hashType": "sdr",
        }
        return {
            "type": "https://cloudsignatureconsortium.org/2025/qes-approval",
            "credential_ids": ["signing_pass"],
            "transaction_data_hashes_alg": ["sha-256"],
            "signatureQualifier": "eu_eidas_aes",
            "numSignatures": 1,
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
            "documentDigests": [listed],
        }

    @property
    def client_id(self) -> str:
        return "x509_hash:" + b64(sha256(der(self.service.certificate)))

    def _request(self, string: str) -> Json:
        wanted = {"id": "signing_pass", "meta": {"vct_values": [PASS_TYPE]}}
        return {
            "client_id": self.client_id,
            "nonce": NONCE,
            "response_uri": f"https://sign.example/oid4vp/response/{TX}",
            "iat": seconds(NOW),
            "exp": seconds(NOW) + 300,
            "transaction_data": [string],
            "dcql_query": {"credentials": [wanted]},
        }

    def _pass(self) -> Json:
        return {
            "vct": PASS_TYPE,
            "iat": seconds(NOW) - 60,
            "exp": seconds(NOW) + 3600,
            "pass_id": "p" * 32,
            "cnf": {"jwk": self.holder.jwk()},
        }

    def _proof(self, string: str, presented: str) -> Json:
        return {
            "iat": seconds(NOW),
            "aud": self.client_id,
            "nonce": NONCE,
            "sd_hash": b64(sha256(presented.encode())),
            "transaction_data_hashes": [b64(sha256(string.encode()))],
            "transaction_data_hashes_alg": "sha-256",
        }

    def _statement(self, string: str) -> Json:
        certificate = der(self.signer.certificate)
        own = signed_attributes(SDR, asn1_x509.Certificate.load(certificate))
        listed = {
            "label": f"TEST · lease.pdf · {code(SDR)}",
            "sdr": SDR.hex(),
            "sodr": "00" * 32,
            "checksum": "00" * 32,
            "dtbsr": sha256(own).hex(),
        }
        return {
            "test_mode": True,
            "tx": TX,
            "client_id": self.client_id,
            "nonce": NONCE,
            "answer_sha256": "11" * 32,
            "pid": {"provider": "x", "presentation_sha256": "22" * 32},
            "pass_id": "p" * 32,
            "transaction_data_sha256": sha256(string.encode()).hex(),
            "purpose": None,
            "certificate_sha256": sha256(certificate).hex(),
            "documents": [listed],
            "verified_at": NOW.isoformat(timespec="milliseconds"),
            "signed_at": NOW.isoformat(timespec="milliseconds"),
            "release": 7,
        }

    def _audit(
        self, changed: Callable[[str, Json], Json], statement: Json, stated: bytes
    ) -> bytes:
        record = {
            "sequence": 9,
            "at": statement["signed_at"],
            "event": "signature_released",
            "tx": statement["tx"],
            "release": statement["release"],
            "certificate_sha256": statement["certificate_sha256"],
            "dtbsrs": [d.get("dtbsr") for d in statement["documents"]],
            "answer_sha256": statement["answer_sha256"],
            "statement_sha256": sha256(stated).hex(),
        }
        text = json.dumps(changed("record", record))
        entry = {
            "sequence": 9,
            "record": text,
            "previous_hash": "33" * 32,
            "hash": sha256(bytes.fromhex("33" * 32) + text.encode()).hex(),
        }
        return (json.dumps(changed("audit", entry), indent=2) + "\n").encode()


def header(typ: str, party: Party) -> Json:
    return {"alg": "ES256", "typ": typ, "x5c": party.x5c()}


def code(sdr: bytes) -> str:
    number = int.from_bytes(sha256(NONCE.encode() + sdr)[:8], "big") % 10**8
    return f"{number:08d}"[:4] + " " + f"{number:08d}"[4:]


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def seconds(at: datetime) -> int:
    return int(at.timestamp())
