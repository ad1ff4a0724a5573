"""What callers may know of the SAM."""

from datetime import datetime
from typing import Literal

from sam.messages.files import TrustSource, WantedFile
from sam.messages.message import Message, ProfileName, Sha256Hex
from sam.messages.passes import AttackPotential, KeyAttestationPolicy
from sam.messages.transactions import Purpose


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
