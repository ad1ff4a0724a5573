"""Hypothesis strategies: any query that can be made, and claims that answer it.

``queries()`` draws whole DCQL queries of both formats. ``claims_for(query)`` draws
claims of a credential that satisfies one credential query, with more beside them;
``allowed_ids(query)`` draws ids that answer the query, ``ids(query)`` any ids.
``pid_data()`` is a person under the claim names of the SD-JWT PID; ``as_mdoc`` gives
the same under element names.
"""

import itertools
from typing import Any

from hypothesis import strategies as st

from openid4vp.claims_path import ClaimsPath
from openid4vp.dcql import (
    MSO_MDOC,
    SD_JWT_VC,
    ClaimsQuery,
    CredentialQuery,
    CredentialSetQuery,
    DcqlQuery,
    TrustedAuthority,
)
from tests.openid4vp import wallet

ID = st.text("aZ09_-", min_size=1, max_size=6)
NAME = st.text("ab_:. Å0", min_size=1, max_size=8)
TEXT = st.text('aÅ\u0301 "\\\0\U0001f600', max_size=12)
INTEGER = st.integers(-(2**53) + 1, 2**53 - 1)
VALUE = TEXT | INTEGER | st.booleans()
JSON = st.recursive(
    VALUE | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3)
    ),
    max_leaves=6,
)
MAX_INDEX = 3
AUTHORITY = st.builds(
    TrustedAuthority,
    values=st.lists(
        st.binary(min_size=1, max_size=20).map(wallet.b64), min_size=1, max_size=3
    ).map(tuple),
)
DATE = st.dates().map(str)
# two of them fit into a certificate's common name
PERSON_NAME = st.text("aÅßñЖ李é'-", min_size=1, max_size=20)
NUMBER = st.text("A7X09/.-", min_size=1, max_size=30)
COUNTRY = st.sampled_from(("DE", "SE", "FR", "QU"))
ELEMENT_OF = {"birthdate": "birth_date", "nationalities": "nationality"}
PID_NAMESPACE = "eu.europa.ec.eudi.pid.1"


def json_paths() -> st.SearchStrategy[ClaimsPath]:
    """A top-level name, then names, indexes and null."""
    step = NAME | st.integers(0, MAX_INDEX) | st.none()
    return st.tuples(NAME, st.lists(step, max_size=3)).map(lambda p: (p[0], *p[1]))


def mdoc_paths() -> st.SearchStrategy[ClaimsPath]:
    """A namespace and an element."""
    return st.tuples(NAME, NAME)


@st.composite
def claims_queries(
    draw: st.DrawFn, paths: st.SearchStrategy[ClaimsPath], *, mdoc: bool
) -> tuple[ClaimsQuery, ...]:
    """Claims of one credential that can all be there at once, each with an id."""
    drawn = draw(st.lists(paths, max_size=4, unique_by=lambda path: path[:2]))
    # no path may lead through another's value, or two kinds of it would be needed
    apart = list({path[: 2 if mdoc else 1]: path for path in drawn}.values())
    return tuple(
        ClaimsQuery(
            path=path,
            id=f"c{number}",
            values=tuple(draw(st.lists(VALUE, max_size=2))),
            intent_to_retain=draw(st.none() | st.booleans()) if mdoc else None,
        )
        for number, path in enumerate(apart)
    )


@st.composite
def credential_queries(draw: st.DrawFn, query_id: str = "a") -> CredentialQuery:
    """One credential of either format."""
    mdoc = draw(st.booleans())
    paths = mdoc_paths() if mdoc else json_paths()
    claims = draw(claims_queries(paths, mdoc=mdoc))
    names = [claim.id for claim in claims if claim.id]
    option = st.lists(st.sampled_from(names or ["?"]), min_size=1, unique=True)
    types = st.lists(NAME, min_size=1, max_size=3, unique=True).map(tuple)
    return CredentialQuery(
        id=query_id,
        format=MSO_MDOC if mdoc else SD_JWT_VC,
        vct_values=() if mdoc else draw(types),
        doctype_value=draw(NAME) if mdoc else None,
        claims=claims,
        claim_sets=tuple(map(tuple, draw(st.lists(option, max_size=3))))
        if names
        else (),
        trusted_authorities=tuple(draw(st.lists(AUTHORITY, max_size=2))),
        multiple=draw(st.booleans()),
    )


@st.composite
def queries(draw: st.DrawFn) -> DcqlQuery:
    """One to four credentials, with sets or without."""
    names = draw(st.lists(ID, min_size=1, max_size=4, unique=True))
    option = st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple)
    sets = st.builds(
        CredentialSetQuery,
        options=st.lists(option, min_size=1, max_size=3).map(tuple),
        required=st.booleans(),
    )
    return DcqlQuery(
        credentials=tuple(draw(credential_queries(name)) for name in names),
        credential_sets=tuple(draw(st.lists(sets, max_size=3))),
    )


@st.composite
def claims_for(draw: st.DrawFn, query: CredentialQuery) -> dict[str, Any]:
    """Claims that hold one whole claim set (or all claims), and some beside."""
    wanted = [claim.id for claim in query.claims]
    if query.claim_sets:
        wanted = list(draw(st.sampled_from(query.claim_sets)))
    claims: dict[str, Any] = {}
    for claim in query.claims:
        if claim.id in wanted:
            value = draw(st.sampled_from(claim.values) if claim.values else JSON)
            name, *rest = claim.path
            _put(claims, name, rest, value)
    taken = {claim.path[0] for claim in query.claims}
    beside = draw(st.dictionaries(NAME, JSON, max_size=2))
    return claims | {n: v for n, v in beside.items() if n not in taken}


def allowed_ids(query: DcqlQuery) -> st.SearchStrategy[set[str]]:
    """Ids of one whole option per set; of an optional one perhaps of none."""
    if not query.credential_sets:
        return st.just({credential.id for credential in query.credentials})
    choices = [
        st.sampled_from([*one.options, *([] if one.required else [()])])
        for one in query.credential_sets
    ]
    return st.tuples(*choices).map(lambda chosen: set(itertools.chain(*chosen)))


def ids(query: DcqlQuery) -> st.SearchStrategy[set[str]]:
    """Any of the query's ids, and strangers."""
    known = st.sampled_from([credential.id for credential in query.credentials])
    return st.sets(known | ID, max_size=5)


@st.composite
def pid_data(draw: st.DrawFn) -> dict[str, Any]:
    """One person as a PID names her, with one or both of the identifiers."""
    identifiers = ["personal_administrative_number", "document_number"]
    held = draw(st.lists(st.sampled_from(identifiers), min_size=1, unique=True))
    return {
        "family_name": draw(PERSON_NAME),
        "given_name": draw(PERSON_NAME),
        "birthdate": draw(DATE),
        "nationalities": draw(st.lists(COUNTRY, min_size=1, max_size=3)),
        "issuing_country": draw(COUNTRY),
        **{name: draw(NUMBER) for name in held},
    }


def as_mdoc(person: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The same person in the namespace of the mdoc PID, dates as text."""
    elements = {ELEMENT_OF.get(name, name): value for name, value in person.items()}
    return {PID_NAMESPACE: elements}


def _put(within: dict[str, Any], name: Any, rest: list[Any], value: Any) -> None:
    """Set a value where a path leads; arrays are as long as an index needs."""
    if not rest:
        within[name] = value
        return
    step, *further = rest
    if isinstance(step, str):
        below = within.setdefault(name, {})
        _put(below, step, further, value)
        return
    holder: dict[str, Any] = {}
    _put(holder, "element", further, value)
    within[name] = [holder["element"]] * ((step or 0) + 1)
