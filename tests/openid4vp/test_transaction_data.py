"""What was approved is what was asked."""

import base64
import hashlib
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from openid4vp import errors as e
from openid4vp.key_binding import parse_claims
from openid4vp.profile import AnswerRules
from openid4vp.transaction_data import (
    DocumentDigest,
    QesApprovalRequest,
    approved_strings,
)
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
from tests.openid4vp.scene import APPROVAL, IDENTIFY, SIGN, verify

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
        "H60-hashes-numbers",
        e.WrongClaimTypeError,
        approval(transaction_data_hashes=[1]),
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


DOCUMENT = DocumentDigest(label="TEST · lease.pdf", hash=b"\xff" * 32, hash_type="sdr")


def test_an_approval_request_is_written_in_the_agreed_order() -> None:
    """Strict wallets know these members only; people read the string in evidence."""
    request = QesApprovalRequest(
        credential_ids=("signing_pass",),
        qualifier="eu_eidas_aes",
        documents=(DOCUMENT,),
    )

    text = base64.urlsafe_b64decode(request.encode() + "==").decode()

    assert text == (
        '{"type":"https://cloudsignatureconsortium.org/2025/qes-approval",'
        '"credential_ids":["signing_pass"],"transaction_data_hashes_alg":["sha-256"],'
        '"signatureQualifier":"eu_eidas_aes","numSignatures":1,'
        '"hashAlgorithmOID":"2.16.840.1.101.3.4.2.1",'
        '"documentDigests":[{"label":"TEST · lease.pdf",'
        '"hash":"//////////////////////////////////////////8=","hashType":"sdr"}]}'
    )


def test_an_approval_request_counts_its_documents() -> None:
    documents = (DOCUMENT, replace(DOCUMENT, label="b", hash_type="dtbsr"))
    string = QesApprovalRequest(
        credential_ids=("signing_pass",), qualifier="eu_eidas_aes", documents=documents
    ).encode()

    assert IDENTIFY.with_transaction_data(string).transaction_data == (string,)


@pytest.mark.parametrize(
    ("label", "size"), [("x", 31), ("x", 33), ("x", 0), ("", 32)], ids=str
)
def test_a_document_without_label_or_sha_256_cannot_be_named(
    label: str, size: int
) -> None:
    with pytest.raises(e.InvalidTransactionDataError):
        DocumentDigest(label=label, hash=bytes(size), hash_type="sdr")


def test_several_strings_are_approved_in_any_order() -> None:
    second = QesApprovalRequest(
        credential_ids=("signing_pass",),
        qualifier="eu_eidas_aes",
        documents=(DOCUMENT,),
    ).encode()
    transaction = IDENTIFY.with_transaction_data(APPROVAL, second)
    answer = wallet.answer(transaction)
    answer.signing_pass.kb_payload["transaction_data_hashes"].reverse()

    verified = verify(answer.body(), transaction)

    assert verified.credentials["signing_pass"].approved == (APPROVAL, second)


@pytest.mark.parametrize(
    ("rules", "missing", "refused"),
    [
        ({}, "transaction_data_hashes_alg", True),
        ({"hashes_alg": "optional"}, "transaction_data_hashes_alg", False),
        ({}, QES_APPROVAL, False),
        ({"qes_approval": "required"}, QES_APPROVAL, True),
        ({"qes_approval": "required"}, "nothing", False),
    ],
)
def test_what_a_holder_proof_may_leave_out_is_a_rule(
    rules: dict[str, Any], missing: str, refused: bool
) -> None:
    payload = wallet.signing_pass(SIGN).kb_payload | {"sd_hash": "x"}
    payload[QES_APPROVAL] = base64.b64encode(
        hashlib.sha256(APPROVAL.encode()).digest()
    ).decode()
    payload.pop(missing, None)
    expected = (
        pytest.raises(e.TransactionDataMismatchError) if refused else nullcontext()
    )

    with expected:
        approved_strings(
            parse_claims(payload), "signing_pass", (APPROVAL,), AnswerRules(**rules)
        )
