"""DCQL as a wallet reads it: which credentials, which claims (OpenID4VP 1.0 §6, §7).

Only SD-JWT VC is held, so a query for another format never matches; it may still be
one option of a credential set. One requested claim that is missing means that the
credential does not match (§6.4.1), exactly as in real wallets.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from wallet_emulator.certificates import parse_x5c
from wallet_emulator.encoding import b64url
from wallet_emulator.errors import MalformedError, RequestRefusedError
from wallet_emulator.sd_jwt import ClaimsPath
from wallet_emulator.wallet import HeldCredential

SD_JWT_FORMAT: Final = "dc+sd-jwt"
_QUERY_ID: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimQuery:
    path: ClaimsPath
    id: str | None
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """§6.1; ``claim_choices`` holds the claim sets, or one set with all claims."""

    id: str
    format: str
    vct_values: tuple[str, ...]
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

    held: HeldCredential
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


def match(query: Query, held: Sequence[HeldCredential]) -> dict[str, Match]:
    """Query id → what answers it; the first satisfiable option of every set.

    Raises:
        RequestRefusedError: ``access_denied``; a wallet does not say what it lacks.
    """
    possible = {
        asked.id: found
        for asked in query.credentials
        if (found := match_one(asked, held)) is not None
    }
    chosen: list[str] = []
    for options in query.sets:
        option = next((o for o in options if set(o) <= set(possible)), None)
        if option is None:
            raise RequestRefusedError("access_denied", "no matching credential")
        chosen.extend(option)
    return {query_id: possible[query_id] for query_id in dict.fromkeys(chosen)}


def match_one(asked: CredentialQuery, held: Sequence[HeldCredential]) -> Match | None:
    """The first held credential that answers this query, with the claims to show."""
    if asked.format != SD_JWT_FORMAT:
        return None
    for credential in held:
        if credential.vct not in asked.vct_values:
            continue
        if not _trusted_authority(asked, credential):
            continue
        for claims in asked.claim_choices:
            if _has_claims(credential, claims):
                return Match(held=credential, paths=tuple(c.path for c in claims))
    return None


def _has_claims(held: HeldCredential, claims: Sequence[ClaimQuery]) -> bool:
    try:
        held.sd_jwt.select(claim.path for claim in claims)
    except MalformedError:
        return False
    revealed = held.sd_jwt.reveal()
    return all(
        not claim.values or _resolve(revealed, claim.path) in claim.values
        for claim in claims
    )


def _resolve(value: object, path: ClaimsPath) -> object:
    """The value at ``path``; with a null step, the first one (enough for `values`)."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list):
            index = step if isinstance(step, int) else 0
            value = value[index] if index < len(value) else None
    return value


def _trusted_authority(asked: CredentialQuery, held: HeldCredential) -> bool:
    if asked.authority_key_ids is None:
        return True
    key_ids = {
        b64url(extension.value.key_identifier or b"")
        for certificate in parse_x5c(held.sd_jwt.header.get("x5c"))
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
    if members.get("multiple", False) is not False:
        raise MalformedError("'multiple' is not supported by this wallet")
    return CredentialQuery(
        id=query_id,
        format=form,
        vct_values=_vct_values(meta) if form == SD_JWT_FORMAT else (),
        claim_choices=_claim_choices(members),
        authority_key_ids=_authorities(members),
        holder_binding=members.get("require_cryptographic_holder_binding", True)
        is True,
    )


def _vct_values(meta: Mapping[str, object]) -> tuple[str, ...]:
    values = _array(meta, "vct_values")
    return tuple(str(value) for value in values)


def _claim_choices(members: Mapping[str, object]) -> tuple[tuple[ClaimQuery, ...], ...]:
    if "claims" not in members:
        return ((),)
    claims = tuple(_claim(item) for item in _array(members, "claims"))
    if "claim_sets" not in members:
        return (claims,)
    known = {claim.id: claim for claim in claims if claim.id is not None}
    choices = []
    for option in _array(members, "claim_sets"):
        if not isinstance(option, list) or not set(map(str, option)) <= set(known):
            raise MalformedError("claim_sets names an unknown claim")
        choices.append(tuple(known[str(claim_id)] for claim_id in option))
    return tuple(choices)


def _claim(value: object) -> ClaimQuery:
    members = _object(value, "a claims query")
    claim_id = members.get("id")
    if claim_id is not None and not isinstance(claim_id, str):
        raise MalformedError("a claims query's id is a string")
    values = _array(members, "values") if "values" in members else []
    path = tuple(_step(step) for step in _array(members, "path"))
    return ClaimQuery(path=path, id=claim_id, values=tuple(values))


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
        if entry.get("required", True) is True:
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
