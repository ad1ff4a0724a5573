"""A certificate chain from whatever file an engineer has at hand.

PEM certificates, one DER certificate, or a compact JWS whose ``x5c`` is taken: an
SD-JWT VC (also with disclosures and key binding), a request object, a list.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final

from cryptography import x509

from openid4vp import base64url, strict_json
from openid4vp.errors import Openid4vpError

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
_PEM: Final = b"-----BEGIN CERTIFICATE-----"
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

Chain = Sequence[x509.Certificate]


class ChainFileError(Exception):
    """No chain can be taken from the file; the message says what to do."""

    code = "chain_file"


def read(content: bytes) -> Chain:
    """Return the chain in the order of the file, or raise ``ChainFileError``."""
    if len(content) > MAX_FILE_BYTES:
        raise ChainFileError(f"the file is above {MAX_FILE_BYTES} bytes")
    if _PEM in content:
        return _pem(content)
    if content.startswith(b"\x30"):
        return (_der(content, "the file"),)
    return _x5c(content)


def _pem(content: bytes) -> Chain:
    try:
        return tuple(x509.load_pem_x509_certificates(content))
    except (ValueError, x509.InvalidVersion) as error:
        raise ChainFileError(f"a PEM block holds no certificate: {error}") from None


def _x5c(content: bytes) -> Chain:
    text = content.strip().decode("ascii", errors="replace").partition("~")[0]
    if not _JWS.fullmatch(text):
        raise ChainFileError(
            "neither PEM, nor DER, nor a compact JWS or SD-JWT: an mdoc, for instance, "
            "must be given as the PEM of its x5chain"
        )
    try:
        header = strict_json.parse_object(
            base64url.decode(text.partition(".")[0], "header"), "header"
        )
    except Openid4vpError as error:
        raise ChainFileError(str(error)) from None
    listed = header.get("x5c")
    if not isinstance(listed, list) or not listed:
        raise ChainFileError(
            "the header has no x5c: HAIP 1.0 §6.1.1 wants the chain there, leaf first, "
            "without the anchor"
        )
    return tuple(_entry(entry, place) for place, entry in enumerate(listed, 1))


def _entry(entry: object, place: int) -> x509.Certificate:
    where = f"x5c entry {place}"
    if not isinstance(entry, str):
        raise ChainFileError(f"{where} is no text")
    if entry.startswith("-----"):
        raise ChainFileError(f"{where} is PEM: it must be the bare base64 of the DER")
    if not _BASE64.fullmatch(entry):
        raise ChainFileError(
            f"{where} is not base64: x5c is in base64 with padding and without line "
            "breaks, and not in base64url (RFC 7515 §4.1.6)"
        )
    try:
        return _der(base64.b64decode(entry, validate=True), where)
    except binascii.Error:
        raise ChainFileError(f"{where} is base64 of a wrong length") from None


def _der(content: bytes, where: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(content)
    except (ValueError, x509.InvalidVersion) as error:
        raise ChainFileError(f"{where} is no DER certificate: {error}") from None
