"""An authority for the link between web tier and SAM, and certificates of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sam.tls import Credentials

DAY = timedelta(days=1)
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(slots=True)
class Authority:
    """Writes what it makes into ``folder``."""

    folder: Path
    name: str = "TEST link"
    key: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        now = datetime.now(UTC)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        self.certificate = (
            self._builder(self.name, self.key, now - DAY, now + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(identifier, critical=False)
            .add_extension(usage, critical=True)
            .sign(self.key, SHA256())
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    @property
    def file(self) -> Path:
        return self.folder / "authority.pem"

    def issue(
        self,
        name: str,
        use: x509.ObjectIdentifier,
        *,
        alternatives: Sequence[x509.GeneralName] | None = None,
        ends: timedelta = DAY,
        believes: Path | None = None,
    ) -> Credentials:
        """For the DNS name ``name``, unless it is to have other ``alternatives``."""
        key, now = _new_key(), datetime.now(UTC)
        names = [x509.DNSName(name)] if alternatives is None else list(alternatives)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(
            self.key.public_key()
        )
        builder = (
            self._builder(name, key, now - 2 * DAY, now + ends)
            .add_extension(
                x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(issuer, critical=False)
        )
        if names:
            san = x509.SubjectAlternativeName(names)
            builder = builder.add_extension(san, critical=False)
        certificate = builder.sign(self.key, SHA256())
        serial = f"{certificate.serial_number:x}"
        pem, key_pem = self.folder / f"{serial}.pem", self.folder / f"{serial}.key"
        pem.write_bytes(certificate.public_bytes(Encoding.PEM))
        key_pem.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return Credentials(pem, key_pem, believes or self.file)

    def _builder(
        self,
        subject: str,
        key: ec.EllipticCurvePrivateKey,
        begins: datetime,
        ends: datetime,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
        )
