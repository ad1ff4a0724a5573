"""The subject of a certificate, from the claims of a verified PID.

EN 319 412-2 §4.2.4 and EN 319 412-1 §5.1.3: country, surname, given name, serial
number with its semantics prefix, common name. In test mode the common name begins with
TEST, so that no certificate can be mistaken for a qualified one.
"""

import re
import unicodedata
from collections.abc import Mapping

from asn1crypto import core, x509

TEST_MARK = "TEST "
MAX_COMMON_NAME = 64  # RFC 5280 App. A, ub-common-name
MAX_SERIAL_NUMBER = 64
_PREFIXES = {"personal_administrative_number": "PNO", "document_number": "IDC"}
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+")


class UnfitNameError(Exception):
    """The claims are true and still make no certificate subject."""

    code = "unfit_name"


def subject_of(
    claims: Mapping[str, object], *, identifier_kind: str, identifier: str
) -> bytes:
    """Return the DER Name. Names are never shortened; too long is refused."""
    given, family = _text(claims, "given_name"), _text(claims, "family_name")
    country = _text(claims, "issuing_country")
    common = f"{TEST_MARK}{given} {family}"
    serial = f"{_PREFIXES[identifier_kind]}{country}-{identifier}"
    if len(common) > MAX_COMMON_NAME:
        raise UnfitNameError("common name is longer than 64 characters")
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise UnfitNameError("issuing_country is no ISO 3166 alpha-2 code")
    if len(serial) > MAX_SERIAL_NUMBER or not _PRINTABLE.fullmatch(serial):
        raise UnfitNameError("the identifier does not fit a serialNumber")
    return _name(
        ("country_name", core.PrintableString(country)),
        ("surname", core.UTF8String(family)),
        ("given_name", core.UTF8String(given)),
        ("serial_number", core.PrintableString(serial)),
        ("common_name", core.UTF8String(common)),
    )


def common_name(subject: bytes) -> str:
    """The name a person reads, out of a DER Name built here."""
    return str(x509.Name.load(subject).native["common_name"])


def _text(claims: Mapping[str, object], name: str) -> str:
    stated = claims.get(name)
    if not isinstance(stated, str):
        raise UnfitNameError(f"{name} is no text")
    value = unicodedata.normalize("NFC", stated).strip()
    if not value or any(unicodedata.category(c)[0] == "C" for c in value):
        raise UnfitNameError(f"{name} is empty or holds control characters")
    return value


def _name(*attributes: tuple[str, core.AbstractString]) -> bytes:
    sequence = x509.RDNSequence(
        [
            x509.RelativeDistinguishedName(
                [x509.NameTypeAndValue({"type": kind, "value": value})]
            )
            for kind, value in attributes
        ]
    )
    der: bytes = x509.Name(name="", value=sequence).dump()
    return der
