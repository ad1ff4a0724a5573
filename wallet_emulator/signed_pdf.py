"""Read back what was signed: the digest and the signer inside a signed PDF.

Own small code, on purpose: the demo must not ask the service whether the service was
right. It checks the last signature of the file: the ByteRange covers everything but
the signature, its SHA-256 is the message digest in the CMS, and the certificate's key
signed the attributes that hold it. Trust in the certificate is not judged here.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wallet_emulator.errors import MalformedError

_BYTE_RANGE: Final = re.compile(
    rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]"
)
_ECDSA_SHA256: Final = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPdf:
    """What the file says about itself; digests are lower-case hex.

    ``message_digest`` is the one in the CMS, ``range_digest`` was computed from the
    file; ``read_signed_pdf`` returns only if they are equal.
    """

    signer: str
    message_digest: str
    range_digest: str
    has_timestamp: bool


def read_signed_pdf(content: bytes) -> SignedPdf:
    """Raises ``MalformedError`` unless the last signature holds for the whole file."""
    signed, signature = _split(content)
    range_digest = hashlib.sha256(signed).digest()
    try:
        return _read_cms(signature, range_digest)
    except (ValueError, TypeError, KeyError) as error:  # asn1crypto has no own class
        raise MalformedError(f"the signature is no readable CMS: {error}") from error


def _split(content: bytes) -> tuple[bytes, bytes]:
    """Bytes covered by the last ByteRange, and the CMS in the gap."""
    found = list(_BYTE_RANGE.finditer(content))
    if not found:
        raise MalformedError("the PDF is not signed")
    start, first, resume, second = (int(number) for number in found[-1].groups())
    if start != 0 or resume + second != len(content) or not first < resume:
        raise MalformedError("the signature does not cover the whole file")
    gap = content[first:resume]
    if gap[:1] != b"<" or gap[-1:] != b">":
        raise MalformedError("ByteRange leaves out more than the signature")
    try:
        return content[:first] + content[resume:], bytes.fromhex(
            gap[1:-1].decode("ascii")
        )
    except ValueError as error:
        raise MalformedError("/Contents is no hexadecimal string") from error


def _read_cms(signature: bytes, range_digest: bytes) -> SignedPdf:
    # strict=False: /Contents is padded with zeros behind the DER value
    signed_data = cms.ContentInfo.load(signature, strict=False)["content"]
    signer_info = signed_data["signer_infos"][0]
    attributes = {a["type"].native: a["values"] for a in signer_info["signed_attrs"]}
    message_digest = attributes["message_digest"][0].native
    if message_digest != range_digest:
        raise MalformedError("the CMS is over other bytes than this file")
    certificate = _signer_certificate(signed_data, signer_info)
    _verify(certificate, signer_info)
    unsigned = {a["type"].native for a in signer_info["unsigned_attrs"]}
    return SignedPdf(
        signer=_name(certificate),
        message_digest=message_digest.hex(),
        range_digest=range_digest.hex(),
        has_timestamp="signature_time_stamp_token" in unsigned,
    )


def _signer_certificate(
    signed_data: cms.SignedData, signer_info: cms.SignerInfo
) -> x509.Certificate:
    wanted = signer_info["sid"].chosen["serial_number"].native
    for choice in signed_data["certificates"]:
        if choice.chosen.serial_number == wanted:
            return x509.load_der_x509_certificate(choice.chosen.dump())
    raise MalformedError("the CMS does not hold the signer's certificate")


def _verify(certificate: x509.Certificate, signer_info: cms.SignerInfo) -> None:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise MalformedError("the signer's key is no EC key")
    signed_attributes = signer_info["signed_attrs"].untag().dump(force=True)
    try:
        key.verify(signer_info["signature"].native, signed_attributes, _ECDSA_SHA256)
    except InvalidSignature as error:
        raise MalformedError("the CMS signature does not verify") from error


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()
