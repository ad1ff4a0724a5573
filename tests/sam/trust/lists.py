"""Scheme operators and the lists they sign, right ones and wrong ones.

It shares no code with the reader: JSON and JWS by hand.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding

from tests.openid4vp import wallet
from tests.openid4vp.wallet import NOW

PID_LIST = "http://uri.etsi.org/19602/LoTEType/EUPIDProvidersList"
WALLET_LIST = "http://uri.etsi.org/19602/LoTEType/EUWalletProvidersList"
PID_ISSUANCE = "http://uri.etsi.org/19602/SvcType/PID/Issuance"
PID_REVOCATION = "http://uri.etsi.org/19602/SvcType/PID/Revocation"
WALLET_ISSUANCE = "http://uri.etsi.org/19602/SvcType/WalletSolution/Issuance"
ROLE = "http://uri.etsi.org/19602/ListOfTrustedEntities/PIDProvider"
YEAR = timedelta(days=365)

Signer = Callable[[bytes], bytes]


def operator(name: str, **options: Any) -> x509.Certificate:
    """A scheme operator's certificate; its key is called like it."""
    options.setdefault("end", NOW + YEAR)
    return wallet.leaf(name, issuer=name, **options)


OPERATOR = operator("TEST scheme operator")
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=3072)
RSA_OPERATOR = operator("TEST RSA operator", public=RSA_KEY.public_key())
WEAK_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK_OPERATOR = operator("TEST weak operator", public=WEAK_KEY.public_key())


def entity(
    name: str,
    *certificates: x509.Certificate,
    registration: str | None = "VATSE-5560001111",
    service_id: str | None = None,
    service_type: str = PID_ISSUANCE,
    country: str = "SE",
    **service: Any,
) -> dict[str, Any]:
    """One trusted entity with one service; ``service`` adds or replaces members."""
    said: dict[str, Any] = {
        "ServiceName": [{"lang": "en", "value": f"{name} issuance"}],
        "ServiceTypeIdentifier": service_type,
        "ServiceDigitalIdentity": {
            "X509Certificates": [{"val": der(c)} for c in certificates]
        },
    }
    if service_id is not None:
        said["ServiceInformationExtensions"] = [{"ServiceUniqueIdentifier": service_id}]
    information: dict[str, Any] = {
        "TEName": [{"lang": "en", "value": name}],
        "TEAddress": {"TEPostalAddress": [], "TEElectronicAddress": []},
        "TEInformationURI": [{"lang": "en", "uriValue": f"{ROLE}/{country}"}],
    }
    if registration is not None:
        information["TETradeName"] = [{"lang": "en", "value": registration}]
    return {
        "TrustedEntityInformation": information,
        "TrustedEntityServices": [{"ServiceInformation": said | service}],
    }


def der(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


@dataclass
class Lote:
    """One list before it is signed; ``...`` as a member takes it away."""

    entities: list[Any] = field(default_factory=list)
    issued: datetime = NOW
    sequence: Any = 1
    list_type: str = PID_LIST
    scheme: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    wrapped: bool = True
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: wallet.key("TEST scheme operator")
    )

    def payload(self) -> dict[str, Any]:
        scheme = {
            "LoTEVersionIdentifier": 1,
            "LoTESequenceNumber": self.sequence,
            "LoTEType": self.list_type,
            "SchemeOperatorName": [{"lang": "en", "value": "TEST scheme operator"}],
            "SchemeTerritory": "EU",
            "ListIssueDateTime": date(self.issued),
            "NextUpdate": date(self.issued + timedelta(days=180)),
        } | self.scheme
        lote = {
            "ListAndSchemeInformation": stated(scheme),
            "TrustedEntitiesList": self.entities,
        }
        return {"LoTE": lote} if self.wrapped else lote

    def sign(self) -> bytes:
        return self.signed_by(lambda text: wallet.es256(self.key, text.decode()))

    def signed_by(self, sign: Signer, alg: str = "ES256") -> bytes:
        header = stated({"alg": alg, "typ": "JOSE"} | self.header)
        return compact(header, json.dumps(self.payload()).encode(), sign)


def compact(header: dict[str, Any], payload: bytes, sign: Signer) -> bytes:
    text = f"{wallet.b64_json(header)}.{wallet.b64(payload)}".encode()
    return text + b"." + wallet.b64(sign(text)).encode()


def rs256(text: bytes) -> bytes:
    return RSA_KEY.sign(text, padding.PKCS1v15(), hashes.SHA256())


def ps256(text: bytes) -> bytes:
    return RSA_KEY.sign(
        text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()
    )


def weak_rs256(text: bytes) -> bytes:
    return WEAK_KEY.sign(text, padding.PKCS1v15(), hashes.SHA256())


def hs256(text: bytes) -> bytes:
    """Under the one thing everybody knows: the operator's certificate."""
    mac = hmac.HMAC(OPERATOR.public_bytes(Encoding.PEM), hashes.SHA256())
    mac.update(text)
    return mac.finalize()


def der_es256(text: bytes) -> bytes:
    """A DER signature where JOSE wants r and s."""
    raw = wallet.es256(wallet.key("TEST scheme operator"), text.decode())
    r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
    return utils.encode_dss_signature(r, s)


def date(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def stated(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ...}
