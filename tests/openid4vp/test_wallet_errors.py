"""Errors a wallet sends: hints from a stranger, of this transaction only."""

import pytest

from openid4vp import errors as e
from tests.openid4vp import wallet
from tests.openid4vp.deviations import (
    Change,
    Refusal,
    assert_refused,
    case,
    form,
    wrapped,
)
from tests.openid4vp.scene import SIGN, verify

ERRORS = {"error": "access_denied", "state": SIGN.state}


def test_a_plain_wallet_error_is_a_result() -> None:
    answer = wallet.answer(SIGN)
    answer.form = {**ERRORS, "error_description": "no thanks"}

    with pytest.raises(e.WalletRefusedError) as caught:
        verify(answer.body())

    refused = caught.value
    assert (refused.error, refused.description) == ("access_denied", "no thanks")
    assert refused.encrypted is False


def test_an_encrypted_wallet_error_is_a_result() -> None:
    answer = wallet.answer(SIGN)
    answer.payload = {"vp_token": ..., "error": "invalid_transaction_data"}

    with pytest.raises(e.WalletRefusedError) as caught:
        verify(answer.body())

    assert (caught.value.error, caught.value.description, caught.value.encrypted) == (
        "invalid_transaction_data",
        None,
        True,
    )


def test_an_unknown_wallet_error_is_not_repeated() -> None:
    answer = wallet.answer(SIGN)
    answer.form = {**ERRORS, "error": "<script>"}

    with pytest.raises(e.WalletRefusedError) as caught:
        verify(answer.body())

    assert caught.value.error == "unrecognised"


def test_a_wallet_s_words_are_cleaned_and_cut() -> None:
    answer = wallet.answer(SIGN)
    answer.form = {**ERRORS, "error_description": "a\r\n\u202eb\u0000" + "x" * 900}

    with pytest.raises(e.WalletRefusedError) as caught:
        verify(answer.body())

    assert caught.value.description == "ab" + "x" * 198


BAD_ERRORS = [
    case("C22-other-state", e.StateMismatchError, form({**ERRORS, "state": "x"})),
    case("C22-no-state", e.MissingClaimError, form({"error": "access_denied"})),
    case(
        "C22-error-and-response",
        e.MalformedResponseError,
        form({**ERRORS, "response": "x"}),
    ),
    case(
        "C22-error-and-vp-token",
        e.MalformedResponseError,
        wrapped(error="access_denied"),
    ),
    case(
        "C22-encrypted-other-state",
        e.StateMismatchError,
        wrapped(vp_token=..., error="access_denied", state="x"),
    ),
    case("C22-error-a-number", e.WrongClaimTypeError, wrapped(vp_token=..., error=1)),
    case(
        "C22-description-a-list",
        e.WrongClaimTypeError,
        wrapped(vp_token=..., error="access_denied", error_description=[]),
    ),
]


@pytest.mark.parametrize(("change", "refusal"), BAD_ERRORS)
def test_an_error_that_is_not_for_this_transaction_is_no_error(
    change: Change, refusal: Refusal
) -> None:
    assert_refused(change, refusal)
