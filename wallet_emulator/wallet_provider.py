"""A test wallet provider: a CA, an attester below it, and key attestations.

OpenID4VCI 1.0 App. D. It vouches for keys that lie in plain files, at whatever level is
asked for: whoever puts ``wallet-provider-ca.pem`` into a trust store trusts nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from wallet_emulator import jws
from wallet_emulator.certificates import (
    issue_signer,
    load_certificates,
    self_signed_ca,
    x5c,
)
from wallet_emulator.keys import load_key, new_key, public_jwk, save_key

ATTESTATION_TYP: Final = "key-attestation+jwt"
ISSUER: Final = "https://wallet-provider.test.example"
CA_FILE: Final = "wallet-provider-ca.pem"
ATTESTATION_LIFE: Final = timedelta(minutes=10)
LEVELS: Final = ("key_storage", "user_authentication")

_SIGNER_FILE: Final = "wallet-provider-attester.pem"
_SIGNER_KEY_FILE: Final = "wallet-provider-attester-key.pem"
_CA_LIFE: Final = timedelta(days=3650)
_SIGNER_LIFE: Final = timedelta(days=730)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletProvider:
    ca: x509.Certificate
    signer: x509.Certificate
    signer_key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def create(cls, now: datetime) -> "WalletProvider":
        """One that lives in memory only, unknown to everyone."""
        start, ca_key, key = now.astimezone(UTC), new_key(), new_key()
        ca = self_signed_ca(_name("TEST wallet provider CA"), ca_key, start, _CA_LIFE)
        signer = issue_signer(
            _name("TEST key attester"),
            key.public_key(),
            issuer=ca,
            issuer_key=ca_key,
            uri=ISSUER,
            now=start,
            life=_SIGNER_LIFE,
        )
        return cls(ca=ca, signer=signer, signer_key=key)

    @classmethod
    def setup(cls, directory: Path, now: datetime) -> "WalletProvider":
        """Make the provider's files unless they exist, and open it."""
        found = cls.find(directory)
        if found is not None:
            return found
        made = cls.create(now)
        directory.mkdir(parents=True, exist_ok=True)
        save_key(directory / _SIGNER_KEY_FILE, made.signer_key)
        (directory / CA_FILE).write_bytes(made.ca.public_bytes(Encoding.PEM))
        pem = made.signer.public_bytes(Encoding.PEM)
        (directory / _SIGNER_FILE).write_bytes(pem)  # last: marks a finished set-up
        return made

    @classmethod
    def find(cls, directory: Path) -> "WalletProvider | None":
        """The one that ``setup`` made here, if it ever ran."""
        if not (directory / _SIGNER_FILE).exists():
            return None
        return cls(
            ca=load_certificates(directory / CA_FILE)[0],
            signer=load_certificates(directory / _SIGNER_FILE)[0],
            signer_key=load_key(directory / _SIGNER_KEY_FILE),
        )

    def attest(
        self,
        keys: Sequence[ec.EllipticCurvePublicKey],
        *,
        nonce: str,
        now: datetime,
        levels: Mapping[str, Sequence[str]],
    ) -> str:
        """D.1. ``levels``: ``key_storage`` and ``user_authentication``, if wanted."""
        claims = {
            "iss": ISSUER,
            "iat": int(now.timestamp()),
            "exp": int((now + ATTESTATION_LIFE).timestamp()),
            "attested_keys": [public_jwk(key) for key in keys],
            "nonce": nonce,
            **{name: list(levels[name]) for name in LEVELS if levels.get(name)},
        }
        header = {"alg": "ES256", "typ": ATTESTATION_TYP, "x5c": x5c([self.signer])}
        return jws.sign(header, claims, self.signer_key)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST wallet provider"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
