"""Sign a PDF with pyHanko: what the reader and the demo are given to judge."""

import io
from datetime import timedelta

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.wallet_emulator.relying_party import certificate, key


def sign_pdf(original: bytes) -> bytes:
    """One invisible PAdES signature by ``TEST signer``."""
    private = key()
    leaf = certificate(
        "TEST signer",
        private,
        issuer="ca",
        issuer_key=key(),
        usage="content_commitment",
        valid=(timedelta(days=-1), timedelta(days=1)),
    )
    signer = signers.SimpleSigner(
        signing_cert=_asn1(leaf),
        signing_key=asn1_keys.PrivateKeyInfo.load(
            private.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        ),
        cert_registry=SimpleCertificateStore(),
    )
    out = io.BytesIO()
    signers.PdfSigner(
        signers.PdfSignatureMetadata(
            field_name="Signature1",
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
        ),
        signer=signer,
    ).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(original)), output=out)
    return out.getvalue()


def _asn1(leaf: x509.Certificate) -> asn1_x509.Certificate:
    der = leaf.public_bytes(serialization.Encoding.DER)
    return asn1_x509.Certificate.load(der)
