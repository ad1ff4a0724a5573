"""Transactions that ask for either format, and the answers to them."""

from dataclasses import replace
from typing import Any

from openid4vp.dcql import (
    MSO_MDOC,
    ClaimsQuery,
    CredentialQuery,
    CredentialSetQuery,
    DcqlQuery,
)
from openid4vp.request import Transaction
from openid4vp.verify import VerifiedPresentation, verify_response
from tests.openid4vp import mdoc_builder, wallet
from tests.openid4vp.mdoc_builder import Mdoc
from tests.openid4vp.scene import (
    APPROVAL,
    IDENTIFY,
    PASS_QUERY,
    PID_QUERY,
    POLICY,
    TRUST,
)
from tests.openid4vp.wallet import NOW, Answer, Presentation

DOCTYPE = mdoc_builder.PID
MDOC_QUERY = CredentialQuery(
    id="pid_mdoc",
    format=MSO_MDOC,
    doctype_value=DOCTYPE,
    claims=(ClaimsQuery(path=(DOCTYPE, "family_name")),),
)
EITHER = DcqlQuery(
    credentials=(PID_QUERY, MDOC_QUERY, PASS_QUERY),
    credential_sets=(
        CredentialSetQuery(options=(("pid",), ("pid_mdoc",))),
        CredentialSetQuery(options=(("signing_pass",),)),
    ),
)
SIGN = replace(IDENTIFY, query=EITHER).with_transaction_data(APPROVAL)
TYPES = frozenset({"urn:eudi:pid:1", DOCTYPE})


def asking(*queries: CredentialQuery) -> Transaction:
    return replace(IDENTIFY, query=DcqlQuery(credentials=queries))


def verify(answer: Answer) -> VerifiedPresentation:
    """Every id of the query but the pass may be answered with a PID of the anchor."""
    ids = [query.id for query in answer.transaction.query.credentials]
    return verify_response(
        answer.transaction,
        answer.body(),
        {id_: TRUST.get(id_, TRUST["pid"]) for id_ in ids},
        policy=replace(
            POLICY,
            accepted_types={id_: POLICY.accepted_types.get(id_, TYPES) for id_ in ids},
        ),
        now=NOW,
    )


def answered(transaction: Transaction, **presented: list[Any]) -> Answer:
    return Answer(
        transaction=transaction,
        vp_token={
            id_: [one if isinstance(one, str) else one.text() for one in several]
            for id_, several in presented.items()
        },
    )


def pid(transaction: Transaction = SIGN, holder: str = "holder of PID") -> Presentation:
    """A PID of its own for each holder key, as wallets get them in batches."""
    held = wallet.pid(transaction)
    held.holder_key = wallet.key(holder)
    held.payload["cnf"] = {"jwk": wallet.public_jwk(held.holder_key)}
    return held


def mdoc(transaction: Transaction = SIGN, holder: str = "holder of mdoc") -> Mdoc:
    held = mdoc_builder.pid(transaction)
    held.holder_key = wallet.key(holder)
    return held


def signing_pass() -> Presentation:
    return wallet.signing_pass(SIGN)
