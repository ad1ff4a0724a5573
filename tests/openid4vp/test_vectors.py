"""Vectors: files any implementation can check, with ``expect`` and ``why``.

A file of an unknown kind, or with a member its kind does not know, fails: a vector
nobody runs proves nothing.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from openid4vp import base64url, jwe, jwk, jws, sd_jwt, transaction_data
from openid4vp import claims_path as paths
from openid4vp.dcql import DcqlQuery
from openid4vp.errors import Openid4vpError, QueryNotSatisfiedError
from openid4vp.key_binding import KbJwtClaims
from openid4vp.profile import PRODUCTION
from openid4vp.request import Transaction
from openid4vp.trust import AnchorStore, PinnedIssuer
from openid4vp.verify import VerificationPolicy, verify_response
from tests.openid4vp.vectors import generate

FOLDER = Path(__file__).parent / "vectors"
FILES = sorted(FOLDER.glob("*/*.json"))
ANSWERS = sorted((FOLDER / "answers").glob("*.json"))
Vector = dict[str, Any]


def disclose(vector: Vector) -> None:
    claims = sd_jwt.disclose(
        vector.pop("payload"), vector.pop("disclosures"), "sha-256"
    )

    assert claims == vector.pop("claims")


def digest(vector: Vector) -> None:
    assert sd_jwt.digest(vector.pop("text"), "sha-256") == vector.pop("digest")


def agreement(vector: Vector) -> None:
    _, private = jwk.load_response_key(json.dumps(vector.pop("response_key")))
    shared = private.exchange(ec.ECDH(), jwk.public_key(vector.pop("epk"), "epk"))
    apu, apv = (base64url.decode(vector.pop(name), name) for name in ("apu", "apv"))

    derived = jwe.concat_kdf(shared, enc=vector.pop("enc"), apu=apu, apv=apv)

    assert base64url.encode(derived) == vector.pop("derived_key")


def es256(vector: Vector) -> None:
    signature = base64url.decode(vector.pop("signature"), "signature")
    key = jwk.public_key(vector.pop("jwk"), "jwk")

    jws.verify_raw(signature, vector.pop("signing_input").encode(), key)


def thumbprint(vector: Vector) -> None:
    assert jwk.thumbprint(vector.pop("jwk")) == vector.pop("thumbprint")


def approval(vector: Vector) -> None:
    string, given = vector.pop("string"), vector.pop("transaction_data_hash")
    assert transaction_data.hash_of(string) == given

    for qes_approval in vector.pop("qes_approvals"):
        claims = KbJwtClaims(
            iat=0,
            aud="",
            nonce="",
            sd_hash="",
            transaction_data_hashes=(given,),
            transaction_data_hashes_alg="sha-256",
            qes_approval=qes_approval,
        )
        approved = transaction_data.approved_strings(
            claims, "qes_auth", [string], PRODUCTION.answer
        )
        assert approved == (string,)


def claims_path(vector: Vector) -> None:
    credential = vector.pop("credential")
    for pointer in vector.pop("pointers"):
        selected = paths.resolve(tuple(pointer["path"]), credential)
        assert list(selected.values()) == pointer["selected"]


def dcql(vector: Vector) -> None:
    written = vector.pop("query")
    query = DcqlQuery.from_json(written)
    for credential_set in written.get("credential_sets", ()):
        credential_set.setdefault("required", True)

    assert query.to_json() == written
    for ids in vector.pop("allowed"):
        query.evaluate(ids)
    for ids in vector.pop("refused"):
        with pytest.raises(QueryNotSatisfiedError):
            query.evaluate(ids)
    for case in vector.pop("claims"):
        assert kept(query, case["id"], case["presented"]) == case["kept"]


def kept(query: DcqlQuery, query_id: str, presented: Vector) -> Vector | None:
    credential = query.credential(query_id)
    assert credential is not None
    try:
        return credential.evaluate(presented)
    except QueryNotSatisfiedError:
        return None


def answer(vector: Vector) -> None:
    accepted = vector.pop("accepted_types").items()
    trust = {
        "pid": AnchorStore({"se-pid": certificate(vector.pop("pid_anchor"))}),
        "signing_pass": PinnedIssuer(
            "us", certificate(vector.pop("pinned_pass_issuer"))
        ),
    }

    verified = verify_response(
        Transaction.from_json(json.dumps(vector.pop("transaction"))),
        vector.pop("body").encode(),
        trust,
        policy=VerificationPolicy(
            accept_absent_status=True,
            accepted_types={query: frozenset(vcts) for query, vcts in accepted},
        ),
        now=datetime.fromtimestamp(vector.pop("now"), UTC),
    )

    assert verified.credentials.keys() == {"pid", "signing_pass"}


def certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


KINDS: dict[str, Callable[[Vector], None]] = {
    function.__name__: function
    for function in (
        *(disclose, digest, agreement, es256, thumbprint, approval, answer),
        *(claims_path, dcql),
    )
}


def outcome(vector: Vector) -> str:
    try:
        KINDS[vector.pop("kind")](vector)
    except Openid4vpError as error:
        return error.code
    return "accepted"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_vector_comes_out_as_expected(file: Path) -> None:
    vector = json.loads(file.read_text(encoding="utf-8"))
    assert vector.pop("why")
    assert vector.pop("source")
    expect = vector.pop("expect")

    assert outcome(vector) == expect

    assert not vector, "members nobody looked at"


def test_generating_again_gives_the_same_bytes() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in ANSWERS}

    assert written == generate.vectors()
