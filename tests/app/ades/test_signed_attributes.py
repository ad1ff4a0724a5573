import asyncio
import hashlib
from datetime import timedelta

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from app.ades.signed_attributes import signed_attributes
from tests.app.ades.pki import NOW, der, new_root

SDR = bytes(range(32))


def pyhankos(sdr: bytes, certificate: x509.Certificate) -> bytes:
    signer = ExternalSigner(certificate, SimpleCertificateStore(), signature_value=72)
    attributes = asyncio.run(signer.signed_attrs(sdr, "sha256", use_pades=True))
    dumped: bytes = attributes.dump()
    return dumped


def certificate_of(issuer: str) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    end = NOW + timedelta(hours=1)
    issued = new_root(issuer).certify("TEST Erika", key, start=NOW, end=end)
    return x509.Certificate.load(der(issued))


@pytest.mark.parametrize(
    "issuer",
    [pytest.param("A", id="short-lengths"), pytest.param("Ä" * 30, id="long-lengths")],
)
def test_the_attributes_are_byte_for_byte_those_of_pyhanko(issuer: str) -> None:
    certificate = certificate_of(issuer)

    ours = signed_attributes(SDR, certificate)

    assert ours == pyhankos(SDR, certificate)


def test_the_layout_is_the_one_written_down_for_the_sam() -> None:
    certificate = certificate_of("A")
    serial = certificate["tbs_certificate"]["serial_number"].dump()
    issuer = certificate.issuer.dump()
    general_names = bytes([0x30, len(issuer) + 2, 0xA4, len(issuer)]) + issuer
    issuer_serial = bytes([0x30, len(general_names + serial)]) + general_names + serial
    ess = b"\x04\x20" + hashlib.sha256(certificate.dump()).digest() + issuer_serial
    for tag in (0x30, 0x30, 0x30, 0x31):
        ess = bytes([tag, len(ess)]) + ess
    identifier = bytes.fromhex("060b2a864886f70d010910022f")
    content = identifier + ess
    third = bytes([0x30, len(content)]) + content
    second = bytes.fromhex("302f06092a864886f70d01090431220420") + SDR
    first = bytes.fromhex("301806092a864886f70d010903310b06092a864886f70d010701")
    by_hand = first + second + third

    ours = signed_attributes(SDR, certificate)

    assert ours == b"\x31\x81" + bytes([len(by_hand)]) + by_hand
