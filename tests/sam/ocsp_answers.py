"""OCSP answers as a test wants them: right to the letter, but for one thing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.sam.scripted_ca import Issuer, Recipe, common_name

RESPONDER: Final = frozenset({"digital_signature"})
FOR_OCSP: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
NO_CHECK: Final = x509.OCSPNoCheck()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """Who signs answers for a CA, and the certificate it shows for that."""

    certificate: x509.Certificate
    key: Any = field(repr=False)


def delegate(issuer: Issuer, now: datetime, **changed: Any) -> Delegate:
    """``changed``: members of its certificate's recipe, or ``key``."""
    key = changed.pop("key", None) or ec.generate_private_key(ec.SECP256R1())
    recipe = Recipe(
        subject=common_name("TEST responder"),
        public_key=key.public_key(),
        not_before=now - timedelta(minutes=1),
        not_after=now + timedelta(days=1),
        usage=RESPONDER,
        extensions=(FOR_OCSP, NO_CHECK),
    )
    return Delegate(certificate=issuer.issue(replace(recipe, **changed)), key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer before it is signed."""

    by: Delegate
    asked: ocsp.OCSPRequest
    this_update: datetime
    next_update: datetime | None
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    serial: int | None = None
    name_hash: bytes | None = None
    key_hash: bytes | None = None
    hash_algorithm: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    nonce: bytes | None = None
    with_nonce: bool = True
    shown: tuple[x509.Certificate, ...] | None = None
    named_by: Any = ocsp.OCSPResponderEncoding.HASH
    signed_over: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)

    def der(self) -> bytes:
        revoked = self.status is ocsp.OCSPCertStatus.REVOKED
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                self.name_hash or self.asked.issuer_name_hash,
                self.key_hash or self.asked.issuer_key_hash,
                self.serial or self.asked.serial_number,
                self.hash_algorithm,
                self.status,
                self.this_update,
                self.next_update,
                self.this_update if revoked else None,
                None,
            )
            .responder_id(self.named_by, self.by.certificate)
        )
        shown = (self.by.certificate,) if self.shown is None else self.shown
        builder = builder.certificates(shown) if shown else builder
        if self.with_nonce:
            nonce = self.nonce or nonce_of(self.asked)
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        signed = builder.sign(self.by.key, self.signed_over)
        return signed.public_bytes(Encoding.DER)


Script = Callable[[Said], bytes]


def nonce_of(asked: ocsp.OCSPRequest) -> bytes:
    return asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce


def but(**changed: Any) -> Script:
    """One member is another; a callable gets the honest answer."""

    def script(said: Said) -> bytes:
        values = {n: v(said) if callable(v) else v for n, v in changed.items()}
        return replace(said, **values).der()

    return script
