"""What holds of every query, not only of those that were thought of."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openid4vp import claims_path
from openid4vp.dcql import CredentialQuery, DcqlQuery
from openid4vp.errors import Openid4vpError, QueryNotSatisfiedError
from openid4vp.request import Transaction
from tests.openid4vp import strategies
from tests.openid4vp.either import SIGN, verify
from tests.openid4vp.wallet import Answer

few = settings(max_examples=50, deadline=None, derandomize=True, database=None)


@few
@given(strategies.queries())
def test_every_query_survives_its_text(query: DcqlQuery) -> None:
    text = json.dumps(query.to_json())

    assert DcqlQuery.from_json(json.loads(text)) == query


@few
@given(st.data())
def test_claims_that_answer_are_accepted_and_pruned(data: st.DataObject) -> None:
    query = data.draw(strategies.credential_queries())
    claims = data.draw(strategies.claims_for(query))

    kept = query.evaluate(claims)

    assert bool(kept) == bool(query.claims)
    assert kept.keys() <= {claim.path[0] for claim in query.claims}


@few
@given(st.data())
def test_without_one_of_its_claims_a_query_is_not_answered(
    data: st.DataObject,
) -> None:
    query = data.draw(
        strategies.credential_queries().filter(lambda q: q.claims and not q.claim_sets)
    )
    claims = data.draw(strategies.claims_for(query))
    gone = data.draw(st.sampled_from(query.claims))
    positions = set(claims_path.resolve(gone.path, claims))

    lacking = _without(claims, positions)

    assert not _answers(query, lacking)


@few
@given(st.data())
def test_the_ids_of_an_answer_are_one_option_per_set(data: st.DataObject) -> None:
    query = data.draw(strategies.queries())

    query.evaluate(data.draw(strategies.allowed_ids(query)))


@few
@given(st.data())
def test_ids_that_no_choice_of_options_gives_are_refused(data: st.DataObject) -> None:
    query = data.draw(strategies.queries())
    answered = data.draw(strategies.ids(query))
    known = {credential.id for credential in query.credentials}

    try:
        query.evaluate(answered)
    except QueryNotSatisfiedError:
        return

    assert answered <= known
    assert all(
        any(set(option) <= answered for option in one.options)
        for one in query.credential_sets
        if one.required
    )


@few
@given(
    strategies.credential_queries(), st.dictionaries(strategies.NAME, strategies.JSON)
)
def test_any_claims_are_judged(query: CredentialQuery, claims: dict[str, Any]) -> None:
    with contextlib.suppress(QueryNotSatisfiedError):
        assert isinstance(query.evaluate(claims), dict)


PRESENTED = st.lists(st.text("aA0~.-_", max_size=20) | strategies.JSON, max_size=20)
VP_TOKENS = st.dictionaries(
    st.sampled_from(("pid", "pid_mdoc", "signing_pass", "x")),
    PRESENTED | strategies.JSON,
)
SEVERAL = replace(
    SIGN,
    transaction_data=(),
    query=DcqlQuery(
        credentials=tuple(replace(one, multiple=True) for one in SIGN.query.credentials)
    ),
)


@few
@given(st.sampled_from((SIGN, SEVERAL)), VP_TOKENS)
def test_any_vp_token_is_refused(asked: Transaction, vp_token: dict[str, Any]) -> None:
    with pytest.raises(Openid4vpError):
        verify(Answer(transaction=asked, vp_token=vp_token))


def _answers(query: CredentialQuery, claims: dict[str, object]) -> bool:
    try:
        query.evaluate(claims)
    except QueryNotSatisfiedError:
        return False
    return True


def _without(claims: object, positions: set[claims_path.Position]) -> dict[str, object]:
    """A copy in which what stands at these positions is gone, with its parents."""
    tops = {position[0] for position in positions}
    assert isinstance(claims, dict)
    lacking: dict[str, object] = {}
    for name, value in claims.items():
        if name not in tops:
            lacking[name] = value
        elif isinstance(value, dict):
            inner = {p[1] for p in positions if p[0] == name and len(p) > 1}
            lacking[name] = {n: v for n, v in value.items() if n not in inner}
            if not any(len(p) > 1 for p in positions if p[0] == name):
                del lacking[name]
    return lacking
