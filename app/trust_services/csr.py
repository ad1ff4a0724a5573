"""Read one PKCS#10 request (RFC 2986), and believe only what its key has signed.

``parse`` does, in this order:

    1. strict DER
    2. no attributes: a request for extensions is refused, never obeyed in part
    3. a key of an allowed kind in its one spelling, signed as that kind signs
    4. a subject of single-valued, printable, bounded attributes
    5. proof of possession: the signature verifies under that key

A ``CertificationRequest`` therefore always has all five. Which attributes a subject may
have is the profile's business: ``refuse_subject``.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import csr as asn1_csr
from cryptography import x509
from cryptography.x509.oid import NameOID

from app.trust_services.der import decode
from app.trust_services.errors import (
    MalformedRequestError,
    ProfileRefusedError,
)
from app.trust_services.keys import (
    SIGNED_BY,
    KeyKind,
    PublicKey,
    certifiable_key,
    prove_possession,
)
from app.trust_services.profiles import TEST_PREFIX, Profile

MAX_VALUE_LENGTH: Final = 64  # RFC 5280 appendix A.1, ub-common-name and its kin
_STRING_TYPES: Final = frozenset({"UTF8String", "PrintableString"})
_COUNTRY_LENGTH: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationRequest:
    """A well-formed request whose sender holds the private key."""

    der: bytes
    subject: x509.Name
    public_key: PublicKey
    spki: bytes

    @property
    def key_digest(self) -> str:
        """SHA-256 over the DER SubjectPublicKeyInfo, hex: the name of the key."""
        return hashlib.sha256(self.spki).hexdigest()


def parse(
    der: bytes, kinds: frozenset[KeyKind] = frozenset({KeyKind.P256})
) -> CertificationRequest:
    """Raise ``MalformedRequestError`` or ``ProofOfPossessionError``, and
    ``ProfileRefusedError`` for a key that is none of ``kinds``."""
    request = decode(asn1_csr.CertificationRequest, der)
    info = request["certification_request_info"]
    if len(info["attributes"]):
        raise MalformedRequestError("attributes (extensions) cannot be asked for")
    spki = info["subject_pk_info"].dump()
    public_key, kind = certifiable_key(spki, kinds)
    signed_by = request["signature_algorithm"]["algorithm"].native
    if signed_by != SIGNED_BY[kind]:
        raise MalformedRequestError(f"the CSR is not signed with {SIGNED_BY[kind]}")
    _refuse_odd_subject(info["subject"])
    prove_possession(public_key, kind, request["signature"].native, info.dump())
    return CertificationRequest(
        der=der, subject=_load(der).subject, public_key=public_key, spki=spki
    )


def _refuse_odd_subject(subject: Any) -> None:
    """Single-valued RDNs of printable strings within the bounds of RFC 5280."""
    for rdn in subject.chosen:
        if len(rdn) != 1:
            raise MalformedRequestError("a relative name with several attributes")
        kind, value = rdn[0]["type"].dotted, rdn[0]["value"]
        text = value.native
        string = getattr(value, "chosen", value)  # DirectoryString is a CHOICE
        if type(string).__name__ not in _STRING_TYPES:
            raise MalformedRequestError(f"{kind} is neither UTF8String nor Printable")
        if not 1 <= len(text) <= MAX_VALUE_LENGTH or not text.isprintable():
            raise MalformedRequestError(f"{kind} is empty, too long or unprintable")
        if kind == NameOID.COUNTRY_NAME.dotted_string and not _is_country(text):
            raise MalformedRequestError("C is not two capital letters")


def _is_country(text: str) -> bool:
    return len(text) == _COUNTRY_LENGTH and text.isascii() and text.isupper()


def _load(der: bytes) -> x509.CertificateSigningRequest:
    try:
        return x509.load_der_x509_csr(der)
    except (ValueError, x509.InvalidVersion) as error:
        raise MalformedRequestError(f"not a PKCS#10 request: {error}") from error


def refuse_subject(subject: x509.Name, profile: Profile) -> None:
    """Raise ``ProfileRefusedError`` unless the profile allows exactly this subject."""
    types = [attribute.oid for attribute in subject]
    if len(set(types)) != len(types):
        raise ProfileRefusedError("an attribute type is repeated in the subject")
    foreign = set(types) - profile.subject_attributes
    if foreign:
        names = ", ".join(sorted(oid.dotted_string for oid in foreign))
        raise ProfileRefusedError(f"{profile.name} allows no subject attribute {names}")
    if not _common_name(subject).startswith(TEST_PREFIX):
        raise ProfileRefusedError("the subject's CN does not begin with 'TEST '")


def _common_name(subject: x509.Name) -> str:
    found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""
