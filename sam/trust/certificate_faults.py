"""What may be wrong with one certificate, in sentences its issuer can act on.

RFC 5280 §4.2 and §6, as ``openid4vp.trust`` reads them: the same rules, one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID

from openid4vp import x5c
from openid4vp.errors import Openid4vpError
from sam.trust.anchors import UNREADABLE

T = TypeVar("T", bound=x509.ExtensionType)

PROCESSED: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    }
)
"""What the path validation looks at; any other critical extension ends it (§4.2)."""
CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
MIN_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class Fault:
    """``code`` is stable; ``says`` names the place, the rule and what to do."""

    code: str
    says: str


def of_any(certificate: x509.Certificate, where: str, now: datetime) -> Iterator[Fault]:
    """What counts at every place of a path."""
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > ends:
        yield Fault("expired", f"{where} ended on {ends:%Y-%m-%d %H:%M} UTC: renew it")
    if now < starts:
        yield Fault(
            "not-yet-valid",
            f"{where} is valid from {starts:%Y-%m-%d %H:%M} UTC on only: compare the "
            "clocks, or wait",
        )
    if certificate.version is not x509.Version.v3:
        yield Fault("version", f"{where} is no X.509 v3 certificate: issue it anew")
    yield from _extensions(certificate, where)


def of_leaf(leaf: x509.Certificate, where: str) -> Iterator[Fault]:
    """What counts for the certificate that signs credentials."""
    usage = _find(leaf, x509.KeyUsage)
    if usage is None:
        yield Fault(
            "leaf-without-key-usage",
            f"{where} has no keyUsage: issue it with keyUsage digitalSignature",
        )
    elif not usage.digital_signature:
        yield Fault(
            "leaf-may-not-sign",
            f"{where} has a keyUsage without digitalSignature: issue it with that",
        )
    constraints = _find(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        yield Fault(
            "leaf-is-a-ca",
            f"{where} is a CA: credentials are signed by an end entity below it, which "
            "comes first in x5c",
        )
    yield from _leaf_key(leaf, where)


def of_authority(ca: x509.Certificate, where: str, below: int) -> Iterator[Fault]:
    """What counts for an issuer; ``below``: intermediates between it and the leaf."""
    constraints, usage = _find(ca, x509.BasicConstraints), _find(ca, x509.KeyUsage)
    if constraints is None:
        yield Fault(
            "ca-without-basic-constraints",
            f"{where} issues certificates and has no basicConstraints: issue it with "
            "basicConstraints CA:TRUE",
        )
    elif not constraints.ca:
        yield Fault(
            "issuer-is-no-ca",
            f"{where} issues certificates and says CA:FALSE: an end entity may not",
        )
    elif constraints.path_length is not None and below > constraints.path_length:
        yield Fault(
            "path-too-long",
            f"{where} allows {constraints.path_length} CAs below it "
            f"(pathLenConstraint), and there are {below}",
        )
    if usage is not None and not usage.key_cert_sign:
        yield Fault(
            "ca-may-not-sign",
            f"{where} has a keyUsage without keyCertSign: issue it with that",
        )
    yield from _authority_key(ca, where)


def name_constraints(certificate: x509.Certificate) -> str | None:
    """Its name constraints in words, if it has some."""
    found = _find(certificate, x509.NameConstraints)
    if found is None:
        return None
    allowed = ", ".join(str(n.value) for n in found.permitted_subtrees or ())
    excluded = ", ".join(str(n.value) for n in found.excluded_subtrees or ())
    return f"allowed: {allowed or 'any'}; excluded: {excluded or 'none'}"


def _extensions(certificate: x509.Certificate, where: str) -> Iterator[Fault]:
    try:
        extensions = certificate.extensions
    except UNREADABLE as error:
        yield Fault("extensions-unreadable", f"{where}: its extensions: {error}")
        return
    for extension in extensions:
        if extension.critical and extension.oid not in PROCESSED:
            yield Fault(
                "critical-extension-unknown",
                f"{where} has the critical extension {extension.oid.dotted_string}, "
                "which is not processed here (RFC 5280 §4.2): issue it as not critical",
            )


def _leaf_key(leaf: x509.Certificate, where: str) -> Iterator[Fault]:
    try:
        x5c.leaf_key(leaf)
    except Openid4vpError:
        yield Fault(
            "leaf-curve",
            f"{where} has {_key(leaf)}: credentials are signed with ES256, so the leaf "
            "needs a key on P-256",
        )


def _authority_key(ca: x509.Certificate, where: str) -> Iterator[Fault]:
    try:
        key = ca.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES):
        return
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return
    yield Fault(
        "ca-key",
        f"{where} has {_key(ca)}: CAs need P-256, P-384, P-521 or RSA from "
        f"{MIN_RSA_BITS} bits on",
    )


def _key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "an unreadable key"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"a key on {key.curve.name}"
    if isinstance(key, rsa.RSAPublicKey):
        return f"an RSA key of {key.key_size} bits"
    return f"a key of another kind ({type(key).__name__})"


def _find(certificate: x509.Certificate, kind: type[T]) -> T | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (*UNREADABLE, x509.ExtensionNotFound):
        return None
