"""Certificate chains as evidence holds them (RFC 5280 §6.1, without revocation).

A chain is leaf first, without its anchor. Names and signatures link up, issuers are
CAs, every certificate is valid at the time in question. Name constraints and policies
are not looked at, and no CRL is fetched: this runs offline.
"""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.verification.report import NotShownError, printable

Chain = tuple[x509.Certificate, ...]
MAX_CHAIN: Final = 5
CERTIFICATE_FAULTS: Final = (
    InvalidSignature,
    TypeError,
    UnsupportedAlgorithm,
    ValueError,
    Warning,  # cryptography warns of certificates it will refuse one day
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


def certificate(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except CERTIFICATE_FAULTS:
        raise NotShownError("holds something that is no certificate") from None


def from_pem(content: bytes) -> Chain:
    """Exactly PEM certificates (RFC 7468 §3, strict) and no other byte."""
    try:
        chain = tuple(x509.load_pem_x509_certificates(content))
    except CERTIFICATE_FAULTS:
        raise NotShownError("is not a list of certificates") from None
    if "".join(_pem(one) for one in chain).encode() != content:
        raise NotShownError("holds more than its certificates")
    if len(chain) > MAX_CHAIN:
        raise NotShownError(f"holds more than {MAX_CHAIN} certificates")
    return chain


def anchors_from_pem(content: bytes) -> Chain:
    """Any file with PEM certificates, as operators keep them."""
    try:
        return tuple(x509.load_pem_x509_certificates(content))
    except CERTIFICATE_FAULTS:
        raise NotShownError("holds no PEM certificate") from None


def p256_key(leaf: x509.Certificate) -> ec.EllipticCurvePublicKey:
    try:
        key = leaf.public_key()
    except CERTIFICATE_FAULTS:
        raise NotShownError("has a certificate without a readable key") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
        key.curve, ec.SECP256R1
    ):
        raise NotShownError("has a certificate whose key is not on P-256")
    return key


def check(chain: Chain, at: datetime) -> None:
    """Each certificate is issued by the next, and all are valid ``at`` (aware)."""
    for position, one in enumerate(chain):
        _check_validity(one, at)
        if position:
            _check_issued(chain[position - 1], one, below=position - 1)


def check_anchored(
    chain: Chain, anchors: Sequence[x509.Certificate], at: datetime
) -> None:
    """The last certificate is an anchor, or one of them issued it."""
    top = chain[-1]
    if any(_same(top, anchor) for anchor in anchors):
        return
    for anchor in anchors:
        try:
            _check_validity(anchor, at)
            _check_issued(top, anchor, below=len(chain) - 1)
        except NotShownError:
            continue
        return
    raise NotShownError("has a chain that does not lead to the anchor you gave")


def subject_name(one: x509.Certificate) -> str:
    return _name(lambda: one.subject)


def issuer_name(one: x509.Certificate) -> str:
    return _name(lambda: one.issuer)


def fingerprint(one: x509.Certificate) -> str:
    """SHA-256 of the DER, hexadecimal."""
    return one.fingerprint(hashes.SHA256()).hex()


def _name(read: Callable[[], x509.Name]) -> str:
    """The CN, or all of the name where there is none; printable and short."""
    try:
        name = read()
        found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
        whole = str(found[0].value) if found else name.rfc4514_string()
    except CERTIFICATE_FAULTS:
        whole = "?"
    return printable(whole)


def _check_validity(one: x509.Certificate, at: datetime) -> None:
    try:
        valid = one.not_valid_before_utc <= at <= one.not_valid_after_utc
    except CERTIFICATE_FAULTS:
        valid = False
    if not valid:
        raise NotShownError(f"has a certificate not valid at {at:%Y-%m-%d %H:%M:%S}")


def _check_issued(one: x509.Certificate, issuer: x509.Certificate, below: int) -> None:
    """``below``: how many CA certificates lie between ``issuer`` and the leaf."""
    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        one.verify_directly_issued_by(issuer)
    except CERTIFICATE_FAULTS:
        raise NotShownError("has a chain whose signatures do not link up") from None
    too_long = basic.path_length is not None and basic.path_length < below
    if not basic.ca or not usage.key_cert_sign or too_long:
        raise NotShownError("has a chain whose issuer may not issue certificates")


def _same(one: x509.Certificate, other: x509.Certificate) -> bool:
    return one.public_bytes(Encoding.DER) == other.public_bytes(Encoding.DER)


def _pem(one: x509.Certificate) -> str:
    body = base64.b64encode(one.public_bytes(Encoding.DER)).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join(
        ["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]
    )
