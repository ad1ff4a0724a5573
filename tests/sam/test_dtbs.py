"""The signed attributes: the very bytes pyHanko would sign, from any certificate."""

import asyncio
import hashlib
from datetime import timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from sam.dtbs import signed_attributes
from tests.sam.world import NOW

SDR = bytes(range(32))
SERIALS = {"one": 1, "127": 127, "128": 128, "128-bit": 2**127 + 5, "20-octets": 2**158}
ISSUERS = {
    "short": ["A"],
    "long": ["Ä" * 32, "Ö" * 32, "Ü" * 32],
    "very-long": ["契" * 21] * 20,
}


def certificate(issuer: list[str], serial: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    kinds = [NameOID.COMMON_NAME] + [NameOID.ORGANIZATIONAL_UNIT_NAME] * 20
    name = x509.Name(
        [x509.NameAttribute(k, v) for k, v in zip(kinds, issuer, strict=False)]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(hours=1))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def pyhankos(sdr: bytes, der: bytes) -> bytes:
    parsed = asn1_x509.Certificate.load(der)
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    signer = ExternalSigner(parsed, store, signature_value=72)
    attributes = asyncio.run(signer.signed_attrs(sdr, "sha256", use_pades=True))
    dumped: bytes = attributes.dump()
    return dumped


@pytest.mark.parametrize("issuer", ISSUERS.values(), ids=ISSUERS)
@pytest.mark.parametrize("serial", SERIALS.values(), ids=SERIALS)
def test_the_attributes_are_byte_for_byte_those_of_pyhanko(
    issuer: list[str], serial: int
) -> None:
    der = certificate(issuer, serial)

    assert signed_attributes(SDR, der).der == pyhankos(SDR, der)


@pytest.mark.parametrize("length", range(1, 65))
def test_every_form_of_a_length_is_pyhankos(length: int) -> None:
    """Lengths of 127, 128, 255 and 256 octets, at every level of the structure."""
    der = certificate(["A" * 64, "B" * length], 1)

    assert signed_attributes(SDR, der).der == pyhankos(SDR, der)


def test_the_dtbsr_is_the_digest_of_the_attributes() -> None:
    made = signed_attributes(SDR, certificate(["A"], 1))

    assert made.dtbsr == hashlib.sha256(made.der).digest()


@pytest.mark.parametrize("length", [0, 20, 31, 33, 64])
def test_only_a_sha256_digest_becomes_a_message_digest(length: int) -> None:
    with pytest.raises(ValueError, match="no sha256 digest"):
        signed_attributes(bytes(length), certificate(["A"], 1))
