"""Signatures of every kind of key: embedded, and found good by others than us."""

import dataclasses
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from app.ades.byte_range import digest
from app.ades.documents import CmsParts, Documents, Prepared
from app.ades.errors import EmbeddingError
from app.ades.schemes import SCHEMES
from app.ades.signed_attributes import signed_attributes
from sam.messages import SignatureScheme
from tests.app.ades.pki import NOW, Pki, der

PSS = padding.PSS(padding.MGF1(SHA256()), salt_length=32)
RSA = rsa.generate_private_key(65537, 3072)
KEYS: dict[str, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey] = {
    "ecdsa-sha256": ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-sha384": ec.generate_private_key(ec.SECP384R1()),
    "rsa-pss-sha256": RSA,
    "rsa-pkcs1-sha256": RSA,
}
ALL = sorted(SCHEMES)


def raw_signature(scheme: str, key: object, content: bytes) -> bytes:
    match key, scheme:
        case ec.EllipticCurvePrivateKey(), "ecdsa-sha384":
            return key.sign(content, ec.ECDSA(SHA384()))
        case ec.EllipticCurvePrivateKey(), _:
            return key.sign(content, ec.ECDSA(SHA256()))
        case rsa.RSAPrivateKey(), "rsa-pss-sha256":
            return key.sign(content, PSS, SHA256())
        case rsa.RSAPrivateKey(), _:
            return key.sign(content, padding.PKCS1v15(), SHA256())
    raise AssertionError(scheme)


@dataclass(frozen=True, slots=True)
class Signing:
    pki: Pki
    prepared: Prepared

    def parts(self, scheme: str) -> CmsParts:
        key = KEYS[scheme]
        certificate = self.pki.issuing.certify(
            "TEST Signer",
            key.public_key(),
            start=NOW - timedelta(days=1),
            end=NOW + timedelta(days=365),
            crl=True,
        )
        made = digest(
            self.prepared.content, self.prepared.byte_range, SCHEMES[scheme].hash_name
        )
        own = asn1_x509.Certificate.load(der(certificate))
        attributes = signed_attributes(made, own)
        return CmsParts(
            signed_attributes=attributes,
            signature=raw_signature(scheme, key, attributes),
            chain=(der(certificate), der(self.pki.issuing.certificate)),
            scheme=scheme,
        )


@pytest.fixture(scope="module")
def signing(pki: Pki, prepared: Prepared) -> Signing:
    return Signing(pki, prepared)


def test_the_names_are_the_sams() -> None:
    assert set(SCHEMES) == {scheme.value for scheme in SignatureScheme}


@pytest.mark.parametrize("scheme", ALL)
def test_our_validator_finds_it_good(
    documents: Documents, signing: Signing, pki: Pki, scheme: str
) -> None:
    parts = signing.parts(scheme)
    token = pki.timestamp(parts.signature)
    prepared = signing.prepared

    signed = documents.embed(prepared.content, prepared.byte_range, parts, token)

    validation = documents.validate(
        signed,
        anchors=pki.anchors,
        crls=[pki.issuing.crl()],
        at=NOW,
        expected_sdr=prepared.sdr,
    )
    assert validation.valid, validation.summary


@pytest.mark.parametrize("scheme", ALL)
def test_openssl_and_pdfsig_find_it_good(
    documents: Documents, signing: Signing, pki: Pki, tmp_path: Path, scheme: str
) -> None:
    prepared = signing.prepared
    signed = documents.embed(
        prepared.content, prepared.byte_range, signing.parts(scheme)
    )
    _start, before, resume, _after = prepared.byte_range
    padded = bytes.fromhex(signed[before + 1 : resume - 1].decode())
    (tmp_path / "cms").write_bytes(cms.ContentInfo.load(padded).dump())
    (tmp_path / "content").write_bytes(signed[:before] + signed[resume:])
    root = pki.root.certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "root.pem").write_bytes(root)
    (tmp_path / "signed.pdf").write_bytes(signed)

    openssl = run(
        tmp_path,
        *("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER"),
        *("-in", "cms", "-content", "content", "-CAfile", "root.pem"),
        *("-purpose", "any", "-attime", str(int(NOW.timestamp()))),
        *("-out", "/dev/null"),
    )
    pdfsig = run(tmp_path, "pdfsig", "-nocert", "signed.pdf")

    assert "CAdES Verification successful" in openssl.stderr
    assert "Signature is Valid." in pdfsig.stdout
    assert "Total document signed" in pdfsig.stdout


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("scheme", ALL)
@pytest.mark.parametrize("said", [*ALL, "rsa-pkcs1-sha1", ""])
def test_it_is_embedded_only_as_what_it_is(
    documents: Documents, signing: Signing, scheme: str, said: str
) -> None:
    prepared = signing.prepared
    parts = dataclasses.replace(signing.parts(scheme), scheme=said)
    if said == scheme:  # guards the others
        assert documents.embed(prepared.content, prepared.byte_range, parts)
        return

    with pytest.raises(EmbeddingError):
        documents.embed(prepared.content, prepared.byte_range, parts)


@pytest.mark.parametrize("scheme", ALL)
def test_a_signature_with_a_wrong_bit_is_not_embedded(
    documents: Documents, signing: Signing, scheme: str
) -> None:
    prepared, parts = signing.prepared, signing.parts(scheme)
    wrong = bytearray(parts.signature)
    wrong[-1] ^= 1

    with pytest.raises(EmbeddingError, match="does not verify"):
        documents.embed(
            prepared.content,
            prepared.byte_range,
            dataclasses.replace(parts, signature=bytes(wrong)),
        )
