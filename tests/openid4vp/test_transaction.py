"""A transaction: drawn once, remembered exactly."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from openid4vp.dcql import CredentialQuery, DcqlQuery
from openid4vp.errors import (
    InvalidRequestError,
    InvalidTransactionDataError,
    Openid4vpError,
)
from openid4vp.request import Transaction, begin
from tests.openid4vp import wallet
from tests.openid4vp.either import MDOC_QUERY
from tests.openid4vp.scene import APPROVAL, IDENTIFY, PASS_QUERY, QUERY, SIGN
from tests.openid4vp.wallet import NOW

URI = "https://sign.example.eu/oid4vp/responses/1"
MINUTES_5 = timedelta(minutes=5)


def begun(**changes: Any) -> Transaction:
    arguments: dict[str, Any] = {
        "client_id": SIGN.client_id,
        "response_uri": URI,
        "query": QUERY,
        "lifetime": MINUTES_5,
        "now": NOW,
    }
    return begin(**{**arguments, **changes})


def test_a_transaction_is_what_was_asked_and_lives_as_long() -> None:
    transaction = begun(now=NOW + timedelta(microseconds=7))

    assert (transaction.client_id, transaction.query) == (SIGN.client_id, QUERY)
    assert (transaction.response_uri, transaction.transaction_data) == (URI, ())
    assert (transaction.created_at, transaction.expires_at) == (NOW, NOW + MINUTES_5)


def test_nothing_random_occurs_twice() -> None:
    """VP2: nonce, state, key and kid are fresh for each of a hundred."""
    many = [begun() for _ in range(100)]
    jwks = [transaction.public_response_jwk() for transaction in many]

    assert len({transaction.nonce for transaction in many}) == 100
    assert len({transaction.state for transaction in many}) == 100
    assert len({str(jwk["x"]) for jwk in jwks}) == 100
    assert len({str(jwk["kid"]) for jwk in jwks}) == 100


def test_a_nonce_is_32_bytes_of_the_allowed_alphabet() -> None:
    transaction = begun()

    assert len(transaction.nonce) == len(transaction.state) == 43
    assert (
        (transaction.nonce + transaction.state)
        .replace("-", "")
        .replace("_", "")
        .isalnum()
    )


BAD = [
    pytest.param({"lifetime": MINUTES_5 - wallet.SECOND}, id="too-short-for-wallets"),
    pytest.param({"client_id": "sign.example.eu"}, id="no-prefix"),
    pytest.param({"client_id": "redirect_uri:https://x"}, id="unsigned-prefix"),
    pytest.param({"response_uri": "/relative"}, id="relative-uri"),
]


@pytest.mark.parametrize("change", BAD)
def test_a_question_no_wallet_answers_is_not_begun(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        begun(**change)


def test_a_begun_transaction_can_be_answered() -> None:
    transaction = replace(begun(), created_at=NOW)

    assert len(wallet.answer(transaction).body()) > 1000


@pytest.mark.parametrize("transaction", [IDENTIFY, SIGN, begun()])
def test_a_transaction_survives_text(transaction: Transaction) -> None:
    assert Transaction.from_json(transaction.to_json()) == transaction


def test_the_private_key_is_in_no_repr() -> None:
    secret = json.loads(SIGN.response_key)["d"]

    assert secret not in repr(SIGN)


def test_the_public_key_holds_no_private_part() -> None:
    assert "d" not in begun().public_response_jwk()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"client_id":1}', "\ud800"])
def test_text_that_is_no_transaction_is_refused(text: str) -> None:
    with pytest.raises(Openid4vpError):
        Transaction.from_json(text)


def test_transaction_data_is_kept_as_given() -> None:
    assert IDENTIFY.with_transaction_data(APPROVAL).transaction_data == (APPROVAL,)


DIGEST = base64.b64encode(bytes(32)).decode()


def body(**changes: Any) -> str:
    members = {
        "type": "https://cloudsignatureconsortium.org/2025/qes-approval",
        "credential_ids": ["signing_pass"],
        "transaction_data_hashes_alg": ["sha-256"],
        "signatureQualifier": "eu_eidas_aes",
        "numSignatures": 1,
        "documentDigests": [{"label": "x", "hash": DIGEST, "hashType": "sdr"}],
        "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
        **changes,
    }
    return wallet.b64_json({k: v for k, v in members.items() if v is not ...})


REFUSED = [
    pytest.param((), id="nothing"),
    pytest.param((body(), body()), id="the-same-twice"),
    pytest.param((body() + "=",), id="padded"),
    pytest.param(("{}",), id="not-encoded"),
    pytest.param((wallet.b64(b"[]"),), id="no-object"),
    pytest.param((wallet.b64(b'{"type":"x","type":"y"}'),), id="two-types"),
    pytest.param((body(type=...),), id="no-type"),
    pytest.param((body(type=1),), id="type-a-number"),
    pytest.param((body(type="https://example.eu/other"),), id="A8-type-of-no-schema"),
    pytest.param((body(credential_ids=...),), id="no-ids"),
    pytest.param((body(credential_ids=[]),), id="empty-ids"),
    pytest.param((body(credential_ids=["x"]),), id="unknown-id"),
    pytest.param((body(credential_ids=["pid"]),), id="A8-a-pid-approves"),
    pytest.param((body(credential_ids=["signing_pass", "pid"]),), id="alternatives"),
    pytest.param((body(transaction_data_hashes_alg=...),), id="no-alg"),
    pytest.param((body(transaction_data_hashes_alg="sha-256"),), id="alg-a-string"),
    pytest.param((body(transaction_data_hashes_alg=["sha-1"]),), id="sha-1"),
    pytest.param(
        (body(transaction_data_hashes_alg=["sha-256", "sha-1"]),), id="sha-1-too"
    ),
    pytest.param((body(documentInfos=[]),), id="A8-unknown-member"),
    pytest.param((body(numSignatures=2),), id="A9-miscounted"),
    pytest.param((body(numSignatures=0, documentDigests=[]),), id="A9-no-documents"),
    pytest.param((body(documentDigests=...),), id="A9-documents-missing"),
    pytest.param((body(locations=["https://x.eu"]),), id="A8-not-in-this-dialect"),
]


@pytest.mark.parametrize("strings", REFUSED)
def test_transaction_data_that_wallets_refuse_is_not_sent(
    strings: tuple[str, ...],
) -> None:
    with pytest.raises(InvalidTransactionDataError):
        IDENTIFY.with_transaction_data(*strings)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(replace(MDOC_QUERY, id="signing_pass"), id="A8-a-pid-as-mdoc"),
        pytest.param(
            replace(MDOC_QUERY, id="signing_pass", doctype_value="eu.example.pass"),
            id="A8-an-mdoc-that-is-no-pid",
        ),
        pytest.param(replace(PASS_QUERY, multiple=True), id="one-of-several"),
    ],
)
def test_transaction_data_is_for_one_sd_jwt(query: CredentialQuery) -> None:
    asked = replace(IDENTIFY, query=DcqlQuery(credentials=(query,)))

    with pytest.raises(InvalidTransactionDataError, match="one SD-JWT VC"):
        asked.with_transaction_data(body())


def test_the_unchanged_transaction_data_is_sent() -> None:
    """Guards the table above."""
    other = body(signatureQualifier="eu_eidas_qes")

    sent = IDENTIFY.with_transaction_data(body(), other)

    assert sent.transaction_data == (body(), other)
