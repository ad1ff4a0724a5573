"""A test scheme operator: signs the list of the PID providers that there are, or were.

ETSI TS 119 602 V1.1.1, JSON, profile of Annex D (EU PID providers list); compact JAdES
baseline B. Whoever pins ``scheme-operator.pem`` lets a test tool say who issues PIDs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from wallet_emulator import jws
from wallet_emulator.certificates import (
    issue_signer,
    load_certificates,
    self_signed_ca,
    x5c,
)
from wallet_emulator.encoding import b64url
from wallet_emulator.keys import load_key, new_key, save_key

OPERATOR_FILE: Final = "scheme-operator.pem"
LIST_FILE: Final = "pid-providers.jose"
MEDIA_TYPE: Final = "application/jose"
COUNTRY: Final = "DE"
REGISTRATION: Final = "NTRDE-TEST-0001"
"""By which relying parties know the provider: it stays when certificates change."""

_KEY_FILE: Final = "scheme-operator-key.pem"
_NUMBER_FILE: Final = "scheme-number"
_LIFE: Final = timedelta(days=730)
_NEXT_UPDATE: Final = timedelta(days=30)
_ETSI: Final = "http://uri.etsi.org/19602"
_SERVICES: Final = ("Issuance", "Revocation")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeOperator:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    directory: Path

    @classmethod
    def setup(cls, directory: Path, now: datetime) -> "SchemeOperator":
        """Make key and certificate unless they exist, and open them."""
        if not (directory / OPERATOR_FILE).exists():
            directory.mkdir(parents=True, exist_ok=True)
            key = new_key()
            save_key(directory / _KEY_FILE, key)
            pem = _certificate(key, now).public_bytes(Encoding.PEM)
            (directory / OPERATOR_FILE).write_bytes(pem)
        return cls.open(directory)

    @classmethod
    def open(cls, directory: Path) -> "SchemeOperator":
        """Raises ``NotSetUpError`` if ``setup`` never ran in ``directory``."""
        return cls(
            certificate=load_certificates(directory / OPERATOR_FILE)[0],
            key=load_key(directory / _KEY_FILE),
            directory=directory,
        )

    def publish(self, cas: Sequence[x509.Certificate], now: datetime) -> int:
        """Write the next list, of one provider with these CAs; return its number.

        Without a CA nobody is in it: the provider is withdrawn.
        """
        file = self.directory / _NUMBER_FILE
        number = 1 + (int(file.read_text()) if file.exists() else 0)
        file.write_text(str(number))
        (self.directory / LIST_FILE).write_bytes(self.sign(cas, number, now))
        return number

    def sign(
        self, cas: Sequence[x509.Certificate], number: int, now: datetime
    ) -> bytes:
        """The list as compact JWS."""
        fingerprint = b64url(self.certificate.fingerprint(SHA256()))
        header = {
            "alg": "ES256",
            "typ": "JOSE",
            "iat": int(now.timestamp()),
            "x5t#S256": fingerprint,
            "x5c": x5c([self.certificate]),
        }
        stated = {
            "ListAndSchemeInformation": _scheme(number, now),
            "TrustedEntitiesList": [_provider(cas)] if cas else [],
        }
        return jws.sign(header, {"LoTE": stated}, self.key).encode("ascii")


def _scheme(number: int, now: datetime) -> dict[str, object]:
    """TS 119 602 §6.3, with the values of Table D.1."""
    return {
        "LoTEVersionIdentifier": 1,
        "LoTESequenceNumber": number,
        "LoTEType": f"{_ETSI}/LoTEType/EUPIDProvidersList",
        "SchemeOperatorName": _text("TEST scheme operator"),
        "SchemeInformationURI": _uri("https://scheme-operator.test.example/"),
        "StatusDeterminationApproach": f"{_ETSI}/PIDProvidersList/StatusDetn/EU",
        "SchemeTypeCommunityRules": _uri(f"{_ETSI}/PIDProviders/schemerules/EU"),
        "SchemeTerritory": "EU",
        "ListIssueDateTime": _date(now),
        "NextUpdate": _date(now + _NEXT_UPDATE),
    }


def _provider(cas: Sequence[x509.Certificate]) -> dict[str, object]:
    """One trusted entity (§6.5) with the services of Table D.3."""
    role = f"{_ETSI}/ListOfTrustedEntities/PIDProvider/{COUNTRY}"
    return {
        "TrustedEntityInformation": {
            "TEName": _text("TEST PID authority"),
            "TETradeName": _text(REGISTRATION),
            "TEAddress": {
                "TEPostalAddress": [{"lang": "en", "Country": COUNTRY}],
                "TEElectronicAddress": _uri("mailto:pid@test.example"),
            },
            "TEInformationURI": _uri(role),
        },
        "TrustedEntityServices": [
            {
                "ServiceInformation": {
                    "ServiceName": _text(f"TEST PID {service.lower()}"),
                    "ServiceTypeIdentifier": f"{_ETSI}/SvcType/PID/{service}",
                    "ServiceDigitalIdentity": {
                        "X509Certificates": [{"val": text} for text in x5c(cas)]
                    },
                }
            }
            for service in _SERVICES
        ],
    }


def _text(value: str) -> list[dict[str, str]]:
    return [{"lang": "en", "value": value}]


def _uri(value: str) -> list[dict[str, str]]:
    return [{"lang": "en", "uriValue": value}]


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """Of a CA whose key is kept by nobody: it issues this one only."""
    ca_key, start = new_key(), now.astimezone(UTC)
    return issue_signer(
        _name("TEST scheme operator"),
        key.public_key(),
        issuer=self_signed_ca(_name("TEST scheme CA"), ca_key, start, _LIFE),
        issuer_key=ca_key,
        uri="https://scheme-operator.test.example/",
        now=start,
        life=_LIFE,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
