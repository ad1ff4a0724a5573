"""Build the certificates of the demo PKI (RFC 5280): CAs and end entities.

Pure: names, keys, URLs and ``now`` in, a signed certificate out. Which end-entity
certificates may exist is decided by ``profiles``; nothing here can add a QcStatement.
"""

import ipaddress
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID

from app.trust_services.errors import ProfileRefusedError
from app.trust_services.keys import PublicKey
from app.trust_services.profiles import BACKDATE, Profile, certificate_policies

CA_VALIDITY: Final = timedelta(days=3650)
ANY_POLICY: Final = "2.5.29.32.0"
_DNS_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
_SERIAL_BITS: Final = 159  # positive and at most 20 octets, RFC 5280 §4.1.2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A CA able to sign: its name on disk and in URLs, certificate and key."""

    slug: str
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    public_url: str

    @property
    def crl_url(self) -> str:
        return f"{self.public_url}/crl/{self.slug}.crl"

    @property
    def certificate_url(self) -> str:
        return f"{self.public_url}/ca/{self.slug}.cer"

    @property
    def ocsp_url(self) -> str:
        return f"{self.public_url}/ocsp"


def root_certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    path_length: int,
    now: datetime,
) -> x509.Certificate:
    """A self-signed CA certificate; ``path_length`` CAs may follow it."""
    builder = _builder(subject, key.public_key(), now, CA_VALIDITY).issuer_name(subject)
    builder = _with_ca_extensions(builder, path_length)
    return builder.sign(key, hashes.SHA256())


def intermediate_certificate(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: Issuer, *, now: datetime
) -> x509.Certificate:
    """A CA certificate under ``issuer`` that can issue end entities only."""
    validity = min(CA_VALIDITY, issuer.certificate.not_valid_after_utc - now)
    builder = _with_ca_extensions(_builder(subject, key, now, validity), 0)
    builder = builder.add_extension(certificate_policies(ANY_POLICY), critical=False)
    return _signed(_with_crl(_with_issuer(builder, issuer), issuer), issuer)


def end_entity_certificate(
    profile: Profile,
    subject: x509.Name,
    key: PublicKey,
    issuer: Issuer,
    *,
    now: datetime,
    host: str | None = None,
) -> x509.Certificate:
    """A certificate as ``profile`` says, never outliving its issuer's."""
    validity = min(profile.validity, issuer.certificate.not_valid_after_utc - now)
    builder = (
        _builder(subject, key, now, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(profile.key_usage, critical=True)
    )
    if profile.extended_key_usage is not None:
        builder = builder.add_extension(
            profile.extended_key_usage, critical=profile.key_purpose_critical
        )
    if profile.policies is not None:
        builder = builder.add_extension(profile.policies, critical=False)
    if profile.names_host and host is not None:
        builder = builder.add_extension(subject_alternative_name(host), critical=False)
    return _signed(_with_status(builder, profile, issuer), issuer)


def subject_alternative_name(host: str) -> x509.SubjectAlternativeName:
    """``host`` is an IP address or a DNS name; else ``ProfileRefusedError``."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not _DNS_NAME.fullmatch(host):
            raise ProfileRefusedError(f"{host!r} is not a host name") from None
        return x509.SubjectAlternativeName([x509.DNSName(host)])
    return x509.SubjectAlternativeName([x509.IPAddress(address)])


def _builder(
    subject: x509.Name,
    key: PublicKey,
    now: datetime,
    validity: timedelta,
) -> x509.CertificateBuilder:
    moment = now.replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(random_serial())
        .not_valid_before(moment - BACKDATE)
        .not_valid_after(moment + validity)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def random_serial() -> int:
    """158 random bits below a leading one: unique, positive, never short."""
    return secrets.randbits(_SERIAL_BITS - 1) | 1 << (_SERIAL_BITS - 1)


def _with_ca_extensions(
    builder: x509.CertificateBuilder, path_length: int
) -> x509.CertificateBuilder:
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
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(constraints, critical=True).add_extension(
        usage, critical=True
    )


def _with_status(
    builder: x509.CertificateBuilder, profile: Profile, issuer: Issuer
) -> x509.CertificateBuilder:
    builder = _with_issuer(builder, issuer, responder=profile.names_responder)
    if profile.without_status:
        return builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return _with_crl(builder, issuer)


def _with_issuer(
    builder: x509.CertificateBuilder, issuer: Issuer, *, responder: bool = False
) -> x509.CertificateBuilder:
    """Who issued it, where that certificate is, and who tells its status."""
    places = [(AuthorityInformationAccessOID.CA_ISSUERS, issuer.certificate_url)]
    if responder:
        places.insert(0, (AuthorityInformationAccessOID.OCSP, issuer.ocsp_url))
    access = x509.AuthorityInformationAccess(
        x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
        for method, url in places
    )
    return (
        builder.issuer_name(issuer.certificate.subject)
        .add_extension(authority_key_identifier(issuer), critical=False)
        .add_extension(access, critical=False)
    )


def _with_crl(
    builder: x509.CertificateBuilder, issuer: Issuer
) -> x509.CertificateBuilder:
    """Where revocations are listed."""
    points = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint(
                full_name=[x509.UniformResourceIdentifier(issuer.crl_url)],
                relative_name=None,
                reasons=None,
                crl_issuer=None,
            )
        ]
    )
    return builder.add_extension(points, critical=False)


def authority_key_identifier(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.certificate.extensions.get_extension_for_class(
        x509.SubjectKeyIdentifier
    ).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _signed(builder: x509.CertificateBuilder, issuer: Issuer) -> x509.Certificate:
    return builder.sign(issuer.key, hashes.SHA256())
