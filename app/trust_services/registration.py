"""Which registration authorities the EST door obeys.

``verify`` takes the certificate as it came in the message, and in this order:

    1. an administrator registered exactly these octets (``certify``); a certificate
       of anybody else is not even parsed
    2. our issuing CA signed it, and it is valid now
    3. it is an end entity with digitalSignature and id-kp-cmcRA (RFC 6402 §2.10)
    4. it is not revoked

1 alone would do; 2 to 4 hold even if a file finds its way into the folder.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.trust_services import files
from app.trust_services.errors import RequesterNotAuthorisedError
from app.trust_services.profiles import CMC_RA
from app.trust_services.revocation import Revocations


@dataclass(frozen=True, slots=True)
class RegistrationAuthorities:
    """The registered authorities of one issuing CA."""

    folder: Path
    issuer: x509.Certificate
    revocations: Revocations

    def register(self, certificate: x509.Certificate) -> None:
        """An administrator's act; registering again changes nothing."""
        files.make_folder(self.folder)
        path = self._path(certificate.public_bytes(Encoding.DER))
        if not path.exists():
            content = files.certificates_pem(certificate)
            files.write_new(path, content, mode=files.PRIVATE)

    def verify(self, der: bytes, now: datetime) -> "RegistrationAuthority":
        """Raise ``RequesterNotAuthorisedError`` unless it may ask for certificates."""
        if not self._path(der).is_file():
            raise RequesterNotAuthorisedError("not a registered registration authority")
        certificate = x509.load_der_x509_certificate(der)
        _verify_issuer(certificate, self.issuer)
        if (
            not certificate.not_valid_before_utc
            <= now
            <= certificate.not_valid_after_utc
        ):
            raise RequesterNotAuthorisedError("the RA certificate is not valid now")
        _verify_purpose(certificate)
        if certificate.serial_number in self.revocations.serials():
            raise RequesterNotAuthorisedError("the RA certificate is revoked")
        return RegistrationAuthority(key=_p256(certificate))

    def _path(self, der: bytes) -> Path:
        return self.folder / f"{hashlib.sha256(der).hexdigest()}.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationAuthority:
    """Somebody who may ask; exists only by ``verify``."""

    key: ec.EllipticCurvePublicKey

    @property
    def name(self) -> str:
        """SHA-256 of its public key, hex: renewed, it is still the same requester."""
        encoded = self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(encoded).hexdigest()


def _p256(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise RequesterNotAuthorisedError("the RA's key is not an EC key")
    return key


def _verify_issuer(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise RequesterNotAuthorisedError("not issued by the issuing CA") from error


def _verify_purpose(certificate: x509.Certificate) -> None:
    extensions = certificate.extensions
    try:
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound as error:
        raise RequesterNotAuthorisedError(
            "the RA certificate lacks a purpose"
        ) from error
    if constraints.ca or not usage.digital_signature or CMC_RA not in purposes:
        raise RequesterNotAuthorisedError(
            "not a certificate of a registration authority"
        )
