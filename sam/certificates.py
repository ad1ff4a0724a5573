"""The certificate of a signer's key: asked with a request built here, then distrusted.

The CSR holds the subject from the verified PID and the key that was just generated in
the HSM; nothing of it comes from a caller. What the CA returns is checked before a
single attribute is signed under it: key, subject, path to our anchor, validity, usage,
and (in test mode) the absence of every qualified statement.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from asn1crypto import algos
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier

from sam import certificate_fields
from sam.der import SEQUENCE, bit_string, integer, tlv

QC_STATEMENTS = ObjectIdentifier("1.3.6.1.5.5.7.1.3")
QUALIFIED_POLICIES = "0.4.0.194112."  # QCP-n … QCP-l-qscd, EN 319 411-2 §5.3
MIN_CHAIN, MAX_CHAIN = 2, 4  # signer and issuing CA at least; never the anchor

_PKCS10_VERSION = 0
_NO_ATTRIBUTES = tlv(0xA0)
_CONTENT_COMMITMENT = x509.KeyUsage(
    digital_signature=False,
    content_commitment=True,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)

# ``cryptography`` reads names and extensions when they are first asked for.
_UNREADABLE = (
    ValueError,
    TypeError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)


class UnfitCertificateError(Exception):
    """The CA certified something other than what was asked."""

    code = "unfit_certificate"


def request(
    subject: bytes,
    public_key: bytes,
    sign: Callable[[bytes], bytes],
    *,
    algorithm: str = "sha256_ecdsa",
) -> bytes:
    """Return a DER PKCS#10; ``sign`` turns its to-be-signed bytes into a signature by
    ``algorithm`` (as asn1crypto spells it).

    Proof of possession by the key (RFC 2986 §4.2). No extensions are asked
    for: the profile is the CA's.
    """
    info = tlv(SEQUENCE, integer(_PKCS10_VERSION), subject, public_key, _NO_ATTRIBUTES)
    signed_by = algos.SignedDigestAlgorithm({"algorithm": algorithm}).dump()
    return tlv(SEQUENCE, info, signed_by, bit_string(sign(info)))


def chain_of(certificates: tuple[bytes, ...], public_key: bytes) -> tuple[bytes, ...]:
    """The path upwards from the certificate of ``public_key``, as far as it goes.

    A certs-only answer is a SET OF: its order says nothing.
    """
    try:
        parsed = [(der, certificate_fields.read(der)) for der in certificates]
    except ValueError as error:
        raise UnfitCertificateError("unreadable certificates") from error
    above = {fields.subject: (der, fields) for der, fields in parsed}
    found = [one for one in parsed if one[1].public_key == public_key]
    while found and len(found) < len(parsed):
        issuer = above.get(found[-1][1].issuer)
        if issuer is None or issuer in found or issuer[1].issuer == issuer[1].subject:
            break  # a root sent along is left out: the anchor is ours
        found.append(issuer)
    return tuple(der for der, _ in found)


def check(
    chain: tuple[bytes, ...],
    *,
    subject: bytes,
    public_key: bytes,
    anchor: bytes,
    now: datetime,
) -> None:
    """Raise ``UnfitCertificateError`` unless ``chain`` is what was asked for.

    The path is signer, issuing CA(s), anchor; the anchor itself is not in ``chain``.
    """
    try:
        _check_leaf(path(chain, anchor=anchor, now=now)[0], subject, public_key)
    except _UNREADABLE as error:
        raise UnfitCertificateError(type(error).__name__) from error


def path(
    chain: tuple[bytes, ...], *, anchor: bytes, now: datetime
) -> list[x509.Certificate]:
    """Signer, issuing CA(s) and anchor, each issued by the next and valid ``now``.

    Raises ``UnfitCertificateError`` if they are not.
    """
    try:
        certificates = [x509.load_der_x509_certificate(d) for d in (*chain, anchor)]
        _check_path(certificates, now)
    except _UNREADABLE as error:
        raise UnfitCertificateError(type(error).__name__) from error
    return certificates


def _check_path(path: list[x509.Certificate], now: datetime) -> None:
    if not MIN_CHAIN <= len(path) - 1 <= MAX_CHAIN:
        raise UnfitCertificateError("the path has the wrong length")
    for below, (issued, issuer) in enumerate(pairwise(path)):
        issued.verify_directly_issued_by(issuer)
        _check_issuer(issuer, below)
    for certificate in path:
        if (
            not certificate.not_valid_before_utc
            <= now
            < certificate.not_valid_after_utc
        ):
            raise UnfitCertificateError("a certificate of the path is not valid now")


def _check_issuer(issuer: x509.Certificate, below: int) -> None:
    """``below``: how many CAs stand between it and the leaf (RFC 5280 §4.2.1.9)."""
    constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    if not (constraints.ca and usage.key_cert_sign):
        raise UnfitCertificateError("an issuer is no CA")
    if constraints.path_length is not None and constraints.path_length < below:
        raise UnfitCertificateError("the path is longer than an issuer allows")


def _check_leaf(leaf: x509.Certificate, subject: bytes, public_key: bytes) -> None:
    fields = certificate_fields.read(leaf.public_bytes(Encoding.DER))
    if fields.subject != subject:
        raise UnfitCertificateError("the subject is not the verified one")
    if fields.public_key != public_key:
        raise UnfitCertificateError("the key is not the signer's")
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    if usage != _CONTENT_COMMITMENT:
        raise UnfitCertificateError("key usage is not nonRepudiation alone")
    if any(extension.oid == QC_STATEMENTS for extension in leaf.extensions):
        raise UnfitCertificateError("QcStatements in test mode")
    if any(policy.startswith(QUALIFIED_POLICIES) for policy in _policies(leaf)):
        raise UnfitCertificateError("a qualified policy in test mode")


def _policies(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.CertificatePolicies)
    except x509.ExtensionNotFound:
        return []
    return [policy.policy_identifier.dotted_string for policy in found.value]
