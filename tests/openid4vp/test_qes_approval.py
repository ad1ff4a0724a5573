"""Transaction data: what is built in a dialect is sent, and nothing beside it."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openid4vp.errors import InvalidTransactionDataError
from openid4vp.profile import Dialect, Profile
from openid4vp.qes_approval import (
    MAX_CREDENTIAL_ID,
    MAX_DOCUMENTS,
    MAX_LABEL,
    DocumentDigest,
    QesApprovalRequest,
)
from openid4vp.transaction_data import signing_credential_of
from tests.openid4vp import wallet
from tests.openid4vp.scene import IDENTIFY

DIALECTS = [
    Dialect(digest_member=member, checksum=checksum, hashes_alg=alg)
    for member in ("documentDigests", "documentInfos")
    for checksum in ("omit", "object", "string")
    for alg in ("sent", "omitted")
]
LABELS = st.text(
    st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=MAX_LABEL
)
DIGESTS = st.binary(min_size=32, max_size=32)
DOCUMENTS = st.lists(
    st.builds(
        DocumentDigest,
        label=LABELS,
        hash=DIGESTS,
        hash_type=st.sampled_from(["sdr", "dtbsr"]),
        checksum=DIGESTS,
    ),
    min_size=1,
    max_size=20,
)
LEASE = DocumentDigest(
    label="lease.pdf", hash=bytes(32), hash_type="sdr", checksum=bytes(32)
)


def request(dialect: Dialect, *documents: DocumentDigest) -> QesApprovalRequest:
    return QesApprovalRequest(
        credential_ids=("signing_pass",),
        qualifier="eu_eidas_aes",
        documents=documents or (LEASE,),
        dialect=dialect,
    )


def send(text: str, dialect: Dialect) -> tuple[str, ...]:
    asked = replace(IDENTIFY, profile=Profile(transaction_data=dialect))
    return asked.with_transaction_data(text).transaction_data


@given(dialect=st.sampled_from(DIALECTS), documents=DOCUMENTS)
def test_whatever_is_built_is_sent(
    dialect: Dialect, documents: list[DocumentDigest]
) -> None:
    text = request(dialect, *documents).encode()

    assert send(text, dialect) == (text,)


@given(
    both=st.permutations(DIALECTS).map(lambda several: several[:2]),
)
def test_one_request_speaks_one_dialect(both: list[Dialect]) -> None:
    built, asked = both
    text = request(built).encode()

    with pytest.raises(InvalidTransactionDataError):
        send(text, asked)


JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just(["sha-1"]),
    st.just([{}]),
)


@given(dialect=st.sampled_from(DIALECTS), data=st.data())
def test_no_member_can_change(dialect: Dialect, data: st.DataObject) -> None:
    body = request(dialect).to_json()
    name = data.draw(st.sampled_from(sorted(body)))
    other = data.draw(JSON.filter(lambda value: not same(value, body[name])))

    with pytest.raises(InvalidTransactionDataError):
        send(encoded({**body, name: other}), dialect)


@given(dialect=st.sampled_from(DIALECTS), data=st.data())
def test_no_member_can_be_missing_or_added(
    dialect: Dialect, data: st.DataObject
) -> None:
    body = request(dialect).to_json()
    name = data.draw(st.sampled_from(sorted(body)))
    added = data.draw(st.text(min_size=1).filter(lambda n: n not in body))

    for changed in ({k: v for k, v in body.items() if k != name}, {**body, added: 1}):
        with pytest.raises(InvalidTransactionDataError):
            send(encoded(changed), dialect)


@given(dialect=st.sampled_from(DIALECTS), data=st.data())
def test_no_member_of_a_document_can_change(
    dialect: Dialect, data: st.DataObject
) -> None:
    body: dict[str, Any] = request(dialect).to_json()
    (document,) = body[dialect.digest_member]
    name = data.draw(st.sampled_from(sorted({*document, "href"} - {"label"})))
    other = data.draw(JSON.filter(lambda value: value != document.get(name, ...)))

    with pytest.raises(InvalidTransactionDataError):
        send(
            encoded({**body, dialect.digest_member: [{**document, name: other}]}),
            dialect,
        )


def same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def encoded(body: object) -> str:
    return wallet.b64(json.dumps(body).encode())


def described(**members: object) -> dict[str, Any]:
    digest = base64.b64encode(bytes(32)).decode()
    return {"label": "lease.pdf", "hash": digest, "hashType": "sdr", **members}


B64URL = base64.urlsafe_b64encode(b"\xff" * 32).decode()
UNFIT = [
    pytest.param(described(label=" "), id="blank-label"),
    pytest.param(described(label="x" * (MAX_LABEL + 1)), id="long-label"),
    pytest.param(described(hash="AA=="), id="short-hash"),
    pytest.param(described(hash=B64URL), id="base64url-hash"),
    pytest.param(described(hash=described()["hash"].rstrip("=")), id="unpadded-hash"),
    pytest.param(described(hashType="sodr"), id="another-representation"),
    pytest.param(described(href="https://x.eu"), id="an-address"),
    pytest.param(described(checksum="sha256-AA=="), id="a-checksum"),
    pytest.param("lease.pdf", id="a-text"),
]


@pytest.mark.parametrize("document", UNFIT)
def test_a_document_that_is_not_of_the_dialect_is_not_sent(document: object) -> None:
    body = request(Dialect()).to_json() | {"documentDigests": [document]}

    with pytest.raises(InvalidTransactionDataError):
        send(encoded(body), Dialect())


def test_the_unchanged_document_is_sent() -> None:
    """Guards the table above."""
    body = request(Dialect()).to_json() | {"documentDigests": [described()]}

    assert send(encoded(body), Dialect())


DIGEST = base64.b64encode(bytes(32)).decode()
OID = QesApprovalRequest.SHA256_OID


@pytest.mark.parametrize(
    ("shape", "checksum"),
    [
        ("string", "sha256-AAAA"),
        ("string", DIGEST),
        ("string", f"sha512-{DIGEST}"),
        ("object", {"value": DIGEST}),
        ("object", {"value": DIGEST, "algorithmOID": "1.3.14.3.2.26"}),
        ("object", {"value": "AAAA", "algorithmOID": OID}),
        ("object", {"value": DIGEST, "algorithmOID": OID, "more": 1}),
    ],
)
def test_a_checksum_of_another_shape_is_not_sent(shape: Any, checksum: object) -> None:
    dialect = Dialect(checksum=shape)
    documents = [described(checksum=checksum)]
    body = request(dialect).to_json() | {"documentDigests": documents}

    with pytest.raises(InvalidTransactionDataError):
        send(encoded(body), dialect)


def test_a_dialect_with_checksums_needs_them() -> None:
    with pytest.raises(InvalidTransactionDataError):
        request(Dialect(checksum="string"), replace(LEASE, checksum=None)).encode()


def test_documents_are_counted_and_bounded() -> None:
    many = request(Dialect(), *([LEASE] * (MAX_DOCUMENTS + 1))).encode()

    with pytest.raises(InvalidTransactionDataError, match="documents"):
        send(many, Dialect())


def test_a_text_that_no_wallet_expects_is_not_sent() -> None:
    """Each document is within bounds; what they come to together is not."""
    long = replace(LEASE, label="\U0001d504" * MAX_LABEL)

    with pytest.raises(InvalidTransactionDataError, match="longer"):
        send(request(Dialect(), *([long] * MAX_DOCUMENTS)).encode(), Dialect())


CREDENTIAL = "Y3JlZGVudGlhbC1vbmUtMQ"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_request_may_be_of_one_signing_credential(dialect: Dialect) -> None:
    text = replace(request(dialect), credential_id=CREDENTIAL).encode()

    assert send(text, dialect) == (text,)
    assert signing_credential_of(text) == CREDENTIAL


def test_a_request_of_no_credential_states_none() -> None:
    assert "credentialID" not in request(Dialect()).to_json()
    assert signing_credential_of(request(Dialect()).encode()) is None


@pytest.mark.parametrize(
    "stated",
    [
        pytest.param(None, id="null"),
        pytest.param(7, id="a-number"),
        pytest.param("", id="empty"),
        pytest.param("  ", id="blank"),
        pytest.param("x" * (MAX_CREDENTIAL_ID + 1), id="long"),
        pytest.param([CREDENTIAL, CREDENTIAL], id="two"),
    ],
)
def test_an_unfit_credential_is_not_sent(stated: object) -> None:
    body = request(Dialect()).to_json() | {"credentialID": stated}

    with pytest.raises(InvalidTransactionDataError):
        send(encoded(body), Dialect())
