"""Encodings, the wallet's answer around its presentations, and what we ask.

The targets named after a layer (``… signed``, ``… encrypted``) get the content of that
layer and put what belongs around it, correctly signed or encrypted: so a change deep
inside is not stopped by the first signature.
"""

import base64
import json
from collections.abc import Callable

import cbor2
from cryptography.hazmat.primitives.serialization import Encoding

from openid4vp import (
    base64url,
    cbor,
    claims_path,
    cose,
    dc_api,
    jwe,
    jwk,
    jws,
    members,
    response,
    strict_json,
    transaction_data,
    wallet_metadata,
    x5c,
)
from openid4vp.dcql import DcqlQuery
from openid4vp.errors import Openid4vpError
from openid4vp.profile import STANDARD_DIALECT
from openid4vp.transaction import Transaction
from openid4vp.verified import VerifiedCredential
from tests.fuzz.mutations import KEPT
from tests.fuzz.oracle import Target
from tests.openid4vp import list_issuer, mdoc_builder, wallet
from tests.openid4vp.scene import (
    APPROVAL,
    QUERY,
    SIGN,
    TRUST,
    verify,
)
from tests.openid4vp.wallet import NOW

REFUSALS = (Openid4vpError,)
PROVIDER = wallet.key("TEST PID provider")
Run = Callable[[bytes], object]


def json_bytes(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def text(data: bytes) -> str:
    """Foreign bytes become foreign characters, lone surrogates among them."""
    return data.decode("utf-8", "surrogateescape")


def target(name: str, run: Run, *seeds: bytes, sealed: bool = False) -> Target:
    return Target(name, run, lambda: seeds, REFUSALS, sealed)


# --- encodings ------------------------------------------------------------------


def _strict_json(data: bytes) -> object:
    value = strict_json.parse(data, "fuzz")
    assert repr(json.loads(data)) == repr(value), "two parsers, two values"
    return value


def _base64url(data: bytes) -> object:
    raw = base64url.decode(text(data), "fuzz")
    assert base64url.encode(raw) == text(data), "two texts for one value"
    return raw


def _cbor(data: bytes) -> object:
    value = cbor.decode(data, "fuzz", binary_keys=True)
    cbor2.loads(data, semantic_decoders=KEPT)  # what is strict is CBOR to others too
    return value


def _jwk(data: bytes) -> object:
    key = jwk.public_key(strict_json.parse_object(data, "fuzz"), "fuzz")
    return jwk.thumbprint(jwk.minimal(key))


def _x5c(data: bytes) -> object:
    header = {"x5c": [base64.b64encode(data).decode(), *wallet.x5c(wallet.PID_CA)]}
    chain = x5c.chain(header)
    key = x5c.leaf_key(chain[0])
    return TRUST["pid"].resolve(chain, NOW), jwk.minimal(key)


def _cose_key(data: bytes) -> object:
    return jwk.minimal(cose.public_key(cbor.decode_map(data, "fuzz")))


def _sign1(data: bytes) -> object:
    sign1 = cose.parse_sign1(data)
    chain = cose.x5chain(sign1)
    TRUST["pid"].resolve(chain, NOW)
    cose.verify_sign1(sign1, x5c.leaf_key(chain[0]))
    return sign1.payload


def _jws(data: bytes) -> object:
    parsed = jws.parse(text(data), typ="dc+sd-jwt", what="fuzz")
    jws.verify_signature(parsed, PROVIDER.public_key())
    return parsed.payload


# --- the answer -----------------------------------------------------------------


def _jwe_header(data: bytes) -> object:
    header = strict_json.parse_object(data, "fuzz")
    try:
        sealed = ANSWER._encrypt(header, json.loads(SIGN.response_key))
    except (AttributeError, TypeError, ValueError):  # nothing to encrypt with
        sealed = f"{wallet.b64(data)}..AAAAAAAAAAAAAAAA..{'A' * 22}"
    return jwe.decrypt(sealed, SIGN.response_key)


def _form(data: bytes) -> object:
    return response.parse_form(data)


def _answer(data: bytes) -> object:
    return [shown(held) for held in verify(data).credentials.values()]


def _browser_answer(data: bytes) -> object:
    return dc_api.presentations(SIGN, data)


def _answer_encrypted(data: bytes) -> object:
    answer = wallet.answer(SIGN)
    answer.edit_plaintext = lambda _: data
    return _answer(answer.body())


def shown(held: VerifiedCredential) -> object:
    """All but what a holder may say in many ways."""
    return (
        *(held.format, held.type, held.provider, held.claims, held.approved),
        *(held.holder_key_thumbprint, held.expires_at, held.issued_sha256),
    )


# --- what we ask ----------------------------------------------------------------


def _dcql(data: bytes) -> object:
    query = DcqlQuery.from_json(strict_json.parse(data, "fuzz"))
    assert DcqlQuery.from_json(query.to_json()) == query, "another query comes back"
    query.evaluate({"pid", "signing_pass"})
    return query


def _claims_path(data: bytes) -> object:
    read = strict_json.parse_object(data, "fuzz")
    query = DcqlQuery.from_json(read.get("query")).credentials[0]
    claims: dict[str, object] = members.required(read, "claims", dict)
    for claim in query.claims:
        claims_path.resolve(claim.path, claims)
    return query.evaluate(claims)


def _transaction_data(data: bytes) -> object:
    transaction_data.check_request([text(data)], QUERY, STANDARD_DIALECT)
    return transaction_data.credential_id_of(text(data))


def _transaction(data: bytes) -> object:
    stored = data.decode("utf-8", "surrogateescape")
    return Transaction.from_json(stored).public_response_jwk()


def _wallet_metadata(data: bytes) -> object:
    return wallet_metadata.parse(text(data))


ANSWER = wallet.answer(SIGN)
JWE_HEADER = base64.urlsafe_b64decode(ANSWER.jwe().split(".")[0] + "==")
STATUS_CWT = list_issuer.status_cwt()
HELD_PID = wallet.pid(SIGN)
MDOC_BYTES = base64.urlsafe_b64decode(mdoc_builder.pid(SIGN).text() + "==")

TARGETS = (
    target("strict_json", _strict_json, ANSWER.plaintext(), b'[1.5,"\\u00e9",null]'),
    target("base64url", _base64url, b"AAECAw", b""),
    target("cbor", _cbor, MDOC_BYTES, cbor2.dumps({b"a": [1.5, None, "x"]})),
    target("jwk", _jwk, json_bytes(wallet.public_jwk(PROVIDER))),
    target("x5c", _x5c, wallet.PID_LEAF.public_bytes(Encoding.DER), sealed=True),
    target("cose_key", _cose_key, cbor2.dumps(mdoc_builder.cose_key(PROVIDER))),
    target("cose_sign1", _sign1, STATUS_CWT.cwt(), sealed=True),
    target("jws", _jws, HELD_PID.text().split("~")[0].encode(), sealed=True),
    target(
        "jwe",
        lambda data: jwe.decrypt(text(data), SIGN.response_key),
        ANSWER.jwe().encode(),
        sealed=True,
    ),
    target("jwe header encrypted", _jwe_header, JWE_HEADER, sealed=True),
    target("form", _form, ANSWER.body(), b"error=access_denied&state=x"),
    target("answer", _answer, ANSWER.body(), sealed=True),
    target("answer encrypted", _answer_encrypted, ANSWER.plaintext(), sealed=True),
    target(
        "answer of a browser",
        _browser_answer,
        json_bytes({"response": ANSWER.jwe()}),
        sealed=True,
    ),
    target("dcql", _dcql, json_bytes(QUERY.to_json())),
    target(
        "claims path",
        _claims_path,
        json_bytes(
            {
                "query": {
                    "credentials": [
                        {
                            "id": "a",
                            "format": "dc+sd-jwt",
                            "meta": {"vct_values": ["v"]},
                            "claims": [{"path": ["a", None, "b", 0], "values": [1]}],
                        }
                    ]
                },
                "claims": {"a": [{"b": [1]}, {"b": [2]}]},
            }
        ),
    ),
    target("transaction data", _transaction_data, APPROVAL.encode()),
    target("wallet_metadata", _wallet_metadata, b'{"issuer":"https://wallet.example"}'),
    target("transaction", _transaction, SIGN.to_json().encode()),
)
