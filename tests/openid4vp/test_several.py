"""Several credentials for one query: each verified, all distinct, not too many."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from openid4vp import errors as e
from openid4vp.response import MAX_PRESENTATIONS
from tests.openid4vp import wallet
from tests.openid4vp.deviations import other_signature
from tests.openid4vp.either import (
    DOCTYPE,
    MDOC_QUERY,
    answered,
    asking,
    mdoc,
    pid,
    verify,
)
from tests.openid4vp.scene import PID_QUERY
from tests.openid4vp.wallet import Presentation

SEVERAL = asking(replace(PID_QUERY, multiple=True))
SEVERAL_MDOCS = asking(replace(MDOC_QUERY, multiple=True))


def several(*holders: str) -> list[Any]:
    return [pid(SEVERAL, holder) for holder in holders]


@pytest.mark.parametrize("holders", [("one",), ("one", "two", "three")], ids=len)
def test_as_many_as_there_are_answer_a_query_for_several(
    holders: tuple[str, ...],
) -> None:
    verified = verify(answered(SEVERAL, pid=several(*holders)))

    keys = [held.holder_key["x"] for held in verified.several["pid"]]
    assert keys == [wallet.public_jwk(wallet.key(name))["x"] for name in holders]
    assert not verified.credentials


def test_several_mdocs_answer_a_query_for_several() -> None:
    held = [mdoc(SEVERAL_MDOCS, holder) for holder in ("one", "two")]

    verified = verify(answered(SEVERAL_MDOCS, pid_mdoc=held))

    assert len(verified.several["pid_mdoc"]) == 2


def tampered() -> Presentation:
    held = pid(SEVERAL, "two")
    held.issuer_key = wallet.key("attacker")
    return held


def resigned() -> Presentation:
    """The first PID under the other of the two ECDSA signatures."""
    held = pid(SEVERAL, "one")
    held.edit_issuer_jwt = other_signature
    return held


def disclosing_less() -> Presentation:
    held = pid(SEVERAL, "one")
    held.payload["_sd"].append(wallet.sha256(wallet.disclosure("sex", 1)))
    return held


def with_sex() -> Presentation:
    held = disclosing_less()
    held.disclosures.append(wallet.disclosure("sex", 1))
    return held


NOT_SEVERAL: list[Any] = [
    pytest.param(list, e.QueryNotSatisfiedError, id="none"),
    pytest.param(
        lambda: several("one", "one"), e.QueryNotSatisfiedError, id="the-same-twice"
    ),
    pytest.param(
        lambda: [*several("one"), resigned()],
        e.QueryNotSatisfiedError,
        id="the-same-resigned",
    ),
    pytest.param(
        lambda: [disclosing_less(), with_sex()],
        e.QueryNotSatisfiedError,
        id="the-same-disclosing-more",
    ),
    pytest.param(
        lambda: [*several("one"), tampered()], e.SignatureInvalidError, id="one-forged"
    ),
    pytest.param(
        lambda: [*several("one"), 7], e.WrongClaimTypeError, id="one-a-number"
    ),
    pytest.param(
        lambda: several(*map(str, range(MAX_PRESENTATIONS + 1))),
        e.QueryNotSatisfiedError,
        id="too-many",
    ),
]


@pytest.mark.parametrize(("presented", "refusal"), NOT_SEVERAL)
def test_not_several_credentials_are_refused(
    presented: Callable[[], list[Any]], refusal: type[e.Openid4vpError]
) -> None:
    answer = answered(SEVERAL, pid=several("one"))
    answer.vp_token["pid"] = [
        one.text() if isinstance(one, Presentation) else one for one in presented()
    ]

    with pytest.raises(refusal):
        verify(answer)


def test_several_for_an_id_that_is_not_in_the_query_are_refused() -> None:
    answer = answered(SEVERAL, pid=several("one"))
    answer.vp_token["stranger"] = ["one", "two"]

    with pytest.raises(e.QueryNotSatisfiedError):
        verify(answer)


def in_order(digests: dict[str, dict[int, bytes]]) -> dict[str, dict[int, bytes]]:
    return {namespace: dict(sorted(of.items())) for namespace, of in digests.items()}


def test_the_same_mdoc_twice_is_not_several() -> None:
    first, second = mdoc(SEVERAL_MDOCS), mdoc(SEVERAL_MDOCS)
    second.hidden[DOCTYPE].append(second.items[DOCTYPE].pop(1))
    for held in (first, second):
        held.edit_digests = in_order

    with pytest.raises(e.QueryNotSatisfiedError):
        verify(answered(SEVERAL_MDOCS, pid_mdoc=[first, second]))


def test_the_most_that_may_be_presented_is_verified() -> None:
    holders = [str(number) for number in range(MAX_PRESENTATIONS)]

    verified = verify(answered(SEVERAL, pid=several(*holders)))

    assert len(verified.several["pid"]) == MAX_PRESENTATIONS
