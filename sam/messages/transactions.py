"""Opening, answering and ending a transaction with a wallet."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from sam.messages.message import (
    MAX_ANSWER_BYTES,
    MAX_METADATA,
    Handle,
    Message,
    ProfileName,
    TransactionId,
)


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


class ByTransaction(Message):
    """The argument of ``status`` and ``abort``."""

    tx: TransactionId


class Status(Message):
    state: State
    purpose: Purpose
    expires_at: datetime
    reason: str | None = None
