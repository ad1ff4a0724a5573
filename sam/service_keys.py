"""The SAM's own keys on the device, each in the one role it was made for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.port import ServiceKey, SigningDevice
from openid4vp import base64url, jws
from sam.config import PASS_LIFETIME

Chain = tuple[x509.Certificate, ...]
_COORDINATE = 32


def jws_signature(
    device: SigningDevice, key: ServiceKey, signing_input: bytes
) -> bytes:
    """ES256 (RFC 7518 §3.4): r‖s, where the device gives an ECDSA-Sig-Value."""
    digest = hashlib.sha256(signing_input).digest()
    r, s = decode_dss_signature(device.sign_with_service_key(key, digest))
    return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")


@dataclass(frozen=True, slots=True)
class RequestSigner:
    """Signs OpenID4VP request objects under the access certificate."""

    device: SigningDevice
    certificate_chain: Chain

    def sign(self, signing_input: bytes) -> bytes:
        return jws_signature(self.device, ServiceKey.REQUEST_SIGNING, signing_input)

    @property
    def dns_name(self) -> str:
        """The first dNSName of the access certificate."""
        names = self.certificate_chain[0].extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
        return names.value.get_values_for_type(x509.DNSName)[0]


@dataclass(frozen=True, slots=True)
class PassIssuer:
    """Issues signing passes, SD-JWT VCs whose every claim is always disclosed, and
    what the issuer says of itself and of them."""

    device: SigningDevice
    certificate_chain: Chain
    issuer: str
    pass_type: str

    def issue(
        self,
        pass_id: str,
        holder_key: Mapping[str, str],
        now: datetime,
        *,
        status: Mapping[str, object] | None = None,
    ) -> str:
        """Return the SD-JWT (RFC 9901 §4, no disclosures): no PID data, no signer."""
        issued = int(now.timestamp())
        payload = {
            "iss": self.issuer,
            "vct": self.pass_type,
            "iat": issued,
            "exp": issued + int(PASS_LIFETIME.total_seconds()),
            "cnf": {"jwk": dict(holder_key)},
            **({} if status is None else {"status": dict(status)}),
            "pass_id": pass_id,
            "purpose_of_use": "signature creation authorization",
        }
        return f"{self.sign('dc+sd-jwt', payload)}~"

    def sign(self, typ: str, payload: Mapping[str, object]) -> str:
        """A compact JWS under the pass-issuing key, ``x5c`` without its anchor."""
        header = {
            "alg": "ES256",
            "typ": typ,
            "x5c": [base64_der(c) for c in self.certificate_chain],
        }
        signing_input = jws.signing_input(header, payload)
        signature = jws_signature(
            self.device, ServiceKey.PASS_ISSUING, signing_input.encode()
        )
        return f"{signing_input}.{base64url.encode(signature)}"


def base64_der(certificate: x509.Certificate) -> str:
    """Standard base64 of the DER, as in ``x5c``."""
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return "".join(pem.splitlines()[1:-1])
