"""From a verified presentation to a person, and from a person to an approval.

The PID identifies; it never approves. An approval is one answer that holds exactly one
PID and one signing pass, each with its holder proof over this transaction, where

    1. the pass is one we issued, presented whole, not past its end, not taken back
    2. its key is the key it was issued to
    3. signer(PID) = signer(pass)
    4. signer(PID) = the signer whose handle opened the transaction, if one did
    5. the pass approved exactly the transaction data that was sent

``openid4vp`` has verified signatures, holder proofs and the transaction data hashes
before anything here runs; these are the comparisons only the SAM can make.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row

from hsm.port import MacKey, SigningDevice
from openid4vp.dcql import (
    SD_JWT_VC,
    ClaimsQuery,
    CredentialQuery,
    CredentialSetQuery,
    DcqlQuery,
)
from openid4vp.verify import VerifiedCredential, VerifiedPresentation
from sam.messages import MatchRule
from sam.pid import IDENTIFIERS, alternatives, common_claims
from sam.store import Identity
from sam.subjects import UnfitNameError, subject_of

PASS = "signing_pass"  # noqa: S105 — a query id


class NotAnApprovalError(Exception):
    """The answer verifies, and is not what this transaction needs."""

    code = "not_an_approval"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Transaction(Protocol):
    expected_signer: bytes | None
    transaction_data: str


def identification_query(pids: Sequence[CredentialQuery]) -> DcqlQuery:
    """A PID alone, in the encoding the wallet prefers where there is a choice."""
    return DcqlQuery(credentials=tuple(pids), credential_sets=alternatives(pids))


def approval_query(pids: Sequence[CredentialQuery], pass_type: str) -> DcqlQuery:
    """PID and pass in one answer (the only kind of approval there is)."""
    signing_pass = CredentialQuery(
        id=PASS,
        format=SD_JWT_VC,
        vct_values=(pass_type,),
        claims=(ClaimsQuery(path=("pass_id",)),),
    )
    choice = alternatives(pids)
    both = (*choice, CredentialSetQuery(options=((PASS,),))) if choice else ()
    return DcqlQuery(credentials=(*pids, signing_pass), credential_sets=both)


def identify(device: SigningDevice, pid: VerifiedCredential) -> Identity:
    """Who the PID says is there, the same from either encoding.

    Raises ``NotAnApprovalError`` if that is no one person: no unique identifier, or a
    name no certificate can hold.
    """
    claims = common_claims(pid)
    kind, value = _identifier(claims)
    try:
        subject = subject_of(claims, identifier_kind=kind, identifier=value)
    except UnfitNameError as error:
        raise NotAnApprovalError("unfit_name") from error
    return Identity(
        signer_id=signer_id(device, pid.provider, kind, value),
        display_name=f"{claims['given_name']} {claims['family_name']}",
        subject=subject,
        provider=pid.provider,
        key_thumbprint=pid.holder_key_thumbprint,
        presentation_sha256=hashlib.sha256(pid.presentation.encode()).digest(),
    )


def signer_id(device: SigningDevice, provider: str, kind: str, value: str) -> bytes:
    """HMAC under an HSM key over length-prefixed provider, kind and value.

    The provider is the trust anchor's id, not the PID's ``iss``; never a name or a
    birth date, which people share.
    """
    parts = (provider, kind, unicodedata.normalize("NFC", value))
    message = b"".join(
        len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts
    )
    return device.mac(MacKey.SIGNER_ID, message)


def approve(
    transaction: "_Transaction | Row[Any]",
    presentation: VerifiedPresentation,
    identity: Identity,
    issued: Row[Any] | None,
    now: datetime,
) -> VerifiedCredential:
    """Return the pass presentation that approves, or raise; the steps are above."""
    signing_pass = presentation.credentials[PASS]
    if issued is None or issued.expires_at <= now:
        raise NotAnApprovalError("pass_unknown_or_expired")  # 1
    if issued.revoked_at is not None:
        raise NotAnApprovalError("pass_revoked")  # 1
    if not signing_pass.presentation.startswith(issued.credential):
        raise NotAnApprovalError("pass_not_as_issued")  # 1
    if signing_pass.holder_key_thumbprint != issued.key_thumbprint:
        raise NotAnApprovalError("pass_key_mismatch")  # 2
    if not hmac.compare_digest(identity.signer_id, issued.signer_id):
        raise NotAnApprovalError("pass_of_another_signer")  # 3
    expected = transaction.expected_signer
    if expected is not None and not hmac.compare_digest(identity.signer_id, expected):
        raise NotAnApprovalError("another_signer")  # 4
    if signing_pass.approved != (transaction.transaction_data,):
        raise NotAnApprovalError("nothing_approved")  # 5
    return signing_pass


def matches(claims: Mapping[str, object], rules: Sequence[MatchRule]) -> bool:
    """One verdict over all rules (AND): NFC, otherwise exact."""
    verdicts = [
        unicodedata.normalize("NFC", str(claims.get(rule.claim, "")))
        == unicodedata.normalize("NFC", rule.equals)
        for rule in rules
    ]
    return all(verdicts)


def _identifier(claims: Mapping[str, object]) -> tuple[str, str]:
    for kind in IDENTIFIERS:
        value = claims.get(kind)
        if isinstance(value, str) and value.strip():
            return kind, value
    raise NotAnApprovalError("no_unique_identifier")
