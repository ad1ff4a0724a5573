"""A certificate authority for this machine's own browsers, and a server certificate.

Made once, below the deployment it is for:

    ca.pem           to be trusted by the browsers and phones that shall come here
    ca-key.pem       0600; signs server certificates, and nothing but
    server.pem       chain for web and phone emulator; renewed before it ends
    server-key.pem   0600

The CA names the hosts it may speak for (name constraints, critical): a copy of its key
is of no use against any other site.
"""

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.trust_services import files

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
CA_LIFE: Final = timedelta(days=3 * 365)
SERVER_LIFE: Final = timedelta(days=365)  # browsers accept no more than 398 days
RENEWED_BEFORE: Final = timedelta(days=30)
BACKDATED: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The four files in ``folder``; none exists before ``make_certificates``."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def ca_key(self) -> Path:
        return self.folder / "ca-key.pem"

    @property
    def server(self) -> Path:
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        return self.folder / "server-key.pem"


def make_certificates(tls: TlsFiles, host: str, now: datetime) -> None:
    """CA and server certificate for ``host`` and this machine's loopback names.

    What is there and still good for a month stays; a CA that ends is made anew, and
    has to be trusted anew.
    """
    files.make_folder(tls.folder)
    names = tuple(dict.fromkeys((*LOOPBACK, host)))
    if not _lasts(tls.ca, now):
        key = ec.generate_private_key(ec.SECP256R1())
        _keep(tls.ca_key, tls.ca, key, _ca(key, names, now))
        tls.server.unlink(missing_ok=True)
    if not _lasts(tls.server, now):
        _make_server(tls, names, now)


def client_context(ca: Path) -> ssl.SSLContext:
    """Trusts the machine's own authorities and ``ca``."""
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=ca)
    return context


def _make_server(tls: TlsFiles, names: Sequence[str], now: datetime) -> None:
    ca = files.read_certificate(tls.ca)
    key = ec.generate_private_key(ec.SECP256R1())
    ca_key = files.read_private_key(tls.ca_key)
    certificate = _server(key.public_key(), names, ca, ca_key, now)
    _keep(tls.server_key, tls.server, key, certificate)


def _ca(
    key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime
) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST signing service"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"TEST local CA for {names[-1]}"),
        ]
    )
    permitted = [_constraint(name) for name in names]
    return (
        _builder(subject, subject, key.public_key(), now, CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePublicKey,
    names: Sequence[str],
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[-1])])
    life = min(SERVER_LIFE, ca.not_valid_after_utc - now)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    alternative = x509.SubjectAlternativeName([_general_name(n) for n in names])
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        _builder(subject, ca.subject, key, now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(purpose, critical=False)
        .add_extension(alternative, critical=False)
        .add_extension(authority, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _constraint(host: str) -> x509.GeneralName:
    """One host; an address is a network of one (RFC 5280 §4.2.1.10)."""
    try:
        return x509.IPAddress(ipaddress.ip_network(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*granted: str) -> x509.KeyUsage:
    rights = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{right: right in granted for right in rights})


def _lasts(file: Path, now: datetime) -> bool:
    if not file.exists():
        return False
    return now + RENEWED_BEFORE < files.read_certificate(file).not_valid_after_utc


def _keep(
    key_file: Path,
    file: Path,
    key: ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
) -> None:
    """The key first: a certificate marks a finished pair."""
    files.replace(key_file, files.private_key_pem(key), mode=files.PRIVATE)
    files.replace(file, files.certificates_pem(certificate), mode=files.PUBLIC)
