"""Parsers and verifiers of ``openid4vp``, and inputs that they take.

The targets named after a layer (``… signed``, ``… encrypted``) get the content of that
layer and put what belongs around it, correctly signed or encrypted: so a change deep
inside is not stopped by the first signature.
"""

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

import cbor2
from cryptography.hazmat.primitives.serialization import Encoding

from openid4vp import (
    base64url,
    cbor,
    claims_path,
    cose,
    dc_api,
    identifier_list,
    jwe,
    jwk,
    jws,
    key_binding,
    mdoc,
    members,
    mso,
    response,
    sd_jwt,
    sd_jwt_vc,
    status,
    status_list,
    strict_json,
    transaction_data,
    wallet_metadata,
    x5c,
)
from openid4vp.dcql import DcqlQuery
from openid4vp.errors import Openid4vpError
from openid4vp.expectation import Expectation
from openid4vp.profile import PRODUCTION, STANDARD_DIALECT
from openid4vp.transaction import Transaction
from openid4vp.verified import VerifiedCredential
from tests.fuzz.oracle import Target
from tests.openid4vp import list_issuer, mdoc_builder, wallet
from tests.openid4vp.list_issuer import ListToken
from tests.openid4vp.mdoc_builder import PID
from tests.openid4vp.mdoc_deviations import EXPECTED as MDOC_EXPECTED
from tests.openid4vp.scene import (
    APPROVAL,
    PASS_QUERY,
    PID_QUERY,
    POLICY,
    QUERY,
    SIGN,
    TRUST,
    verify,
)
from tests.openid4vp.wallet import NOW, Presentation

REFUSALS = (Openid4vpError,)
PROVIDER = wallet.key("TEST PID provider")
LISTS: dict[str, Any] = {"uri": list_issuer.URI, "trust": TRUST["pid"], "now": NOW}
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
    cbor2.loads(data)  # what is strict is CBOR to others too
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
    return [_shown(held) for held in verify(data).credentials.values()]


def _browser_answer(data: bytes) -> object:
    return dc_api.presentations(SIGN, data)


def _answer_encrypted(data: bytes) -> object:
    answer = wallet.answer(SIGN)
    answer.edit_plaintext = lambda _: data
    return _answer(answer.body())


def _shown(held: VerifiedCredential) -> object:
    """All but what a holder may say in many ways."""
    return (
        *(held.format, held.type, held.provider, held.claims, held.approved),
        *(held.holder_key_thumbprint, held.expires_at, held.issued_sha256),
    )


# --- SD-JWT VC ------------------------------------------------------------------


def _expected(query: Any) -> Expectation:
    return Expectation(
        transaction=SIGN, query=query, trust=TRUST[query.id], policy=POLICY, now=NOW
    )


def _sd_jwt(data: bytes) -> object:
    parts = sd_jwt.parse(text(data))
    payload = jws.parse(parts.issuer_jwt, typ="dc+sd-jwt", what="fuzz").payload
    return sd_jwt.disclose(payload, parts.disclosures, sd_jwt.hash_alg(payload))


def _sd_jwt_disclosures(data: bytes) -> object:
    read = strict_json.parse(data, "fuzz")
    given = read if isinstance(read, list) else [read]
    parts = [wallet.b64_json(part) for part in given]
    digests = [wallet.sha256(part) for part in parts]
    payload = {"_sd": digests[::2], "list": [{"...": one} for one in digests[1::2]]}
    return sd_jwt.disclose(payload, parts, "sha-256")


def _pid_text(data: bytes) -> object:
    return _shown(sd_jwt_vc.verify(text(data), _expected(PID_QUERY)))


def _pass_text(data: bytes) -> object:
    return _shown(sd_jwt_vc.verify(text(data), _expected(PASS_QUERY)))


def _with(presented: Presentation, layer: str) -> Run:
    """Verify the presentation with ``layer`` replaced, and signed where it is."""

    def run(data: bytes) -> object:
        value = strict_json.parse_object(data, "fuzz")
        before = getattr(presented, layer)
        setattr(presented, layer, value)
        try:
            given = presented.text()
        finally:
            setattr(presented, layer, before)
        query = PID_QUERY if "pid" in str(presented.payload["vct"]) else PASS_QUERY
        return _shown(sd_jwt_vc.verify(given, _expected(query)))

    return run


def _kb_claims(data: bytes) -> object:
    claims = key_binding.parse_claims(strict_json.parse_object(data, "fuzz"))
    return transaction_data.approved_strings(
        claims, "signing_pass", (APPROVAL,), PRODUCTION.answer
    )


# --- mdoc -----------------------------------------------------------------------


def _mdoc(data: bytes) -> object:
    return _shown(mdoc.verify(wallet.b64(data), MDOC_EXPECTED))


def _mdoc_with(**edits: str) -> Run:
    def run(data: bytes) -> object:
        presented = mdoc_builder.pid(SIGN)
        for name, kind in edits.items():
            setattr(presented, name, data if kind == "bytes" else lambda _: data)
        return _shown(mdoc.verify(presented.text(), MDOC_EXPECTED))

    return run


def _mdoc_item(data: bytes) -> object:
    presented = mdoc_builder.pid(SIGN)
    presented.items[PID].append(mdoc_builder.item(99, "fuzz", "fuzz"))
    right = cbor2.dumps(presented.items[PID][-1])
    presented.edit_item = lambda content: data if content == right else content
    presented.edit_digests = lambda digests: {
        **digests,
        PID: {**digests[PID], 99: mdoc_builder.sha256(_embedded(data))},
    }
    return _shown(mdoc.verify(presented.text(), MDOC_EXPECTED))


def _embedded(data: bytes) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(24, data))


# --- lists ----------------------------------------------------------------------


def _list_value(data: bytes) -> object:
    held = status_list.parse(data, **LISTS)
    return held.bits, held.packed, held.token.usable_until


def _signed_claims_jwt(data: bytes) -> object:
    token = list_issuer.status_jwt()
    token.claims = strict_json.parse_object(data, "fuzz")
    return status_list.parse(token.jwt(), **LISTS).packed


def _signed_payload(token: ListToken, parse: Callable[..., object]) -> Run:
    def run(data: bytes) -> object:
        token.raw_payload = data or b"\xf6"
        return parse(token.cwt(), **LISTS)

    return run


def _inflated(data: bytes) -> object:
    return len(status_list.parse(list_issuer.status_jwt(1, data).jwt(), **LISTS).packed)


def _status_reference(data: bytes) -> object:
    if data[:1] == b"{":
        return status.reference_of(strict_json.parse(data, "fuzz"))
    return status.reference_of(cbor.decode(data, "fuzz"))


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
    stored = data.decode("utf-8", "replace")  # no database holds a lone surrogate
    return Transaction.from_json(stored).public_response_jwk()


def _wallet_metadata(data: bytes) -> object:
    return wallet_metadata.parse(text(data))


ANSWER = wallet.answer(SIGN)
JWE_HEADER = base64.urlsafe_b64decode(ANSWER.jwe().split(".")[0] + "==")
HELD_PID, HELD_PASS = wallet.pid(SIGN), wallet.signing_pass(SIGN)
HELD_MDOC = mdoc_builder.pid(SIGN)
MDOC_BYTES = base64.urlsafe_b64decode(HELD_MDOC.text() + "==")
STATUS_JWT, STATUS_CWT = list_issuer.status_jwt(), list_issuer.status_cwt()
IDENTIFIER_CWT = list_issuer.identifier_cwt(b"id-1")


def _cwt_payload(token: ListToken) -> bytes:
    payload: bytes = cbor2.loads(token.cwt()).value[2]
    return payload


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
    target("sd_jwt", _sd_jwt, HELD_PID.text().encode()),
    target("sd_jwt disclosures", _sd_jwt_disclosures, b'[["s","a",1],["s",{"b":2}]]'),
    target("sd_jwt_vc pid", _pid_text, HELD_PID.text().encode(), sealed=True),
    target("sd_jwt_vc pass", _pass_text, HELD_PASS.text().encode(), sealed=True),
    target(
        "sd_jwt_vc header signed",
        _with(HELD_PID, "header"),
        json_bytes(HELD_PID.header),
    ),
    target(
        "sd_jwt_vc payload signed",
        _with(HELD_PID, "payload"),
        json_bytes(HELD_PID.payload),
    ),
    target(
        "kb_jwt header signed",
        _with(HELD_PASS, "kb_header"),
        json_bytes(HELD_PASS.kb_header),
    ),
    target(
        "kb_jwt payload signed",
        _with(HELD_PASS, "kb_payload"),
        json_bytes(HELD_PASS.kb_payload),
    ),
    target(
        "kb_jwt claims",
        _kb_claims,
        json_bytes({**HELD_PASS.kb_payload, "sd_hash": "x"}),
    ),
    target("mdoc", _mdoc, MDOC_BYTES, sealed=True),
    target(
        "mdoc item digested", _mdoc_item, cbor2.dumps(mdoc_builder.item(99, "e", 1))
    ),
    target(
        "mdoc mso signed", _mdoc_with(edit_mso="call"), cbor2.dumps(HELD_MDOC._mso())
    ),
    target(
        "mdoc device elements signed", _mdoc_with(device_namespaces="bytes"), b"\xa0"
    ),
    target("mso", mso.parse, _embedded(cbor2.dumps(HELD_MDOC._mso()))),
    target("status_list", _list_value, STATUS_JWT.jwt(), STATUS_CWT.cwt(), sealed=True),
    target("status_list jwt signed", _signed_claims_jwt, json_bytes(STATUS_JWT.claims)),
    target(
        "status_list cwt signed",
        _signed_payload(STATUS_CWT, status_list.parse),
        _cwt_payload(STATUS_CWT),
    ),
    target("status_list bytes signed", _inflated, zlib.compress(bytes(4096))),
    target(
        "identifier_list",
        lambda data: identifier_list.parse_cwt(data, **LISTS),
        IDENTIFIER_CWT.cwt(),
        sealed=True,
    ),
    target(
        "identifier_list signed",
        _signed_payload(IDENTIFIER_CWT, identifier_list.parse_cwt),
        _cwt_payload(IDENTIFIER_CWT),
    ),
    target(
        "status reference",
        _status_reference,
        json_bytes({"status_list": {"idx": 3, "uri": list_issuer.URI}}),
        cbor2.dumps({"identifier_list": {"id": b"x", "uri": list_issuer.URI}}),
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
