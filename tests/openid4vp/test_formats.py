"""One request, two encodings: one of them answers, in its own format."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from openid4vp import errors as e
from openid4vp.dcql import MSO_MDOC
from tests.openid4vp.either import (
    DOCTYPE,
    MDOC_QUERY,
    SIGN,
    answered,
    asking,
    mdoc,
    pid,
    signing_pass,
    verify,
)
from tests.openid4vp.scene import APPROVAL, PID_QUERY


def test_an_mdoc_is_verified_beside_a_pass_that_approves() -> None:
    text = mdoc().text()

    verified = verify(answered(SIGN, pid_mdoc=[text], signing_pass=[signing_pass()]))

    held = verified.credentials["pid_mdoc"]
    assert (held.format, held.type, held.provider) == (MSO_MDOC, DOCTYPE, "se-pid")
    assert held.claims == {DOCTYPE: {"family_name": "Lindqvist"}}
    assert (held.presentation, held.key_binding, held.approved) == (text, None, ())
    assert verified.credentials["signing_pass"].approved == (APPROVAL,)


def test_an_sd_jwt_answers_the_same_request() -> None:
    verified = verify(answered(SIGN, pid=[pid()], signing_pass=[signing_pass()]))

    assert verified.credentials.keys() == {"pid", "signing_pass"}


REFUSED: list[Any] = [
    pytest.param(
        lambda: {"pid": [pid()], "pid_mdoc": [mdoc()]},
        e.QueryNotSatisfiedError,
        id="E31-both-encodings",
    ),
    pytest.param(dict, e.QueryNotSatisfiedError, id="E31-no-pid"),
    pytest.param(
        lambda: {"pid_mdoc": []}, e.QueryNotSatisfiedError, id="E31-empty-answer"
    ),
    pytest.param(
        lambda: {"pid": [pid()], "pid_mdoc": []},
        e.QueryNotSatisfiedError,
        id="E31-key-of-an-option-not-taken",
    ),
    pytest.param(
        lambda: {"pid_mdoc": [pid()]},
        e.MalformedResponseError,
        id="E32-sd-jwt-for-mdoc",
    ),
    pytest.param(
        lambda: {"pid": [mdoc()]}, e.MalformedResponseError, id="E32-mdoc-for-sd-jwt"
    ),
    pytest.param(
        lambda: {"pid_mdoc": [mdoc(), mdoc(holder="another")]},
        e.QueryNotSatisfiedError,
        id="VP19-two-mdocs",
    ),
    pytest.param(
        lambda: {"pid_mdoc": [mdoc()], "other": [mdoc()]},
        e.QueryNotSatisfiedError,
        id="E30-stray-mdoc",
    ),
]


@pytest.mark.parametrize(("presented", "refusal"), REFUSED)
def test_other_than_one_pid_in_its_own_format_is_refused(
    presented: Callable[[], dict[str, list[Any]]], refusal: type[e.Openid4vpError]
) -> None:
    with pytest.raises(refusal):
        verify(answered(SIGN, signing_pass=[signing_pass()], **presented()))


TWO = asking(PID_QUERY, replace(PID_QUERY, id="again"))
TWO_MDOCS = asking(MDOC_QUERY, replace(MDOC_QUERY, id="again"))


def test_two_credentials_of_one_kind_answer_two_queries() -> None:
    """Guards the two below."""
    verified = verify(answered(TWO, pid=[pid(TWO, "one")], again=[pid(TWO, "two")]))

    assert verified.credentials.keys() == {"pid", "again"}


def test_one_credential_does_not_answer_two_queries() -> None:
    """E33."""
    with pytest.raises(e.QueryNotSatisfiedError):
        verify(answered(TWO, pid=[pid(TWO)], again=[pid(TWO)]))


def test_one_mdoc_does_not_answer_two_queries() -> None:
    with pytest.raises(e.QueryNotSatisfiedError):
        verify(answered(TWO_MDOCS, pid_mdoc=[mdoc(TWO_MDOCS)], again=[mdoc(TWO_MDOCS)]))
