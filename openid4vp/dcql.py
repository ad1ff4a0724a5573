"""What is asked of a wallet: DCQL (OpenID4VP 1.0 §6), whole.

    DcqlQuery
    ├─ CredentialQuery        one per id: format, type          ``credential_query``
    │   ├─ ClaimsQuery        path, values
    │   └─ TrustedAuthority   whose issuers                     ``trusted_authorities``
    └─ CredentialSetQuery     alternatives among the ids

Which ids an answer may have is decided here, which claims in ``credential_query``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from openid4vp import members
from openid4vp.credential_query import (
    MSO_MDOC,
    SD_JWT_VC,
    ClaimsQuery,
    CredentialQuery,
)
from openid4vp.errors import (
    InvalidQueryError,
    MalformedResponseError,
    QueryNotSatisfiedError,
)
from openid4vp.query_rules import check_option, check_unique, objects, options
from openid4vp.trusted_authorities import TrustedAuthority

__all__ = [
    "MSO_MDOC",
    "SD_JWT_VC",
    "ClaimsQuery",
    "CredentialQuery",
    "CredentialSetQuery",
    "DcqlQuery",
    "TrustedAuthority",
]

MAX_CREDENTIALS: Final = 16
MAX_SETS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSetQuery:
    """Alternatives among credentials (§6.2), best option first."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True

    def __post_init__(self) -> None:
        if not self.options or type(self.required) is not bool:
            raise InvalidQueryError("a credential set has options; required is boolean")

    def to_json(self) -> dict[str, object]:
        """§6.2."""
        return {
            "options": [list(option) for option in self.options],
            "required": self.required,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "CredentialSetQuery":
        """The inverse of ``to_json``."""
        return cls(
            options=options(value, "options"),
            required=members.optional(value, "required", bool) is not False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DcqlQuery:
    """The whole question. Without ``credential_sets`` every credential is required."""

    credentials: tuple[CredentialQuery, ...]
    credential_sets: tuple[CredentialSetQuery, ...] = ()

    def __post_init__(self) -> None:
        ids = [credential.id for credential in self.credentials]
        if not 1 <= len(ids) <= MAX_CREDENTIALS:
            raise InvalidQueryError(f"a query asks for 1 to {MAX_CREDENTIALS}")
        check_unique(ids, "credential id")
        if len(self.credential_sets) > MAX_SETS:
            raise InvalidQueryError(f"a query has at most {MAX_SETS} credential sets")
        for credential_set in self.credential_sets:
            for option in credential_set.options:
                check_option(option, ids)

    def to_json(self) -> dict[str, object]:
        """The JSON object of the ``dcql_query`` parameter."""
        query: dict[str, object] = {
            "credentials": [credential.to_json() for credential in self.credentials]
        }
        if self.credential_sets:
            query["credential_sets"] = [
                credential_set.to_json() for credential_set in self.credential_sets
            ]
        return query

    @classmethod
    def from_json(cls, value: object) -> "DcqlQuery":
        """The inverse of ``to_json``; members nobody knows are ignored (§6).

        Raises ``InvalidQueryError`` for whatever is no query that can be asked here.
        """
        if not isinstance(value, dict):
            raise InvalidQueryError("a query is a JSON object")
        try:
            return cls(
                credentials=objects(value, "credentials", CredentialQuery.from_json),
                credential_sets=objects(
                    value, "credential_sets", CredentialSetQuery.from_json
                ),
            )
        except MalformedResponseError as error:
            raise InvalidQueryError(str(error)) from None

    def credential(self, query_id: str) -> CredentialQuery | None:
        """The credential query of this id, or ``None``."""
        for credential in self.credentials:
            if credential.id == query_id:
                return credential
        return None

    def formats(self) -> tuple[str, ...]:
        """The formats asked for, each once, in the order of the credentials."""
        return tuple(
            dict.fromkeys(credential.format for credential in self.credentials)
        )

    def evaluate(self, answered: Collection[str]) -> None:
        """Refuse an answer whose query ids are not what §6.4.2 allows.

        They must be one whole option of every required set, and of each other set one
        or none: half an alternative, or two of them, answers another question.
        """
        if frozenset(answered) not in self._answers_within(frozenset(answered)):
            raise QueryNotSatisfiedError("the answer is not to the ids of the query")

    def _answers_within(self, answered: frozenset[str]) -> set[frozenset[str]]:
        """Every allowed answer made of these ids alone."""
        if not self.credential_sets:
            return {frozenset(credential.id for credential in self.credentials)}
        answers = {frozenset[str]()}
        for credential_set in self.credential_sets:
            whole = [
                frozenset(o) for o in credential_set.options if answered.issuperset(o)
            ]
            if not credential_set.required:
                whole.append(frozenset())
            answers = {answer | option for answer in answers for option in whole}
        return answers
