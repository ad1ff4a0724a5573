"""What was approved is what was asked."""

import base64
import hashlib

import pytest

from openid4vp import errors as e
from tests.openid4vp import wallet
from tests.openid4vp.deviations import (
    QES_APPROVAL,
    Change,
    Refusal,
    approval,
    assert_refused,
    case,
    proof,
)
from tests.openid4vp.scene import APPROVAL

APPROVED = [
    # H: transaction data
    case(
        "H60-no-hashes",
        e.TransactionDataMismatchError,
        lambda a: a.signing_pass.kb_payload.pop("transaction_data_hashes"),
    ),
    case(
        "H60-other-hash",
        e.TransactionDataMismatchError,
        approval(transaction_data_hashes=[wallet.sha256("x")]),
    ),
    case(
        "H60-hash-of-decoded-json",
        e.TransactionDataMismatchError,
        approval(
            transaction_data_hashes=[
                wallet.b64(
                    hashlib.sha256(base64.urlsafe_b64decode(APPROVAL + "==")).digest()
                )
            ]
        ),
    ),
    case(
        "H60-extra-hash",
        e.TransactionDataMismatchError,
        approval(transaction_data_hashes=[wallet.sha256(APPROVAL), wallet.sha256("x")]),
    ),
    case(
        "H60-hash-twice",
        e.TransactionDataMismatchError,
        approval(transaction_data_hashes=[wallet.sha256(APPROVAL)] * 2),
    ),
    case(
        "H60-hashes-empty", e.WrongClaimTypeError, approval(transaction_data_hashes=[])
    ),
    case(
        "H60-hashes-a-string",
        e.WrongClaimTypeError,
        approval(transaction_data_hashes=wallet.sha256(APPROVAL)),
    ),
    case(
        "H60-alg-missing",
        e.TransactionDataMismatchError,
        lambda a: a.signing_pass.kb_payload.pop("transaction_data_hashes_alg"),
    ),
    case(
        "H60-alg-sha-1",
        e.TransactionDataMismatchError,
        approval(transaction_data_hashes_alg="sha-1"),
    ),
    case(
        "H60-alg-a-list",
        e.WrongClaimTypeError,
        approval(transaction_data_hashes_alg=["sha-256"]),
    ),
    case(
        "H62-qes-approval-of-other",
        e.TransactionDataMismatchError,
        approval(**{QES_APPROVAL: "AAAA"}),
    ),
    case(
        "H62-qes-approval-base64url",
        e.TransactionDataMismatchError,
        approval(**{QES_APPROVAL: wallet.sha256(APPROVAL)}),
    ),
    case(
        "H62-qes-approval-an-object",
        e.WrongClaimTypeError,
        approval(**{QES_APPROVAL: {}}),
    ),
    case(
        "H59-pid-approves-instead",
        e.TransactionDataMismatchError,
        lambda a: a.pid.kb_payload.update(
            transaction_data_hashes=a.signing_pass.kb_payload.pop(
                "transaction_data_hashes"
            )
        ),
    ),
    case(
        "H61-pid-carries-a-foreign-hash",
        e.TransactionDataMismatchError,
        proof(transaction_data_hashes=[wallet.sha256("x")]),
    ),
    case(
        "H61-pid-carries-foreign-alg",
        e.TransactionDataMismatchError,
        proof(transaction_data_hashes_alg="sha-512"),
    ),
]


@pytest.mark.parametrize(("change", "refusal"), APPROVED)
def test_an_approval_of_something_else_is_refused(
    change: Change, refusal: Refusal
) -> None:
    assert_refused(change, refusal)
