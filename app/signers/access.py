"""What an access token opens at the credential issuer, whoever checks the token."""

from dataclasses import dataclass
from typing import ClassVar, Protocol


class AccessRefusedError(Exception):
    """RFC 6750 §3.1, RFC 9449 §7.1: no token, or not one for this request."""

    code: ClassVar[str] = "invalid_token"


class ProofOfKeyRefusedError(AccessRefusedError):
    """The token is good; the DPoP proof beside it is not."""

    code = "invalid_dpop_proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    handle: str
    tx: str
    by_identifier: bool
    notification_id: str


class AccessCheck(Protocol):
    def __call__(
        self, *, path: str, authorization: str | None, dpop: str | None
    ) -> Access:
        """For a POST to ``path`` with these headers; ``AccessRefusedError``."""
        ...
