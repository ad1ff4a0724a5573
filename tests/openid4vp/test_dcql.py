"""The query: valid or not there, and the judge of the answer."""

from collections.abc import Callable

import pytest

from openid4vp.claims_path import ClaimsPath
from openid4vp.dcql import (
    SD_JWT_VC,
    ClaimsQuery,
    CredentialQuery,
    CredentialSetQuery,
    DcqlQuery,
)
from openid4vp.errors import InvalidQueryError, QueryNotSatisfiedError
from tests.openid4vp.scene import QUERY

A, B, C = (
    CredentialQuery(id=name, format=SD_JWT_VC, vct_values=("urn:x",)) for name in "abc"
)
SETS = (
    CredentialSetQuery(options=(("a",), ("b",))),
    CredentialSetQuery(options=(("c",), ("c", "a")), required=False),
)
WITH_SETS = DcqlQuery(credentials=(A, B, C), credential_sets=SETS)


def claim(name: str, **other: str) -> ClaimsQuery:
    return ClaimsQuery(path=(name,), **other)


def credential(**members: object) -> CredentialQuery:
    return CredentialQuery(
        **{"id": "a", "format": SD_JWT_VC, "vct_values": ("urn:x",), **members}
    )  # type: ignore[arg-type]


BAD = [
    pytest.param(lambda: ClaimsQuery(path=()), id="empty-path"),
    pytest.param(lambda: ClaimsQuery(path=("a", -1)), id="negative-index"),
    pytest.param(lambda: ClaimsQuery(path=("a",), id="a b"), id="claim-id"),
    pytest.param(lambda: credential(id="a.b"), id="A7-credential-id"),
    pytest.param(lambda: credential(id=""), id="A7-empty-id"),
    pytest.param(lambda: credential(vct_values=()), id="A7-no-meta"),
    pytest.param(lambda: credential(format="jwt_vc_json"), id="other-format"),
    pytest.param(
        lambda: credential(claims=(claim("x"), claim("x"))), id="A7-same-path-twice"
    ),
    pytest.param(
        lambda: credential(claims=(claim("x", id="i"), claim("y", id="i"))),
        id="same-claim-id-twice",
    ),
    pytest.param(
        lambda: credential(claims=(claim("x"),), claim_sets=(("x",),)),
        id="A7-claim-set-without-ids",
    ),
    pytest.param(
        lambda: credential(
            claims=(claim("x", id="x"), claim("y")), claim_sets=(("x",),)
        ),
        id="A7-claim-without-id-beside-sets",
    ),
    pytest.param(
        lambda: credential(claims=(claim("x", id="x"),), claim_sets=((),)),
        id="empty-claim-set",
    ),
    pytest.param(
        lambda: credential(claims=(claim("x", id="x"),), claim_sets=(("y",),)),
        id="unknown-claim-in-set",
    ),
    pytest.param(lambda: DcqlQuery(credentials=()), id="no-credentials"),
    pytest.param(lambda: DcqlQuery(credentials=(A, A)), id="same-id-twice"),
    pytest.param(
        lambda: DcqlQuery(
            credentials=(A,), credential_sets=(CredentialSetQuery(options=()),)
        ),
        id="set-without-options",
    ),
    pytest.param(
        lambda: DcqlQuery(
            credentials=(A,), credential_sets=(CredentialSetQuery(options=(("b",),)),)
        ),
        id="unknown-credential-in-set",
    ),
    pytest.param(lambda: DcqlQuery.from_json({"credentials": ["x"]}), id="not-a-query"),
]


@pytest.mark.parametrize("make", BAD)
def test_a_query_that_wallets_refuse_cannot_be_made(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidQueryError):
        make()


WITH_VALUES = DcqlQuery(
    credentials=(
        credential(
            claims=(
                ClaimsQuery(path=("n", None, 0), id="n", values=("SE", 1, True)),
                claim("x", id="x"),
            ),
            claim_sets=(("n", "x"), ("x",)),
        ),
    ),
    credential_sets=(CredentialSetQuery(options=(("a",),), required=False),),
)


@pytest.mark.parametrize("query", [QUERY, WITH_SETS, WITH_VALUES])
def test_a_query_survives_json(query: DcqlQuery) -> None:
    assert DcqlQuery.from_json(query.to_json()) == query


def test_a_credential_set_is_required_unless_it_says_otherwise() -> None:
    assert CredentialSetQuery.from_json({"options": [["a"]]}).required


def test_a_query_is_written_as_the_standard_says() -> None:
    query = credential(
        claims=(
            ClaimsQuery(path=("n", None), id="n", values=("SE", 1)),
            claim("x", id="x"),
        ),
        claim_sets=(("n",), ("x",)),
    )

    assert query.to_json() == {
        "id": "a",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:x"]},
        "claims": [
            {"path": ["n", None], "id": "n", "values": ["SE", 1]},
            {"path": ["x"], "id": "x"},
        ],
        "claim_sets": [["n"], ["x"]],
    }


@pytest.mark.parametrize(
    "answered",
    [{"a"}, {"b"}, {"a", "c"}, {"b", "c"}, {"a", "b", "c"}],
    ids=lambda ids: "-".join(sorted(ids)),
)
def test_one_option_of_each_set_is_an_answer(answered: set[str]) -> None:
    WITH_SETS.evaluate(answered)


@pytest.mark.parametrize(
    "answered",
    [set(), {"c"}, {"a", "b"}, {"a", "d"}, {"d"}],
    ids=lambda answered: "-".join(sorted(answered)) or "nothing",
)
def test_less_or_more_than_one_option_is_no_answer(answered: set[str]) -> None:
    with pytest.raises(QueryNotSatisfiedError):
        WITH_SETS.evaluate(answered)


CLAIMS = {
    "name": "Åsa",
    "address": {"country": "SE", "city": "Umeå"},
    "nationalities": ["SE", "FI", "NO"],
    "roles": [{"of": "x", "since": 1}, {"of": "y"}],
}
FOUND: list[tuple[ClaimsPath, object]] = [
    (("name",), {"name": "Åsa"}),
    (("address", "country"), {"address": {"country": "SE"}}),
    (("nationalities", 1), {"nationalities": ["FI"]}),
    (("nationalities", None), {"nationalities": ["SE", "FI", "NO"]}),
    (("roles", None, "since"), {"roles": [{"since": 1}]}),
    (("roles", 1), {"roles": [{"of": "y"}]}),
]


@pytest.mark.parametrize(("path", "found"), FOUND, ids=str)
def test_a_path_selects_and_nothing_else_is_kept(
    path: ClaimsPath, found: object
) -> None:
    query = credential(claims=(ClaimsQuery(path=path),))

    assert query.evaluate(CLAIMS) == found


ABSENT: list[ClaimsPath] = [
    ("surname",),
    ("name", "first"),
    ("name", 0),
    ("name", None),
    ("address", 0),
    ("address", None),
    ("nationalities", "SE"),
    ("nationalities", 3),
    ("roles", None, "until"),
]


@pytest.mark.parametrize("path", ABSENT, ids=str)
def test_a_path_that_selects_nothing_is_not_satisfied(path: ClaimsPath) -> None:
    with pytest.raises(QueryNotSatisfiedError):
        credential(claims=(ClaimsQuery(path=path),)).evaluate(CLAIMS)


@pytest.mark.parametrize("values", [("SE",), ("XX", "NO")])
def test_a_requested_value_is_found(values: tuple[str, ...]) -> None:
    wanted = ClaimsQuery(path=("nationalities", None), values=values)

    assert credential(claims=(wanted,)).evaluate(CLAIMS)


@pytest.mark.parametrize("values", [("se",), ("DE",)])
def test_another_value_than_requested_is_refused(values: tuple[str, ...]) -> None:
    wanted = ClaimsQuery(path=("nationalities", None), values=values)

    with pytest.raises(QueryNotSatisfiedError):
        credential(claims=(wanted,)).evaluate(CLAIMS)


def test_true_is_not_one() -> None:
    wanted = ClaimsQuery(path=("flag",), values=(1,))

    with pytest.raises(QueryNotSatisfiedError):
        credential(claims=(wanted,)).evaluate({"flag": True})


def test_no_claims_requested_means_no_claims_kept() -> None:
    assert credential().evaluate(CLAIMS) == {}


def test_claims_beyond_the_first_whole_set_are_dropped() -> None:
    query = credential(
        claims=(claim("x", id="x"), claim("y", id="y"), claim("z", id="z")),
        claim_sets=(("x", "z"), ("x", "y"), ("x",)),
    )

    assert query.evaluate({"x": 1, "y": 2}) == {"x": 1, "y": 2}
