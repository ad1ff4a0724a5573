"""What is asked of a wallet: DCQL (OpenID4VP 1.0 §6), as far as this service asks.

A query that exists is valid: constructors refuse what the clause forbids and what
wallets are known to refuse (empty arrays, a claim asked twice).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from openid4vp.claims_path import ClaimsPath

SD_JWT_VC = "dc+sd-jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsQuery:
    """One claim: ``path`` (§7), ``id`` for claim sets, ``values`` to be matched."""

    path: ClaimsPath
    id: str | None = None
    values: tuple[str | int | bool, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """One credential (§6.1). ``claim_sets`` holds ids of claims, best option first."""

    id: str
    vct_values: tuple[str, ...]
    format: str = SD_JWT_VC
    claims: tuple[ClaimsQuery, ...] = ()
    claim_sets: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSetQuery:
    """Alternatives among credentials (§6.2)."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DcqlQuery:
    """The whole question."""

    credentials: tuple[CredentialQuery, ...]
    credential_sets: tuple[CredentialSetQuery, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The JSON object of the ``dcql_query`` parameter."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, value: object) -> "DcqlQuery":
        """The inverse of ``to_json``."""
        raise NotImplementedError

    def evaluate(
        self, presented: Mapping[str, Mapping[str, object]]
    ) -> dict[str, dict[str, object]]:
        """Return, per query id, only the requested claims; refuse anything less."""
        raise NotImplementedError
