"""A small PKI for tests: root, issuing CA, signer, TSA, CRL; and the SAM's part."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

from app.ades.documents import CmsParts, Prepared
from app.ades.signed_attributes import signed_attributes

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CRL_URL = "http://localhost:8003/crl/issuing-ca.crl"


def der(thing: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return thing.public_bytes(serialization.Encoding.DER)


def name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "UT"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def certify(
        self,
        subject: str,
        public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        *,
        start: datetime,
        end: datetime,
        ca: bool = False,
        usage: str = "content_commitment",
        timestamping: bool = False,
        crl: bool = False,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
            .add_extension(key_usage(usage), True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.key.public_key()
                ),
                False,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
        )
        if timestamping:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True
            )
        if crl:
            point = x509.DistributionPoint(
                [x509.UniformResourceIdentifier(CRL_URL)], None, None, None
            )
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), False)
        return builder.sign(self.key, hashes.SHA256())

    def crl(
        self,
        *revoked: x509.Certificate,
        at: datetime = NOW,
        revoked_at: datetime = NOW - timedelta(minutes=1),
        days: int = 1,
    ) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + timedelta(days=days))
            .add_extension(x509.CRLNumber(1), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.key.public_key()
                ),
                False,
            )
        )
        for certificate in revoked:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(certificate.serial_number)
                .revocation_date(revoked_at)
                .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), False)
            )
            builder = builder.add_revoked_certificate(entry.build())
        return der(builder.sign(self.key, hashes.SHA256()))


def key_usage(wanted: str) -> x509.KeyUsage:
    bits = dict.fromkeys(
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
    for bit in wanted.split():
        bits[bit] = True
    return x509.KeyUsage(**bits)


def new_root(common_name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(common_name))
        .issuer_name(name(common_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=365))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(key_usage("key_cert_sign crl_sign"), True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
        )
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate=certificate, key=key)


class Pki:
    """Everything a signing service has around it, made afresh."""

    def __init__(self, *, issuing_names_crl: bool = False) -> None:
        self.root = new_root("TEST root")
        issuing_key = ec.generate_private_key(ec.SECP256R1())
        self.issuing = Authority(
            certificate=self.root.certify(
                "TEST issuing CA",
                issuing_key.public_key(),
                start=NOW - timedelta(days=300),
                end=NOW + timedelta(days=3000),
                ca=True,
                usage="key_cert_sign crl_sign",
                crl=issuing_names_crl,
            ),
            key=issuing_key,
        )
        # pyHanko's own TSA for tests can only do RSA
        self._tsa_key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        self.tsa = self.root.certify(
            "TEST TSA",
            self._tsa_key.public_key(),
            start=NOW - timedelta(days=300),
            end=NOW + timedelta(days=3000),
            usage="digital_signature",
            timestamping=True,
        )
        self.anchors = (der(self.root.certificate),)

    def signer(
        self,
        subject: str = "TEST Erika Mustermann",
        *,
        start: datetime = NOW - timedelta(minutes=1),
        end: datetime = NOW + timedelta(hours=1),
        crl: bool = True,
        usage: str = "content_commitment",
    ) -> "Signer":
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.issuing.certify(
            subject, key.public_key(), start=start, end=end, crl=crl, usage=usage
        )
        return Signer(key=key, certificate=certificate, issuer=self.issuing.certificate)

    def timestamp(self, value: bytes, *, at: datetime = NOW) -> bytes:
        """A DER TimeStampToken over ``value``."""
        answer = self.timestamper(at).request_tsa_response(
            tsp.TimeStampReq(
                {
                    "version": 1,
                    "message_imprint": {
                        "hash_algorithm": {"algorithm": "sha256"},
                        "hashed_message": hashlib.sha256(value).digest(),
                    },
                    "nonce": 4711,
                    "cert_req": True,
                }
            )
        )
        token: bytes = answer["time_stamp_token"].dump()
        return token

    def timestamper(self, at: datetime = NOW) -> DummyTimeStamper:
        return DummyTimeStamper(
            tsa_cert=asn1_x509.Certificate.load(der(self.tsa)),
            tsa_key=asn1_keys.PrivateKeyInfo.load(
                self._tsa_key.private_bytes(
                    serialization.Encoding.DER,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            ),
            fixed_dt=at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A one-time key with its certificate: what the SAM has inside ``finish``."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    issuer: x509.Certificate

    def sign(self, prepared: Prepared) -> CmsParts:
        own = asn1_x509.Certificate.load(der(self.certificate))
        attributes = signed_attributes(prepared.sdr, own)
        return CmsParts(
            signed_attributes=attributes,
            signature=self.key.sign(attributes, ec.ECDSA(hashes.SHA256())),
            chain=(der(self.certificate), der(self.issuer)),
        )
