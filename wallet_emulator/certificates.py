"""X.509: the chains the wallet trusts, and the certificates the test provider needs.

``verify_chain`` follows RFC 5280 §6 as far as a chain of at most four P-256
certificates needs it: order, names, signatures, validity, who may be a CA.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from wallet_emulator.encoding import b64, b64_decode
from wallet_emulator.errors import MalformedError, NotSetUpError

MAX_CHAIN: Final = 4
BACKDATED: Final = timedelta(minutes=5)  # tolerates clocks that are a little behind
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


def parse_x5c(value: object) -> tuple[x509.Certificate, ...]:
    """Certificates of an ``x5c`` header, leaf first (RFC 7515 §4.1.6).

    Raises:
        MalformedError: not a list of one to four standard base64 DER certificates.
    """
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_CHAIN:
        raise MalformedError("x5c must list one to four certificates")
    return tuple(_certificate(text) for text in value)


def read_certificate(der: bytes) -> x509.Certificate:
    """Raises ``MalformedError`` unless all of it can be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        _read_whole(certificate)
    except _UNREADABLE as error:
        raise MalformedError(
            "a chain holds something that is no certificate"
        ) from error
    return certificate


def x5c(chain: Sequence[x509.Certificate]) -> list[str]:
    return [b64(certificate.public_bytes(Encoding.DER)) for certificate in chain]


def verify_chain(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> ec.EllipticCurvePublicKey:
    """The leaf's key, if a trusted root stands behind the chain at ``now``.

    Raises:
        MalformedError: with the rule that is broken.
    """
    key = verify_unanchored_chain(chain, now)
    _require_root(chain[-1], roots, now)
    return key


def verify_unanchored_chain(
    chain: Sequence[x509.Certificate], now: datetime
) -> ec.EllipticCurvePublicKey:
    """As ``verify_chain`` without a root: the chain holds together, nobody vouches."""
    for certificate in chain:
        _require_valid_at(certificate, now)
        if certificate.subject == certificate.issuer:
            raise MalformedError("x5c holds a self-signed certificate")
    for issued, issuer in pairwise(chain):
        _require_issued(issued, issuer)
    return _signing_key(chain[0])


def load_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """All certificates of a PEM file.

    Raises:
        NotSetUpError: the file is missing or holds none.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise NotSetUpError(f"no certificate in {path}") from error


def self_signed_ca(
    name: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.Certificate:
    """A root that may issue end-entity certificates only (pathLen 0)."""
    return (
        _builder(name, name, key.public_key(), now, life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(key, SHA256())
    )


def issue_signer(
    name: x509.Name,
    key: ec.EllipticCurvePublicKey,
    *,
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    uri: str,
    now: datetime,
    life: timedelta,
) -> x509.Certificate:
    """An end-entity certificate whose key may sign credentials, and nothing else."""
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(
        issuer_key.public_key()
    )
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
    return (
        _builder(name, issuer.subject, key, now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(authority, critical=False)
        .add_extension(names, critical=False)
        .sign(issuer_key, SHA256())
    )


def display_name(certificate: x509.Certificate) -> str:
    """The organisation in the certificate, else its common name: who is asking."""
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(oid):
            return str(attribute.value)
    return certificate.subject.rfc4514_string()


def dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return ()
    return tuple(names.value.get_values_for_type(x509.DNSName))


def _certificate(text: object) -> x509.Certificate:
    if not isinstance(text, str):
        raise MalformedError("x5c must hold strings")
    return read_certificate(b64_decode(text))


def _read_whole(certificate: x509.Certificate) -> None:
    """The library reads lazily: what it cannot read must show here, not later."""
    certificate.public_key()
    certificate.subject.rfc4514_string()
    certificate.issuer.rfc4514_string()
    list(certificate.extensions)


def _require_valid_at(certificate: x509.Certificate, now: datetime) -> None:
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise MalformedError(
            f"certificate {certificate.subject.rfc4514_string()!r} is not valid now"
        )


def _require_root(
    top: x509.Certificate, roots: Sequence[x509.Certificate], now: datetime
) -> None:
    for root in roots:
        if root.subject == top.issuer:
            _require_valid_at(root, now)
            _require_issued(top, root)
            return
    raise MalformedError("the chain does not lead to a trusted root")


def _require_issued(issued: x509.Certificate, issuer: x509.Certificate) -> None:
    if not _may_issue(issuer):
        raise MalformedError("a certificate in the chain is issued by a non-CA")
    try:
        issued.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise MalformedError("a certificate is not signed by the next one") from error


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(
            x509.BasicConstraints
        ).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


def _signing_key(leaf: x509.Certificate) -> ec.EllipticCurvePublicKey:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise MalformedError("the leaf certificate has no key usage") from error
    key = leaf.public_key()
    if not usage.digital_signature or not isinstance(key, ec.EllipticCurvePublicKey):
        raise MalformedError("the leaf's key may not sign, or is no EC key")
    return key


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


def key_usage(*granted: str) -> x509.KeyUsage:
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
