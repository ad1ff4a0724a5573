"""Documents to approve, and what signing them yields."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from sam.messages.message import (
    MAX_DOCUMENT_BYTES,
    MAX_DOCUMENTS,
    CredentialId,
    Handle,
    Message,
    ProfileName,
    Sha256Hex,
    TransactionId,
)
from sam.messages.transactions import Opened


class SignatureScheme(StrEnum):
    """How a signature was made; its hash is that of the message digest, too."""

    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"


class PreparedDocument(Message):
    """A PDF with its signature field in place; its bytes follow on the wire.

    ``byte_range`` is the PDF's own (ISO 32000-2 §12.8.1): two spans (offset, length)
    that cover all of ``length`` but the hole of /Contents. The first
    ``original_length`` bytes are the file as the person brought it. Whether the rest
    adds a signature and nothing else takes a parser: ``structure_checked_by`` is what
    found so, by the caller's word, and kept as that.
    """

    name: str = Field(min_length=1, max_length=255)
    byte_range: tuple[int, int, int, int]
    original_length: int = Field(gt=0, le=MAX_DOCUMENT_BYTES)
    length: int = Field(gt=0, le=MAX_DOCUMENT_BYTES)
    structure_checked_by: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9 ._,:-]{1,120}$"
    )


class OpenSign(Message):
    """``credential``: one of the handle's person's, to sign with; else a key is made
    for this signature alone. ``scheme``: one of the credential's; else its first."""

    documents: tuple[PreparedDocument, ...] = Field(
        min_length=1, max_length=MAX_DOCUMENTS
    )
    handle: Handle | None = None
    credential: CredentialId | None = None
    scheme: SignatureScheme | None = None
    purpose: Literal["private"] | None = None
    terms_version: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9 ._,:-]{1,64}$"
    )
    profile: ProfileName | None = None

    @model_validator(mode="after")
    def _whose_credential(self) -> Self:
        if self.credential is not None and self.handle is None:
            raise ValueError("credential goes with handle")
        if self.scheme is not None and self.credential is None:
            raise ValueError("scheme goes with credential")
        return self


class OpenedDocument(Message):
    """What the wallet will be shown and asked to approve.

    ``sdr``: digest over the ByteRange, the value the wallet approves; ``sodr``: digest
    of the original file; ``checksum``: digest of the prepared file; ``code``: eight
    digits, an aid against mix-ups and never proof.
    """

    label: str
    code: str
    sdr: Sha256Hex
    sodr: Sha256Hex
    checksum: Sha256Hex


class SigningOpened(Opened):
    documents: tuple[OpenedDocument, ...]
    transaction_data: str


class Finish(Message):
    tx: TransactionId


class Signature(Message):
    """DER SignedAttributes (SET OF) and the signature over their digest: a DER
    ECDSA-Sig-Value, or as long as the RSA modulus."""

    signed_attributes: str
    signature: str


class Finished(Message):
    """One signature per document, in the order opened; the same bytes for ever."""

    release: int
    signer_name: str
    scheme: SignatureScheme = SignatureScheme.ECDSA_SHA256
    signatures: tuple[Signature, ...]
    certificate_chain: tuple[str, ...]
    evidence: dict[str, str]


class Since(Message):
    release: int = Field(ge=0)


class Release(Message):
    """``purpose``: what the transaction was opened for, as ``OpenSign`` stated it."""

    number: int
    tx: TransactionId
    at: datetime
    signatures: int
    purpose: Literal["private"] | None = None


class Releases(Message):
    releases: tuple[Release, ...]
