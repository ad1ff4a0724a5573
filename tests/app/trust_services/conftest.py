"""A set-up folder, its doors, and a CMC client that shares no structure with the door.

The client writes its DER octet by octet, so that a wrong tag in the package cannot be
cancelled out by the same wrong tag here.
"""

import base64
import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from werkzeug.test import Client, TestResponse

from app.trust_services import csr
from app.trust_services.installation import Installation
from app.trust_services.setup import set_up

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PERSON = {
    NameOID.COUNTRY_NAME: "NL",
    NameOID.SURNAME: "Jansen",
    NameOID.GIVEN_NAME: "Anna",
    NameOID.SERIAL_NUMBER: "PNONL-999990001",
    NameOID.COMMON_NAME: "TEST Anna Jansen",
}
PKI_DATA = "1.3.6.1.5.5.7.12.2"
TRANSACTION_ID = "1.3.6.1.5.5.7.7.5"
SENDER_NONCE = "1.3.6.1.5.5.7.7.6"
REVOKE_REQUEST = "1.3.6.1.5.5.7.7.17"
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SHA256 = "2.16.840.1.101.3.4.2.1"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    return tlv(0x31, *sorted(parts))


def oid(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


def integer(number: int) -> bytes:
    return bytes(core.Integer(number).dump())


def control(part: int, kind: str, *values: bytes) -> bytes:
    return sequence(integer(part), oid(kind), set_of(*values))


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def name_of(subject: dict[Any, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in subject.items()])


def csr_der(
    key: Any, subject: dict[Any, str] | x509.Name = PERSON, *, algorithm: Any = None
) -> bytes:
    name = subject if isinstance(subject, x509.Name) else name_of(subject)
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, algorithm or hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass(frozen=True)
class CmcClient:
    """A registration authority as RFC 5272 wants it; every part can be replaced."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    transaction: int = 0x6A1C_0000_0000_0000_0000_0000_0000_0001
    nonce: bytes = bytes(range(16))

    def controls(self, *more: bytes) -> bytes:
        return sequence(
            control(1, TRANSACTION_ID, integer(self.transaction)),
            control(2, SENDER_NONCE, tlv(0x04, self.nonce)),
            *more,
        )

    def pki_data(
        self,
        request: bytes,
        *,
        controls: bytes | None = None,
        requests: bytes | None = None,
        messages: bytes = sequence(),
        others: bytes = sequence(),
    ) -> bytes:
        tagged = tlv(0xA0, integer(3), request)  # [0] IMPLICIT
        return sequence(
            self.controls() if controls is None else controls,
            sequence(tagged) if requests is None else requests,
            messages,
            others,
        )

    def attributes(
        self,
        content: bytes,
        *,
        content_type: str = PKI_DATA,
        digest: bytes | None = None,
    ) -> list[bytes]:
        digest = hashlib.sha256(content).digest() if digest is None else digest
        return [
            sequence(oid(CONTENT_TYPE), set_of(oid(content_type))),
            sequence(oid(MESSAGE_DIGEST), set_of(tlv(0x04, digest))),
        ]

    def sign(
        self,
        content: bytes,
        *,
        content_type: str = PKI_DATA,
        attributes: list[bytes] | None = None,
        certificates: list[x509.Certificate] | None = None,
        version: int = 3,
        signers: int = 1,
        unsigned: bytes = b"",
        name: bytes | None = None,
        revocation_lists: bytes = b"",
        more_certificates: bytes = b"",
        detached: bool = False,
        signer_version: int = 1,
        digest_algorithm: str = SHA256,
        signature_algorithm: str = ECDSA_SHA256,
    ) -> bytes:
        attributes = self.attributes(content) if attributes is None else attributes
        signature = self.key.sign(set_of(*attributes), ec.ECDSA(hashes.SHA256()))
        signer = sequence(
            integer(signer_version),
            self.issuer_and_serial() if name is None else name,
            sequence(oid(digest_algorithm)),
            tlv(0xA0, *sorted(attributes)),
            sequence(oid(signature_algorithm)),
            tlv(0x04, signature),
            unsigned,
        )
        certificates = [self.certificate] if certificates is None else certificates
        encoded = [one.public_bytes(Encoding.DER) for one in certificates]
        signed_data = sequence(
            integer(version),
            set_of(sequence(oid(digest_algorithm))),
            sequence(
                oid(content_type), b"" if detached else tlv(0xA0, tlv(0x04, content))
            ),
            tlv(0xA0, *sorted(encoded), more_certificates),
            revocation_lists,
            set_of(*[signer] * signers),
        )
        return sequence(oid(SIGNED_DATA), tlv(0xA0, signed_data))

    def message(self, request: bytes) -> bytes:
        return self.sign(self.pki_data(request))

    def withdrawal(self, certificate: x509.Certificate) -> bytes:
        """A PKIData that asks to revoke (RFC 5272 §6.11)."""
        wanted = sequence(
            certificate.issuer.public_bytes(),
            integer(certificate.serial_number),
            tlv(0x0A, b"\x04"),  # superseded
        )
        asked = self.controls(control(3, REVOKE_REQUEST, wanted))
        return self.pki_data(b"", controls=asked, requests=sequence())

    def issuer_and_serial(self) -> bytes:
        der = self.certificate.public_bytes(Encoding.DER)
        issuer = asn1_x509.Certificate.load(der).issuer.dump()
        return sequence(issuer, integer(self.certificate.serial_number))


@dataclass
class TestClock:
    """Stands still until moved."""

    __test__ = False

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Pki:
    """A set-up folder, a registered RA and an open EST door."""

    folder: Path
    clock: TestClock
    client: CmcClient
    installation: Installation

    def est(self) -> Client:
        return Client(self.installation.est_door(self.clock))

    def public(self) -> Client:
        return Client(self.installation.public_door(self.clock))

    def set_up_again(self) -> None:
        set_up(self.folder, est_url=None, public_url=None, now=self.clock())

    def enrol(self, message: bytes) -> TestResponse:
        return self.est().post(
            "/.well-known/est/fullcmc",
            data=base64.encodebytes(message),
            content_type="application/pkcs7-mime; smime-type=CMC-request",
        )

    def signer_certificate(
        self, key: ec.EllipticCurvePrivateKey, transaction: int = 7
    ) -> x509.Certificate:
        client = CmcClient(self.client.key, self.client.certificate, transaction)
        answer = self.enrol(client.message(csr_der(key)))
        assert answer.status_code == 200, answer.text
        return certificate_of(answer, key)


def certificate_of(answer: TestResponse, key: Any) -> x509.Certificate:
    """The one certificate of ``key`` in a certs-only answer."""
    found = pkcs7.load_der_pkcs7_certificates(base64.b64decode(answer.data))
    (own,) = [one for one in found if one.public_key() == key.public_key()]
    return own


SERVICE = {
    NameOID.ORGANIZATION_NAME: "TEST Signing Service",
    NameOID.COMMON_NAME: "TEST Registration Authority",
}


def register(installation: Installation, key: Any, now: datetime) -> x509.Certificate:
    request = csr.parse(csr_der(key, SERVICE))
    chain = installation.certify(
        "registration-authority", request, now, host="localhost"
    )
    return chain[0]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """One set-up for all tests to copy: keys are the slow part."""
    folder = tmp_path_factory.mktemp("template") / "trust-services"
    set_up(folder, est_url=None, public_url=None, now=NOW)
    key = new_key()
    register(Installation.open(folder), key, NOW)
    return folder, key


@pytest.fixture
def pki(template: tuple[Path, Any], tmp_path: Path) -> Pki:
    source, key = template
    folder = tmp_path / "trust-services"
    subprocess.run(["cp", "-a", source, folder], check=True)
    installation = Installation.open(folder)
    certificate = register(installation, key, NOW)
    return Pki(folder, TestClock(), CmcClient(key, certificate), installation)


@pytest.fixture
def openssl() -> Callable[..., str]:
    """Run the ``openssl`` tool; a failure is an AssertionError with its words."""

    def run(*arguments: object, data: bytes | None = None) -> str:
        command = ["openssl", *map(str, arguments)]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        text = (done.stdout + done.stderr).decode(errors="replace")
        assert done.returncode == 0, text
        return text

    return run


class Toolbox:
    """What the tests here build with; a fixture, as a test folder is no package."""

    __test__ = False

    NOW = NOW
    PERSON = PERSON
    SERVICE = SERVICE
    CmcClient = CmcClient
    Clock = TestClock
    tlv = staticmethod(tlv)
    sequence = staticmethod(sequence)
    set_of = staticmethod(set_of)
    oid = staticmethod(oid)
    integer = staticmethod(integer)
    control = staticmethod(control)
    new_key = staticmethod(new_key)
    name_of = staticmethod(name_of)
    csr_der = staticmethod(csr_der)
    certificate_of = staticmethod(certificate_of)
    register = staticmethod(register)


@pytest.fixture(scope="session")
def box() -> type[Toolbox]:
    return Toolbox
