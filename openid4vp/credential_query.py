"""One credential asked for, and its claims (OpenID4VP 1.0 §6.1, §6.3, B.2.3, B.3.5).

A query that exists is valid: constructors refuse what the clauses forbid and what
wallets are known to refuse (empty arrays, a claim asked twice). The same objects judge
the answer, because a wallet's own filtering is not to be relied on (§14.10).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from openid4vp import claims_path, members
from openid4vp.claims_path import ClaimsPath
from openid4vp.errors import InvalidQueryError, QueryNotSatisfiedError
from openid4vp.query_rules import (
    array,
    check_id,
    check_option,
    check_unique,
    objects,
    options,
)
from openid4vp.strict_json import MAX_INTEGER
from openid4vp.trusted_authorities import TrustedAuthority

SD_JWT_VC: Final = "dc+sd-jwt"
MSO_MDOC: Final = "mso_mdoc"
MAX_CLAIMS: Final = 64
MAX_VALUES: Final = 64
_MDOC_PATH_LENGTH = 2  # §7.2: a namespace and a data element identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsQuery:
    """One claim: ``path`` (§7), ``id`` for claim sets, ``values`` to be matched.

    ``intent_to_retain`` (mdoc only, B.2.4): whether the value is kept afterwards.
    """

    path: ClaimsPath
    id: str | None = None
    values: tuple[str | int | bool, ...] = ()
    intent_to_retain: bool | None = None

    def __post_init__(self) -> None:
        if not self.path or not all(map(_is_step, self.path)):
            raise InvalidQueryError("a path holds names, indexes and null, at least 1")
        if self.id is not None:
            check_id(self.id)
        if len(self.values) > MAX_VALUES:
            raise InvalidQueryError(f"at most {MAX_VALUES} values")
        for value in self.values:
            _value(value)
        if type(self.intent_to_retain) not in (bool, type(None)):
            raise InvalidQueryError("intent_to_retain is true or false")

    def to_json(self) -> dict[str, object]:
        """§6.3; empty members are left out, since wallets refuse them empty."""
        query: dict[str, object] = {"path": list(self.path)}
        if self.id is not None:
            query["id"] = self.id
        if self.values:
            query["values"] = list(self.values)
        if self.intent_to_retain is not None:
            query["intent_to_retain"] = self.intent_to_retain
        return query

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "ClaimsQuery":
        """The inverse of ``to_json``."""
        return cls(
            path=tuple(members.required(value, "path", list)),
            id=members.optional(value, "id", str),
            values=array(value, "values", _value),
            intent_to_retain=members.optional(value, "intent_to_retain", bool),
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
    """One credential (§6.1), of the format and type it names.

    ``vct_values`` belong to ``dc+sd-jwt`` and ``doctype_value`` to ``mso_mdoc``, where
    a path is exactly (namespace, element). ``claim_sets`` holds ids of claims, best
    option first. With ``multiple`` a wallet may present several. A holder proof is
    always required.
    """

    id: str
    format: str
    vct_values: tuple[str, ...] = ()
    doctype_value: str | None = None
    claims: tuple[ClaimsQuery, ...] = ()
    claim_sets: tuple[tuple[str, ...], ...] = ()
    trusted_authorities: tuple[TrustedAuthority, ...] = ()
    multiple: bool = False

    def __post_init__(self) -> None:
        check_id(self.id)
        _check_type(self)
        if len(self.claims) > MAX_CLAIMS or type(self.multiple) is not bool:
            raise InvalidQueryError(f"at most {MAX_CLAIMS} claims; multiple is boolean")
        check_unique([claim.path for claim in self.claims], "claim path")
        ids = [claim.id for claim in self.claims if claim.id is not None]
        check_unique(ids, "claim id")
        if self.claim_sets and len(ids) != len(self.claims):
            raise InvalidQueryError("claim_sets need an id on every claim")
        for option in self.claim_sets:
            check_option(option, ids)

    def to_json(self) -> dict[str, object]:
        """§6.1 with the ``meta`` of B.3.5 or B.2.3; defaults are left out."""
        query: dict[str, object] = {
            "id": self.id,
            "format": self.format,
            "meta": self._meta(),
        }
        if self.multiple:
            query["multiple"] = True
        if self.trusted_authorities:
            query["trusted_authorities"] = [
                authority.to_json() for authority in self.trusted_authorities
            ]
        if self.claims:
            query["claims"] = [claim.to_json() for claim in self.claims]
        if self.claim_sets:
            query["claim_sets"] = [list(option) for option in self.claim_sets]
        return query

    def _meta(self) -> dict[str, object]:
        if self.format == MSO_MDOC:
            return {"doctype_value": self.doctype_value}
        return {"vct_values": list(self.vct_values)}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "CredentialQuery":
        """The inverse of ``to_json``; members nobody knows are ignored (§6)."""
        if members.optional(value, "require_cryptographic_holder_binding", bool) is (
            False
        ):
            raise InvalidQueryError("a credential without holder proof is never taken")
        meta: dict[str, object] = members.required(value, "meta", dict)
        return cls(
            id=members.required(value, "id", str),
            format=members.required(value, "format", str),
            vct_values=members.strings(meta, "vct_values") or (),
            doctype_value=members.optional(meta, "doctype_value", str),
            claims=objects(value, "claims", ClaimsQuery.from_json),
            claim_sets=options(value, "claim_sets"),
            trusted_authorities=objects(
                value, "trusted_authorities", TrustedAuthority.from_json
            ),
            multiple=members.optional(value, "multiple", bool) is True,
        )

    def evaluate(self, claims: Mapping[str, object]) -> dict[str, object]:
        """Return only the requested claims, in their places; refuse anything less.

        ``claims`` of an mdoc are {namespace: {element: value}}. With claim sets the
        first set that is whole counts (§6.4.1: the wallet may choose any), and what
        was sent beyond it is dropped.
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


def _is_step(step: object) -> bool:
    return step is None or type(step) is str or (_is_integer(step) and step >= 0)  # type: ignore[operator]


def _value(value: object) -> str | int | bool:
    if isinstance(value, (str, bool)) or _is_integer(value):
        return value  # type: ignore[return-value]
    raise InvalidQueryError("values are strings, integers and booleans")


def _is_integer(value: object) -> bool:
    return type(value) is int and abs(value) <= MAX_INTEGER


def _check_type(query: CredentialQuery) -> None:
    if query.format == SD_JWT_VC:
        _check_sd_jwt_vc(query)
    elif query.format == MSO_MDOC:
        _check_mdoc(query)
    else:
        raise InvalidQueryError(f"a query is for {SD_JWT_VC} or {MSO_MDOC}")


def _check_sd_jwt_vc(query: CredentialQuery) -> None:
    if not query.vct_values or not all(query.vct_values):
        raise InvalidQueryError(f"{SD_JWT_VC} needs vct_values")
    check_unique(query.vct_values, "vct")
    if query.doctype_value is not None:
        raise InvalidQueryError(f"doctype_value belongs to {MSO_MDOC}")
    if any(claim.intent_to_retain is not None for claim in query.claims):
        raise InvalidQueryError(f"intent_to_retain belongs to {MSO_MDOC}")


def _check_mdoc(query: CredentialQuery) -> None:
    if not query.doctype_value or query.vct_values:
        raise InvalidQueryError(f"{MSO_MDOC} needs doctype_value and no vct_values")
    for claim in query.claims:
        texts = [step for step in claim.path if type(step) is str]
        if len(texts) != len(claim.path) or len(texts) != _MDOC_PATH_LENGTH:
            raise InvalidQueryError("a path into an mdoc is a namespace and an element")
