"""Verify a wallet's answer: a value that holds whole, or an exception.

    1. the transaction is still open                      (its ``expires_at``)
    2. form, decryption, JSON, ``state``, wallet errors   ``response``, ``dc_api``
    3. exactly the ids the query allows                   DCQL §6.4
    4. each presentation, by the format of its query      ``sd_jwt_vc``, ``mdoc``
    5. no credential was presented twice
    6. every transaction data string was approved

One presentation that fails fails the answer. Using an answer once is the caller's
part: this package remembers nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from openid4vp import dc_api, mdoc, response, sd_jwt_vc
from openid4vp.dcql import MSO_MDOC, SD_JWT_VC
from openid4vp.errors import (
    QueryNotSatisfiedError,
    TransactionDataMismatchError,
    TransactionExpiredError,
)
from openid4vp.expectation import Expectation
from openid4vp.key_binding import KbJwtClaims
from openid4vp.policy import VerificationPolicy
from openid4vp.transaction import Transaction
from openid4vp.trust import IssuerTrust
from openid4vp.trusted_authorities import Narrowed
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


_VERIFY: Final = MappingProxyType({SD_JWT_VC: sd_jwt_vc.verify, MSO_MDOC: mdoc.verify})


def verify_response(
    transaction: Transaction,
    body: bytes,
    trust: Mapping[str, IssuerTrust],
    *,
    policy: VerificationPolicy,
    now: datetime,
) -> VerifiedPresentation:
    """Verify ``body``: the form the wallet posted to ``response_uri``, or the JSON that
    a browser handed to the page of ``transaction.origin``.

    ``trust`` and ``policy.accepted_types`` have an entry for every query id. Raises
    ``WalletRefusedError`` for a wallet's error, else another ``Openid4vpError``.
    """
    # 1
    if now >= transaction.expires_at:
        raise TransactionExpiredError("the answer came too late")
    # 2
    channel = response if transaction.origin is None else dc_api
    presentations = channel.presentations(transaction, body)
    # 3
    transaction.query.evaluate(presentations)
    # 4
    verified = {
        query.id: _verify_each(
            presentations[query.id],
            Expectation(
                transaction=transaction,
                query=query,
                trust=Narrowed(trust[query.id], query.trusted_authorities),
                policy=policy,
                now=now,
            ),
        )
        for query in transaction.query.credentials
        if query.id in presentations
    }
    everything = [credential for each in verified.values() for credential in each]
    # 5
    _check_distinct(everything)
    # 6
    _check_all_approved(transaction, everything)
    several = {query.id for query in transaction.query.credentials if query.multiple}
    return VerifiedPresentation(
        credentials={
            id_: only for id_, (only, *_) in verified.items() if id_ not in several
        },
        several={id_: each for id_, each in verified.items() if id_ in several},
        token=ALL_CHECKS_HELD,
    )


def _verify_each(
    presentations: Sequence[str], expected: Expectation
) -> tuple[VerifiedCredential, ...]:
    verify = _VERIFY[expected.query.format]
    return tuple(verify(text, expected) for text in presentations)


def _check_distinct(credentials: Collection[VerifiedCredential]) -> None:
    # What the issuer signed, without the signature: ECDSA has two for each text.
    if len({held.issued_sha256 for held in credentials}) != len(credentials):
        raise QueryNotSatisfiedError("one credential was presented twice")


def _check_all_approved(
    transaction: Transaction, credentials: Collection[VerifiedCredential]
) -> None:
    approved = {text for held in credentials for text in held.approved}
    if approved != set(transaction.transaction_data):
        raise TransactionDataMismatchError("something asked was approved by nobody")
