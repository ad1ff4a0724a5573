"""One credential asked for: the judge of what was presented."""

import time

import pytest

from openid4vp.claims_path import ClaimsPath
from openid4vp.dcql import ClaimsQuery
from openid4vp.errors import QueryNotSatisfiedError
from tests.openid4vp.queries import NAMESPACE, claim, credential, element

CLAIMS = {
    "name": "Åsa",
    "address": {"country": "SE", "city": "Umeå"},
    "nationalities": ["SE", "FI", "NO"],
    "roles": [{"of": "x", "since": 1}, {"of": "y"}],
    "mixed": [{"of": "x"}, "y", ["z"]],
    "tables": [[1, 2], [3]],
    "none": [],
    "nothing": None,
}
FOUND: list[tuple[ClaimsPath, object]] = [
    (("name",), {"name": "Åsa"}),
    (("address", "country"), {"address": {"country": "SE"}}),
    (("nationalities", 1), {"nationalities": ["FI"]}),
    (("nationalities", None), {"nationalities": ["SE", "FI", "NO"]}),
    (("roles", None, "since"), {"roles": [{"since": 1}]}),
    (("roles", 1), {"roles": [{"of": "y"}]}),
    (("roles",), {"roles": [{"of": "x", "since": 1}, {"of": "y"}]}),
    (("tables", None, 1), {"tables": [[2]]}),
    (("tables", None, None), {"tables": [[1, 2], [3]]}),
    (("none",), {"none": []}),
    (("nothing",), {"nothing": None}),
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
    ("roles", None, 0),
    ("roles", None, None),
    ("mixed", None, "of"),
    ("mixed", None, 0),
    ("tables", None, 2),
    ("none", None),
    ("none", 0),
    ("nothing", "x"),
    ("nothing", None),
    (None,),
    (0,),
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


def test_a_long_array_is_pruned_in_little_time() -> None:
    """As many elements as the largest answer could hold."""
    query = credential(claims=(ClaimsQuery(path=("x", None)),))
    claims = {"x": [1] * 100_000}
    start = time.process_time()

    assert query.evaluate(claims) == claims
    assert time.process_time() - start < 2


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


ELEMENTS = {
    NAMESPACE: {"given_name": "Åsa", "age_over_18": True, "nationality": ["SE"]},
    "other": {"given_name": "Eva"},
}


def test_of_an_mdoc_only_the_requested_elements_are_kept() -> None:
    query = element(NAMESPACE, "given_name")

    assert query.evaluate(ELEMENTS) == {NAMESPACE: {"given_name": "Åsa"}}


@pytest.mark.parametrize(
    "path", [("none", "given_name"), (NAMESPACE, "sex"), ("other", "age_over_18")]
)
def test_an_element_that_is_not_there_is_not_satisfied(path: tuple[str, str]) -> None:
    with pytest.raises(QueryNotSatisfiedError):
        element(*path).evaluate(ELEMENTS)


def test_a_requested_value_of_an_element_is_found() -> None:
    query = element(NAMESPACE, "age_over_18", values=(False, True))

    assert query.evaluate(ELEMENTS) == {NAMESPACE: {"age_over_18": True}}


@pytest.mark.parametrize("value", [False, 1, "true"])
def test_another_value_of_an_element_is_refused(value: object) -> None:
    with pytest.raises(QueryNotSatisfiedError):
        element(NAMESPACE, "age_over_18", values=(value,)).evaluate(ELEMENTS)


def test_a_set_whose_value_does_not_match_is_passed_over() -> None:
    query = credential(
        claims=(ClaimsQuery(path=("x",), id="x", values=(1,)), claim("y", id="y")),
        claim_sets=(("x",), ("y",)),
    )

    assert query.evaluate({"x": 2, "y": 3}) == {"y": 3}


def test_no_whole_set_is_no_answer() -> None:
    query = credential(
        claims=(claim("x", id="x"), claim("y", id="y"), claim("z", id="z")),
        claim_sets=(("x", "y"), ("y", "z")),
    )

    with pytest.raises(QueryNotSatisfiedError):
        query.evaluate({"y": 1})
