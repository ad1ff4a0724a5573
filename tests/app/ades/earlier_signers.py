"""Files signed before they reach us, by pyHanko itself, with locks of each kind."""

from io import BytesIO

from asn1crypto import keys, x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec
from pyhanko.sign.signers import (
    PdfSignatureMetadata,
    PdfSigner,
    PdfTimeStamper,
    SimpleSigner,
)
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.app.ades import pdfs
from tests.app.ades.pki import Signer, der


def certified(signer: Signer, permission: MDPPerm) -> bytes:
    """An author signature that allows this much."""
    metadata = PdfSignatureMetadata(
        field_name="Author", certify=True, docmdp_permissions=permission
    )
    return _signed(signer, metadata, SigFieldSpec("Author"))


def locked(signer: Signer) -> bytes:
    """An approval signature whose field says that nothing may change any more."""
    field = SigFieldSpec(
        "Approval",
        field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL),
        doc_mdp_update_value=MDPPerm.NO_CHANGES,
    )
    return _signed(signer, PdfSignatureMetadata(field_name="Approval"), field)


def locked_fields(signer: Signer) -> bytes:
    """An approval signature after which no field may be filled in any more."""
    field = SigFieldSpec("Approval", field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL))
    return _signed(signer, PdfSignatureMetadata(field_name="Approval"), field)


def approved(signer: Signer, original: bytes | None = None) -> bytes:
    """An approval signature as any program makes it."""
    return _signed(
        signer,
        PdfSignatureMetadata(field_name="Approval"),
        SigFieldSpec("Approval"),
        original,
    )


def time_stamped(original: bytes, stamper: TimeStamper) -> bytes:
    """With a document timestamp (ISO 32000-2 §12.8.5) added behind."""
    out = PdfTimeStamper(stamper).timestamp_pdf(
        IncrementalPdfFileWriter(BytesIO(original)), "sha256"
    )
    content: bytes = out.getvalue()
    return content


def _signed(
    signer: Signer,
    metadata: PdfSignatureMetadata,
    field: SigFieldSpec,
    original: bytes | None = None,
) -> bytes:
    key = signer.key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    simple = SimpleSigner(
        signing_cert=x509.Certificate.load(der(signer.certificate)),
        signing_key=keys.PrivateKeyInfo.load(key),
        cert_registry=SimpleCertificateStore.from_certs(
            [x509.Certificate.load(der(signer.issuer))]
        ),
    )
    out = PdfSigner(metadata, simple, new_field_spec=field).sign_pdf(
        IncrementalPdfFileWriter(BytesIO(original or pdfs.plain()))
    )
    content: bytes = out.getvalue()
    return content
