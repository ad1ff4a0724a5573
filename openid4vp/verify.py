"""Verify a wallet's answer: a value that holds whole, or an exception.

    1. the transaction is still open                      (its ``expires_at``)
    2. form, decryption, JSON, ``state``, wallet errors   ``response``
    3. exactly the ids the query allows, one text each    DCQL §6.4
    4. no credential stands for two ids
    5. each presentation, in 19 steps                     ``sd_jwt_vc.verify``
    6. every transaction data string was approved

One presentation that fails fails the answer. Using an answer once is the caller's
part: this package remembers nothing.
"""

from collections.abc import Mapping
from datetime import datetime

from openid4vp import response, sd_jwt_vc
from openid4vp.errors import (
    QueryNotSatisfiedError,
    TransactionDataMismatchError,
    TransactionExpiredError,
)
from openid4vp.key_binding import KbJwtClaims
from openid4vp.policy import VerificationPolicy
from openid4vp.transaction import Transaction
from openid4vp.trust import IssuerTrust
from openid4vp.verified import (
    ALL_CHECKS_HELD,
    VerifiedCredential,
    VerifiedPresentation,
)

__all__ = [
    "KbJwtClaims",
    "VerificationPolicy",
    "VerifiedCredential",
    "VerifiedPresentation",
    "verify_response",
]


def verify_response(
    transaction: Transaction,
    body: bytes,
    trust: Mapping[str, IssuerTrust],
    *,
    policy: VerificationPolicy,
    now: datetime,
) -> VerifiedPresentation:
    """Verify ``body``, the form the wallet posted to ``response_uri``.

    ``trust`` and ``policy.accepted_vcts`` have an entry for every query id. Raises
    ``WalletRefusedError`` for a wallet's error, else another ``Openid4vpError``.
    """
    # 1
    if now >= transaction.expires_at:
        raise TransactionExpiredError("the answer came too late")
    # 2
    presentations = response.presentations(transaction, body)
    # 3
    transaction.query.evaluate(presentations)
    # 4
    _check_distinct(presentations)
    # 5
    credentials = {
        query.id: sd_jwt_vc.verify(
            presentations[query.id],
            sd_jwt_vc.Expectation(
                transaction=transaction,
                query=query,
                trust=trust[query.id],
                policy=policy,
                now=now,
            ),
        )
        for query in transaction.query.credentials
        if query.id in presentations
    }
    # 6
    _check_all_approved(transaction, credentials)
    return VerifiedPresentation(credentials=credentials, token=ALL_CHECKS_HELD)


def _check_distinct(presentations: Mapping[str, str]) -> None:
    # What the issuer signed, without the signature: ECDSA has two for each text.
    signed = {text.split("~")[0].rpartition(".")[0] for text in presentations.values()}
    if len(signed) != len(presentations):
        raise QueryNotSatisfiedError("one credential was presented for two ids")


def _check_all_approved(
    transaction: Transaction, credentials: Mapping[str, VerifiedCredential]
) -> None:
    approved = {text for held in credentials.values() for text in held.approved}
    if approved != set(transaction.transaction_data):
        raise TransactionDataMismatchError("something asked was approved by nobody")
