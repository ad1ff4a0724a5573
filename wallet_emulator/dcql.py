"""DCQL as a wallet reads it: which credentials, which claims (OpenID4VP 1.0 §6, §7).

SD-JWT VC and mdoc are held; a query for another format never matches, and may still be
one option of a credential set. One requested claim that is missing means that the
credential does not match (§6.4.1), exactly as in real wallets. Where a set offers the
same in two formats, the person may prefer one; otherwise the verifier's order counts.

``multiple`` is understood; the wallet holds one credential of a kind, so it sends one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from wallet_emulator.encoding import b64url, text_member
from wallet_emulator.errors import MalformedError, RequestRefusedError
from wallet_emulator.sd_jwt import ClaimsPath
from wallet_emulator.wallet import FORMATS, MDOC_FORMAT, SD_JWT_FORMAT, Held

_MDOC_PATH: Final = 2
_QUERY_ID: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimQuery:
    path: ClaimsPath
    id: str | None
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """§6.1; ``claim_choices`` holds the claim sets, or one set with all claims.

    ``types`` are the ``vct_values``, or the one ``doctype_value``.
    """

    id: str
    format: str
    types: tuple[str, ...]
    multiple: bool
    claim_choices: tuple[tuple[ClaimQuery, ...], ...]
    authority_key_ids: frozenset[str] | None
    holder_binding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole query; ``sets`` are the required credential sets, each with options."""

    credentials: tuple[CredentialQuery, ...]
    sets: tuple[tuple[tuple[str, ...], ...], ...]

    def by_id(self, query_id: str) -> CredentialQuery | None:
        return next((q for q in self.credentials if q.id == query_id), None)

    def formats(self) -> frozenset[str]:
        return frozenset(query.format for query in self.credentials)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What answers one credential query: a credential and the claims to disclose."""

    held: Held
    paths: tuple[ClaimsPath, ...]


def parse_query(value: object) -> Query:
    """Raises ``RequestRefusedError`` (``invalid_request``) unless it is §6 DCQL."""
    try:
        members = _object(value, "dcql_query")
        credentials = tuple(
            _credential_query(item) for item in _array(members, "credentials")
        )
        sets = _sets(members, _unique_ids(credentials))
        return Query(credentials=credentials, sets=sets)
    except MalformedError as error:
        raise RequestRefusedError("invalid_request", f"dcql_query: {error}") from error


def match(
    query: Query, held: Sequence[Held], *, prefer: str | None = None
) -> dict[str, Match]:
    """Query id → what answers it; the best satisfiable option of every set.

    ``prefer`` is a format; the verifier's order decides among equals.

    Raises:
        RequestRefusedError: ``access_denied`` (a wallet does not say what it lacks), or
            ``vp_formats_not_supported`` when every query is for a foreign format.
    """
    if not query.formats() & set(FORMATS):
        raise RequestRefusedError("vp_formats_not_supported", "no format in common")
    possible = {
        asked.id: found
        for asked in query.credentials
        if (found := match_one(asked, held)) is not None
    }
    chosen: list[str] = []
    for options in query.sets:
        satisfiable = [o for o in options if set(o) <= set(possible)]
        if not satisfiable:
            raise RequestRefusedError("access_denied", "no matching credential")
        foreign = [_foreign(option, possible, prefer) for option in satisfiable]
        chosen.extend(satisfiable[foreign.index(min(foreign))])
    return {query_id: possible[query_id] for query_id in dict.fromkeys(chosen)}


def choices(query: Query, held: Sequence[Held]) -> tuple[str, ...]:
    """The formats whose preference changes the answer: none, or at least two."""
    answers = {
        name: {q: m.held.format for q, m in match(query, held, prefer=name).items()}
        for name in FORMATS
    }
    differ = len({tuple(sorted(answer.items())) for answer in answers.values()}) > 1
    return FORMATS if differ else ()


def match_one(asked: CredentialQuery, held: Sequence[Held]) -> Match | None:
    """The first held credential that answers this query, with the claims to show."""
    for credential in held:
        if credential.format != asked.format or credential.type not in asked.types:
            continue
        if not _trusted_authority(asked, credential):
            continue
        for claims in asked.claim_choices:
            if _has_claims(credential, claims):
                return Match(held=credential, paths=tuple(c.path for c in claims))
    return None


def _foreign(
    option: Sequence[str], possible: Mapping[str, Match], prefer: str | None
) -> int:
    """How many of its credentials are not in the preferred format."""
    if prefer is None:
        return 0
    return sum(possible[query_id].held.format != prefer for query_id in option)


def _has_claims(held: Held, claims: Sequence[ClaimQuery]) -> bool:
    if not held.has(claim.path for claim in claims):
        return False
    known = held.claims()
    return all(
        not claim.values or _any_of(_resolve(known, claim.path), claim.values)
        for claim in claims
    )


def _resolve(value: object, path: ClaimsPath) -> list[object]:
    """What ``path`` selects (§7.1); null selects every element."""
    selected = [value]
    for step in path:
        selected = [inner for outer in selected for inner in _children(outer, step)]
    return selected


def _children(value: object, step: str | int | None) -> list[object]:
    if isinstance(value, dict):
        return [value[step]] if step in value else []
    if isinstance(value, list):
        if step is None:
            return value
        return value[step : step + 1] if isinstance(step, int) else []
    return []


def _any_of(selected: Sequence[object], values: Sequence[object]) -> bool:
    """Type and value count: 1 is not true (§6.4.1)."""
    return any(
        type(found) is type(wanted) and found == wanted
        for found in selected
        for wanted in values
    )


def _trusted_authority(asked: CredentialQuery, held: Held) -> bool:
    if asked.authority_key_ids is None:
        return True
    key_ids = {
        b64url(extension.value.key_identifier or b"")
        for certificate in held.chain
        for extension in certificate.extensions
        if isinstance(extension.value, x509.AuthorityKeyIdentifier)
    }
    return bool(key_ids & asked.authority_key_ids)


def _unique_ids(credentials: Sequence[CredentialQuery]) -> list[str]:
    ids = [query.id for query in credentials]
    if len(set(ids)) != len(ids):
        raise MalformedError("two credential queries have the same id")
    return ids


def _credential_query(value: object) -> CredentialQuery:
    members = _object(value, "a credential query")
    query_id = members.get("id")
    if not isinstance(query_id, str) or not _QUERY_ID.fullmatch(query_id):
        raise MalformedError("a credential query needs an id of A-Z a-z 0-9 _ -")
    form = members.get("format")
    if not isinstance(form, str):
        raise MalformedError("a credential query needs a format")
    meta = _object(members.get("meta"), "meta")
    return CredentialQuery(
        id=query_id,
        format=form,
        types=_types(form, meta),
        multiple=_flag(members, "multiple", default=False),
        claim_choices=_claim_choices(members, form),
        authority_key_ids=_authorities(members),
        holder_binding=_flag(
            members, "require_cryptographic_holder_binding", default=True
        ),
    )


def _types(form: str, meta: Mapping[str, object]) -> tuple[str, ...]:
    """B.3.5, B.2.3; of another format nothing is known."""
    if form == SD_JWT_FORMAT:
        return tuple(str(value) for value in _array(meta, "vct_values"))
    if form == MDOC_FORMAT:
        return (text_member(meta, "doctype_value"),)
    return ()


def _flag(members: Mapping[str, object], name: str, *, default: bool) -> bool:
    value = members.get(name, default)
    if type(value) is not bool:
        raise MalformedError(f"{name} must be true or false")
    return value


def _claim_choices(
    members: Mapping[str, object], form: str
) -> tuple[tuple[ClaimQuery, ...], ...]:
    if "claims" not in members:
        if "claim_sets" in members:
            raise MalformedError("claim_sets without claims")
        return ((),)
    claims = tuple(_claim(item, form) for item in _array(members, "claims"))
    if len({claim.path for claim in claims}) != len(claims):
        raise MalformedError("one claim is asked for twice")
    if "claim_sets" not in members:
        return (claims,)
    known = {claim.id: claim for claim in claims if claim.id is not None}
    choices = []
    for option in _array(members, "claim_sets"):
        if not isinstance(option, list) or not set(map(str, option)) <= set(known):
            raise MalformedError("claim_sets names an unknown claim")
        choices.append(tuple(known[str(claim_id)] for claim_id in option))
    return tuple(choices)


def _claim(value: object, form: str) -> ClaimQuery:
    members = _object(value, "a claims query")
    claim_id = members.get("id")
    if claim_id is not None and not isinstance(claim_id, str):
        raise MalformedError("a claims query's id is a string")
    values = _array(members, "values") if "values" in members else []
    if not all(type(item) in (str, int, bool) for item in values):
        raise MalformedError("values are strings, integers or booleans")
    path = tuple(_step(step) for step in _array(members, "path"))
    if form == MDOC_FORMAT:
        _require_element(path)
        _flag(members, "intent_to_retain", default=False)
    return ClaimQuery(path=path, id=claim_id, values=tuple(values))


def _require_element(path: ClaimsPath) -> None:
    """§7.2: a namespace and an element of it, and nothing below."""
    if len(path) != _MDOC_PATH or not all(isinstance(step, str) for step in path):
        raise MalformedError("an mdoc path is a namespace and an element")


def _step(value: object) -> str | int | None:
    """One step of a claims path pointer (§7): a name, an index, null for all."""
    if value is None or isinstance(value, str):
        return value
    if type(value) is int and value >= 0:
        return value
    raise MalformedError("a claims path holds names, indexes and null")


def _authorities(members: Mapping[str, object]) -> frozenset[str] | None:
    """Key ids of ``aki`` entries; other types match nothing, as in the field."""
    if "trusted_authorities" not in members:
        return None
    key_ids: set[str] = set()
    for item in _array(members, "trusted_authorities"):
        entry = _object(item, "a trusted authority")
        if entry.get("type") == "aki":
            key_ids.update(str(value) for value in _array(entry, "values"))
    return frozenset(key_ids)


def _sets(
    members: Mapping[str, object], ids: Sequence[str]
) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Without ``credential_sets`` every query is required (§6.4.2)."""
    if "credential_sets" not in members:
        return tuple(((query_id,),) for query_id in ids)
    sets = []
    for item in _array(members, "credential_sets"):
        entry = _object(item, "a credential set")
        options = []
        for option in _array(entry, "options"):
            if not isinstance(option, list) or not set(map(str, option)) <= set(ids):
                raise MalformedError("a credential set names an unknown query")
            options.append(tuple(str(query_id) for query_id in option))
        if _flag(entry, "required", default=True):
            sets.append(tuple(options))
    return tuple(sets)


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise MalformedError(f"{name} must be an object")
    return value


def _array(members: Mapping[str, object], name: str) -> list[object]:
    value = members.get(name)
    if not isinstance(value, list) or not value:
        raise MalformedError(f"{name} must be a non-empty array")
    return value
