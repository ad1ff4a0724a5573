"""The calls of the SAM and their answers, as both ends see them.

One frozen model per message, closed to unknown members, parsed once at the edge.
Digests are lower-case hex, bytes are standard base64, times are RFC 3339 in UTC.
``OpenSign`` is followed on the wire by the prepared files themselves, in the order of
``documents`` and of exactly the lengths it states (``sam.client``); ``KeepFile`` by the
one file it names.

No message carries a nonce, a key, a query, a signer or a verdict towards the SAM.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_DOCUMENTS = 20
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
MAX_ANSWER_BYTES = 256 * 1024
MAX_METADATA = 16 * 1024
MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_TRUST_LIST_BYTES = 16 * 1024 * 1024

TransactionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
Handle = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ProfileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
"""Of the SAM's list (``Info.profiles``); where none is named, the first counts."""
PassReference = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]

CredentialId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]

ALL_PASSES: Final = "all"


class Message(BaseModel):
    """Frozen, strict, and closed: an unknown member is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class KeyAttestationPolicy(StrEnum):
    """Whether a wallet provider has to vouch for a pass's key (OpenID4VCI App. D)."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class AttackPotential(StrEnum):
    """OpenID4VCI 1.0 App. D.2, from the least to the most resistant."""

    BASIC = "iso_18045_basic"
    ENHANCED_BASIC = "iso_18045_enhanced-basic"
    MODERATE = "iso_18045_moderate"
    HIGH = "iso_18045_high"


class Grant(StrEnum):
    """What an identification may be used for; fixed when it is opened."""

    PASS = "pass"  # noqa: S105 — a signing pass, not a password
    CREDENTIAL = "credential"


class Purpose(StrEnum):
    IDENTIFY = "identify"
    IDENTIFY_ALONE = "identify_alone"
    """Says who is there and yields no handle: nothing can come of it."""
    SIGN = "sign"


class State(StrEnum):
    """architecture: OPEN → VERIFIED → SIGNING → SIGNED | FAILED; or CLOSED."""

    OPEN = "open"
    VERIFIED = "verified"
    SIGNING = "signing"
    SIGNED = "signed"
    FAILED = "failed"
    CLOSED = "closed"


class CredentialAlgorithm(StrEnum):
    """Which key a credential has."""

    P256 = "P-256"
    P384 = "P-384"
    RSA3072 = "RSA-3072"
    RSA4096 = "RSA-4096"


class SignatureScheme(StrEnum):
    """How a signature was made; its hash is that of the message digest, too."""

    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"


class MatchRule(Message):
    """One equality of the match: the verdict over all rules comes back, no claim."""

    claim: Literal[
        "birthdate",
        "personal_administrative_number",
        "document_number",
        "family_name",
        "given_name",
        "issuing_country",
    ]
    equals: str = Field(min_length=1, max_length=150)


class OpenIdentify(Message):
    grants: tuple[Grant, ...] = Field(max_length=4)
    match_rules: tuple[MatchRule, ...] = Field(default=(), max_length=5)
    alone: bool = False
    """Purpose ``identify_alone``: no grants, no match rules, the configured query."""
    dc_api: bool = False
    """Asked by a page of ours through the browser (Digital Credentials API), where the
    SAM's settings allow it; the request is for it and for nothing else."""
    profile: ProfileName | None = None

    @model_validator(mode="after")
    def _nothing_comes_of_it_alone(self) -> Self:
        if self.alone and (self.grants or self.match_rules):
            raise ValueError("alone goes without grants and match rules")
        return self


class Opened(Message):
    """An open transaction: the wallet may fetch its request until ``expires_at``.

    ``link_scheme``: what the wallet link starts with, a scheme's name or an https
    address. ``request_uri_method``: the parameter of that name, if there is to be one.
    """

    tx: TransactionId
    client_id: str
    expires_at: datetime
    link_scheme: str = "openid4vp"
    request_uri_method: Literal["post", "get", "omit"] = "post"


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


class Request(Message):
    """``wallet_metadata``: as the wallet sent it (OpenID4VP 1.0 §5.10), unread."""

    tx: TransactionId
    wallet_nonce: str | None = Field(default=None, min_length=1, max_length=512)
    wallet_metadata: str | None = Field(default=None, max_length=MAX_METADATA)


class SignedRequest(Message):
    """A compact JWS, media type application/oauth-authz-req+jwt."""

    request_object: str


class Submit(Message):
    """``body``: the wallet's POST as received, application/x-www-form-urlencoded; or
    what the browser gave the page, as JSON, where it was opened with ``dc_api``."""

    tx: TransactionId
    body: str = Field(max_length=MAX_ANSWER_BYTES)


class Submitted(Message):
    """The answer was verified, or it was the wallet's own error (only a hint).

    ``handle`` and ``display_name`` come with ``identified``; ``match`` only when match
    rules were given; ``error`` only with ``wallet_error``. ``identified_alone`` has a
    ``display_name`` and ``issued_by``, the id of the provider's anchor.
    """

    outcome: Literal["identified", "identified_alone", "approved", "wallet_error"]
    handle: Handle | None = None
    display_name: str | None = None
    issued_by: str | None = None
    match: bool | None = None
    error: str | None = None
    error_description: str | None = None


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


class CredentialState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"


class MakeCredential(Message):
    """``algorithm``: of the key; P-256 where none is named."""

    handle: Handle
    algorithm: CredentialAlgorithm | None = None


class RenewCredential(Message):
    """A credential in the place of ``credential_id``."""

    handle: Handle
    credential_id: CredentialId
    algorithm: CredentialAlgorithm | None = None


class ListCredentials(Message):
    handle: Handle


class RevocationReason(StrEnum):
    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key_compromise"
    AFFILIATION_CHANGED = "affiliation_changed"
    SUPERSEDED = "superseded"
    CESSATION = "cessation"


class RevokeCredential(Message):
    handle: Handle
    credential_id: CredentialId
    reason: RevocationReason = RevocationReason.UNSPECIFIED


class DeleteCredential(Message):
    handle: Handle
    credential_id: CredentialId


class HeldCredential(Message):
    """``schemes``: how it can sign, the first unless asked otherwise. ``expires_at``:
    of its certificate. ``certificate_chain``: base64 DER, the signer's first."""

    credential_id: CredentialId
    state: CredentialState
    algorithm: CredentialAlgorithm
    schemes: tuple[SignatureScheme, ...]
    created_at: datetime
    expires_at: datetime
    replaces: CredentialId | None = None
    certificate_chain: tuple[str, ...]


class Credentials(Message):
    """A person's latest credentials, the youngest first."""

    credentials: tuple[HeldCredential, ...]


class EndedCredential(Message):
    """It signs no more, whoever asks."""

    credential_id: CredentialId


class PassNonce(Message):
    c_nonce: str
    expires_in: int


class IssuePass(Message):
    """``proof``: as the wallet sent it (OpenID4VCI 1.0 App. F.1 or F.3)."""

    handle: Handle
    proof: str = Field(max_length=16 * 1024)


class IssuedPass(Message):
    credential: str


class PassState(StrEnum):
    VALID = "valid"
    ENDED = "ended"
    REVOKED = "revoked"


class ListPasses(Message):
    handle: Handle


class HeldPass(Message):
    """``reference`` means something only beside the handle it was listed for. ``own``:
    it came of this very identification."""

    reference: PassReference
    issued_at: datetime
    expires_at: datetime
    state: PassState
    own: bool


class Passes(Message):
    """A person's latest passes, the youngest first."""

    passes: tuple[HeldPass, ...]


class RevokePass(Message):
    handle: Handle
    reference: PassReference | Literal["all"]


class RevokedPasses(Message):
    """How many passes this call took back: 0 if they were of no use before."""

    revoked: int


class StatusListNumber(Message):
    number: int = Field(ge=1, le=10_000)


class SignedStatusList(Message):
    """A statuslist+jwt over our own passes, and how many seconds it may be cached."""

    token: str
    ttl: int


class ByTransaction(Message):
    """The argument of ``status`` and ``abort``."""

    tx: TransactionId


class Status(Message):
    state: State
    purpose: Purpose
    expires_at: datetime
    reason: str | None = None


class QuotaTag(Message):
    """Asks for a person's pseudonym in one period of the free-tier policy.

    ``policy``: the policy's id. ``period``: a calendar period by its name (day
    ``2026-11-20``, ISO week ``2026-W47``, month ``2026-11`` or year ``2026``), which
    must be the one that contains the SAM's now. The person is named by a ``handle``, or
    by a ``tx`` whose verified approval is for private use: exactly one of the two.
    """

    policy: str = Field(min_length=1, max_length=64)
    period: str = Field(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?|-W[0-9]{2})?$")
    handle: Handle | None = None
    tx: TransactionId | None = None

    @model_validator(mode="after")
    def _one_person(self) -> Self:
        if (self.handle is None) == (self.tx is None):
            raise ValueError("exactly one of handle and tx")
        return self


class QuotaTagged(Message):
    """``tag``: the same for one person all through ``period``, whether by handle or by
    tx; of no relation to any tag of another period, policy or person. From ``ends_at``
    on nobody can compute it again."""

    tag: Sha256Hex
    period: str
    ends_at: datetime


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


class FileKind(StrEnum):
    """Signed files that the SAM verifies and others fetch for it."""

    STATUS_LIST = "status_list"
    IDENTIFIER_LIST = "identifier_list"
    LOTE = "lote"
    TRUSTED_LIST = "trusted_list"

    @property
    def max_bytes(self) -> int:
        """Above it a file of this kind is neither fetched nor read."""
        return MAX_TRUST_LIST_BYTES if self in _TRUST_LISTS else MAX_FILE_BYTES


_TRUST_LISTS = frozenset({FileKind.LOTE, FileKind.TRUSTED_LIST})


class KeepFile(Message):
    """Hands over what was fetched from ``uri``; ``length`` bytes follow on the wire."""

    kind: FileKind
    uri: str = Field(max_length=2048, pattern=r"^https?://[!-~]+$")
    length: int = Field(gt=0)

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        if self.length > self.kind.max_bytes:
            raise ValueError("length")
        return self


class KeptFile(Message):
    """It holds, and is what the SAM goes by until ``usable_until`` at the latest."""

    usable_until: datetime


class WantedFile(Message):
    """A file the SAM looks things up in: who is in it, and where, it never says.

    ``fetch_at``: when to hand over the next one. ``usable_until``: that of the one
    held, if one is.
    """

    kind: FileKind
    uri: str
    fetch_at: datetime
    usable_until: datetime | None = None


class TrustSource(Message):
    """A trust list that the operator configured, and how it stands.

    ``state``: absent, stale, broken, empty or fresh; ``says`` explains it and what to
    do. ``providers``: how many of its category it makes known now.
    """

    name: str
    category: str
    kind: FileKind
    uri: str
    state: str
    says: str
    providers: int
    sequence: int | None = None
    issued_at: datetime | None = None
    next_update: datetime | None = None


class Expiry(Message):
    """Something that ends: ``level`` is ok, warn (30 days), urgent (7) or over.

    ``subject`` says what, never for whom; ``ends_at`` None: it is missing altogether.
    """

    subject: str
    ends_at: datetime | None
    level: Literal["ok", "warn", "urgent", "over"]


class OfferedProfile(Message):
    """A kind of wallet that can be asked; ``title`` is what a page calls it."""

    name: ProfileName
    title: str


class RegistrationState(Message):
    """A registration certificate: until when (None: no end is stated), and which
    claims are asked for that it does not list."""

    purpose: Purpose
    expires_at: datetime | None = None
    not_registered: tuple[str, ...] = ()


class Info(Message):
    """What callers may know of the SAM; ``isolation`` is OFF under one OS user.

    ``key_attestation`` is policy; the levels are those it takes (none: any).
    ``signed_metadata`` (OpenID4VCI 1.0 §12.2.3) says the same."""

    client_id: str
    response_uri_base: str
    request_certificate_chain: tuple[str, ...]
    pass_certificate_chain: tuple[str, ...]
    pass_type: str
    test_mode: bool
    device: str
    pid_providers: tuple[str, ...]
    audit_sequence: int
    audit_head: Sha256Hex
    signer_key_operations: int
    wanted_files: tuple[WantedFile, ...] = ()
    key_attestation: KeyAttestationPolicy = KeyAttestationPolicy.OFF
    key_storage: tuple[AttackPotential, ...] = ()
    user_authentication: tuple[AttackPotential, ...] = ()
    signed_metadata: str | None = None
    profiles: tuple[OfferedProfile, ...] = ()
    registration: tuple[RegistrationState, ...] = ()
    trust_sources: tuple[TrustSource, ...] = ()
    expiries: tuple[Expiry, ...] = ()


class Nothing(Message):
    """A call without arguments."""


class Refusal(Message):
    """The body of every answer that is not 200."""

    code: str
    detail: str
