"""What is asked of a wallet: DCQL (OpenID4VP 1.0 §6), as far as this service asks.

A query that exists is valid: constructors refuse what the clause forbids and what
wallets are known to refuse (empty arrays, a claim asked twice). The same objects
judge the answer, because a wallet's own filtering is not to be relied on (§14.10).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from openid4vp import claims_path, members
from openid4vp.claims_path import ClaimsPath
from openid4vp.errors import InvalidQueryError, QueryNotSatisfiedError

SD_JWT_VC = "dc+sd-jwt"
_ID = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsQuery:
    """One claim: ``path`` (§7), ``id`` for claim sets, ``values`` to be matched."""

    path: ClaimsPath
    id: str | None = None
    values: tuple[str | int | bool, ...] = ()

    def __post_init__(self) -> None:
        if not self.path or any(_is_negative(step) for step in self.path):
            raise InvalidQueryError("a path is non-empty, its numbers not negative")
        if self.id is not None:
            _check_id(self.id)

    def to_json(self) -> dict[str, object]:
        """§6.3; empty members are left out, since wallets refuse them empty."""
        query: dict[str, object] = {"path": list(self.path)}
        if self.id is not None:
            query["id"] = self.id
        if self.values:
            query["values"] = list(self.values)
        return query

    @classmethod
    def from_json(cls, value: object) -> "ClaimsQuery":
        """The inverse of ``to_json``."""
        query = _object(value)
        return cls(
            path=tuple(members.required(query, "path", list)),
            id=members.optional(query, "id", str),
            values=tuple(members.optional(query, "values", list) or ()),
        )

    def evaluate(self, claims: object) -> set[claims_path.Position]:
        """Return where the claim stands; refuse if absent or of another value."""
        selected = claims_path.resolve(self.path, claims)
        if self.values and not any(
            type(value) is type(wanted) and value == wanted
            for value in selected.values()
            for wanted in self.values
        ):
            raise QueryNotSatisfiedError("a claim has none of the requested values")
        return set(selected)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """One credential (§6.1). ``claim_sets`` holds ids of claims, best option first."""

    id: str
    vct_values: tuple[str, ...]
    format: str = SD_JWT_VC
    claims: tuple[ClaimsQuery, ...] = ()
    claim_sets: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        _check_id(self.id)
        if self.format != SD_JWT_VC or not self.vct_values:
            raise InvalidQueryError(f"a query is for {SD_JWT_VC} with vct_values")
        _check_unique([claim.path for claim in self.claims], "claim path")
        ids = [claim.id for claim in self.claims if claim.id is not None]
        _check_unique(ids, "claim id")
        if self.claim_sets and len(ids) != len(self.claims):
            raise InvalidQueryError("claim_sets need an id on every claim")
        for option in self.claim_sets:
            _check_option(option, ids)

    def to_json(self) -> dict[str, object]:
        """§6.1 with the SD-JWT VC ``meta`` of B.3.5."""
        query: dict[str, object] = {
            "id": self.id,
            "format": self.format,
            "meta": {"vct_values": list(self.vct_values)},
        }
        if self.claims:
            query["claims"] = [claim.to_json() for claim in self.claims]
        if self.claim_sets:
            query["claim_sets"] = [list(option) for option in self.claim_sets]
        return query

    @classmethod
    def from_json(cls, value: object) -> "CredentialQuery":
        """The inverse of ``to_json``."""
        query = _object(value)
        meta = _object(members.required(query, "meta", dict))
        claims: list[object] = members.optional(query, "claims", list) or []
        sets: list[Any] = members.optional(query, "claim_sets", list) or []
        return cls(
            id=members.required(query, "id", str),
            format=members.required(query, "format", str),
            vct_values=members.strings(meta, "vct_values") or (),
            claims=tuple(ClaimsQuery.from_json(claim) for claim in claims),
            claim_sets=tuple(tuple(option) for option in sets),
        )

    def evaluate(self, claims: Mapping[str, object]) -> dict[str, object]:
        """Return only the requested claims, in their places; refuse anything less.

        With claim sets the first set that is whole counts (§6.4.1: the wallet may
        choose any), and what was sent beyond it is dropped.
        """
        for option in self.claim_sets[:-1]:
            try:
                return self._select(claims, option)
            except QueryNotSatisfiedError:
                continue
        return self._select(claims, self.claim_sets[-1] if self.claim_sets else None)

    def _select(
        self, claims: Mapping[str, object], option: tuple[str, ...] | None
    ) -> dict[str, object]:
        positions: set[claims_path.Position] = set()
        for claim in self.claims:
            if option is None or claim.id in option:
                positions |= claim.evaluate(claims)
        pruned = claims_path.prune(claims, positions)
        return pruned if isinstance(pruned, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSetQuery:
    """Alternatives among credentials (§6.2)."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True

    def to_json(self) -> dict[str, object]:
        """§6.2."""
        return {
            "options": [list(option) for option in self.options],
            "required": self.required,
        }

    @classmethod
    def from_json(cls, value: object) -> "CredentialSetQuery":
        """The inverse of ``to_json``."""
        query = _object(value)
        options: list[Any] = members.required(query, "options", list)
        return cls(
            options=tuple(tuple(option) for option in options),
            required=members.optional(query, "required", bool) is not False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DcqlQuery:
    """The whole question. Without ``credential_sets`` every credential is required."""

    credentials: tuple[CredentialQuery, ...]
    credential_sets: tuple[CredentialSetQuery, ...] = ()

    def __post_init__(self) -> None:
        ids = [credential.id for credential in self.credentials]
        if not ids:
            raise InvalidQueryError("a query asks for at least one credential")
        _check_unique(ids, "credential id")
        for credential_set in self.credential_sets:
            if not credential_set.options:
                raise InvalidQueryError("a credential set has at least one option")
            for option in credential_set.options:
                _check_option(option, ids)

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
        """The inverse of ``to_json``."""
        query = _object(value)
        credentials: list[object] = members.required(query, "credentials", list)
        sets: list[object] = members.optional(query, "credential_sets", list) or []
        return cls(
            credentials=tuple(CredentialQuery.from_json(item) for item in credentials),
            credential_sets=tuple(CredentialSetQuery.from_json(item) for item in sets),
        )

    def credential(self, query_id: str) -> CredentialQuery | None:
        """The credential query of this id, or ``None``."""
        for credential in self.credentials:
            if credential.id == query_id:
                return credential
        return None

    def evaluate(self, answered: Collection[str]) -> None:
        """Refuse an answer whose query ids are not what §6.4.2 allows.

        Unknown ids are refused, and so is whatever lies beyond one whole option of
        each set: half an alternative, or two of them, answers another question.
        """
        wanted: set[str] = set()
        if not self.credential_sets:
            wanted = {credential.id for credential in self.credentials}
        for credential_set in self.credential_sets:
            whole = [set(o) for o in credential_set.options if set(o) <= set(answered)]
            if credential_set.required and not whole:
                raise QueryNotSatisfiedError("a required credential is not there")
            wanted |= max(whole, key=len, default=set())
        if wanted != set(answered):
            raise QueryNotSatisfiedError("the answer is not to the ids of the query")


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidQueryError("a part of a query is no JSON object")
    return value


def _is_negative(step: str | int | None) -> bool:
    return isinstance(step, int) and step < 0


def _check_id(value: str) -> None:
    if not _ID.fullmatch(value):
        raise InvalidQueryError("an id is made of letters, digits, '_' and '-'")


def _check_unique(values: Collection[object], what: str) -> None:
    if len(set(values)) != len(values):
        raise InvalidQueryError(f"the same {what} occurs twice")


def _check_option(option: tuple[str, ...], ids: Collection[str]) -> None:
    if not option or not set(option) <= set(ids):
        raise InvalidQueryError("an option names ids of this query, at least one")
