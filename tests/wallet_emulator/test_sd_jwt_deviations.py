"""The tables of SD-JWT VC and JWE deviations: each changes one part, and only that.

A presentation is taken apart into issuer header, issuer payload, disclosures, key-
binding header and claims; each table says which of them its rows may change, and
whether both signatures still hold (by PyJWT).
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from cryptography import x509
from jwcrypto.common import JWException

from tests.wallet_emulator.bench import PASS_ID, PID_ID, Bench
from tests.wallet_emulator.relying_party import (
    RelyingParty,
    check_presentation,
    from_b64url,
    sha256_b64url,
)
from wallet_emulator.deviations import (
    Deviation,
    approvals,
    claims,
    disclosures,
    encryption,
    issuers,
    key_binding_claims,
    responses,
    unusual,
)
from wallet_emulator.wallet import PID, PID_MDOC


@dataclass(frozen=True)
class Parts:
    """A presentation taken apart; ``genuine`` and ``bound``: the signatures hold.

    ``selected``: ``sd_hash`` is over exactly what is presented.
    """

    issuer_header: dict[str, Any]
    issuer_payload: bytes
    disclosures: tuple[str, ...]
    kb_header: dict[str, Any]
    kb_claims: dict[str, Any]
    genuine: bool
    bound: bool
    selected: bool


def parts(text: str, bench: Bench, query_id: str) -> Parts:
    issuer_jwt, *middle, kb_jwt = text.split("~")
    header, payload, _signature = issuer_jwt.split(".")
    kb_header, kb_payload, _signature = kb_jwt.split(".")
    kinds = {PID_ID: PID, PASS_ID: "signing-pass"}
    held = bench.wallet.credential(kinds[query_id])
    assert held is not None
    return Parts(
        issuer_header=json.loads(from_b64url(header)),
        issuer_payload=from_b64url(payload),
        disclosures=tuple(middle),
        kb_header=json.loads(from_b64url(kb_header)),
        kb_claims=json.loads(from_b64url(kb_payload)),
        genuine=holds(issuer_jwt, bench.provider.signer.public_key()),
        bound=holds(kb_jwt, held.key.public_key()),
        selected=json.loads(from_b64url(kb_payload)).get("sd_hash")
        == sha256_b64url(text.rpartition("~")[0] + "~"),
    )


def holds(token: str, key: Any) -> bool:
    """By the signature alone: what header and claims say is not asked."""
    signed, _, signature = token.rpartition(".")
    algorithm = jwt.get_algorithm_by_name("ES256")
    try:
        return bool(algorithm.verify(signed.encode(), key, from_b64url(signature)))
    except ValueError:
        return False


def rows(*tables: tuple[Deviation, ...]) -> list[Any]:
    return [pytest.param(d.name, id=d.name) for table in tables for d in table]


def both(bench: Bench, name: str, query_id: str = PID_ID) -> tuple[Parts, Parts]:
    texts = (bench.text(None, query_id), bench.text(name, query_id))
    honest, deviant = (parts(text, bench, query_id) for text in texts)
    assert honest.genuine
    assert honest.bound
    return honest, deviant


@pytest.mark.parametrize("name", rows(issuers.HEADERS))
def test_one_header_of_a_genuine_credential_is_wrong(
    shared_bench: Bench, name: str
) -> None:
    honest, deviant = both(shared_bench, name)

    names = honest.issuer_header.keys() | deviant.issuer_header.keys()
    changed = {
        h for h in names if honest.issuer_header.get(h) != deviant.issuer_header.get(h)
    }
    assert len(changed) == 1
    assert deviant.genuine
    assert deviant.bound
    assert deviant.issuer_payload == honest.issuer_payload


@pytest.mark.parametrize("name", rows(issuers.CHAINS))
def test_the_key_is_not_to_be_had_from_the_chain(
    shared_bench: Bench, name: str
) -> None:
    honest, deviant = both(shared_bench, name)

    assert deviant.issuer_header != honest.issuer_header or not deviant.genuine
    assert deviant.issuer_payload == honest.issuer_payload
    assert deviant.bound


@pytest.mark.parametrize("name", rows(issuers.LEAVES))
def test_the_certificate_is_another_of_the_same_ca(
    shared_bench: Bench, name: str
) -> None:
    text = shared_bench.text(name, PID_ID)
    header = jwt.get_unverified_header(text.split("~")[0])
    chain = [x509.load_der_x509_certificate(base64.b64decode(c)) for c in header["x5c"]]

    assert check_presentation(text)  # signed by the leaf that is shown
    assert chain[0] != shared_bench.provider.signer
    chain[-1].verify_directly_issued_by(shared_bench.provider.ca)


@pytest.mark.parametrize("name", rows(claims.TIMES, claims.TYPES, claims.HOLDERS))
def test_the_issuer_really_wrote_a_wrong_claim(shared_bench: Bench, name: str) -> None:
    honest, deviant = both(shared_bench, name)

    assert deviant.genuine
    assert deviant.bound
    assert deviant.issuer_header == honest.issuer_header
    assert deviant.issuer_payload != honest.issuer_payload


@pytest.mark.parametrize("name", rows(claims.TEXTS))
def test_the_issuer_really_wrote_odd_json(shared_bench: Bench, name: str) -> None:
    honest, deviant = both(shared_bench, name)

    assert deviant.genuine
    assert deviant.disclosures == honest.disclosures
    assert deviant.issuer_payload not in (b"", honest.issuer_payload)


@pytest.mark.parametrize("name", rows(disclosures.DISCLOSURES, disclosures.DIGESTS))
def test_disclosures_or_digests_are_wrong_and_all_is_signed(
    shared_bench: Bench, name: str
) -> None:
    honest, deviant = both(shared_bench, name)

    assert deviant.genuine
    assert deviant.bound
    assert deviant.selected
    assert (deviant.disclosures, deviant.issuer_payload) != (
        honest.disclosures,
        honest.issuer_payload,
    )


@pytest.mark.parametrize("name", rows(key_binding_claims.CLAIMS))
def test_one_claim_of_the_key_binding_is_wrong(shared_bench: Bench, name: str) -> None:
    honest, deviant = both(shared_bench, name)

    names = honest.kb_claims.keys() | deviant.kb_claims.keys()
    changed = {c for c in names if honest.kb_claims.get(c) != deviant.kb_claims.get(c)}
    hashed = {"sd_hash"} if name.startswith("sd-hash") else set()
    assert len(changed | hashed) == 1
    assert deviant.bound
    assert deviant.issuer_payload == honest.issuer_payload


@pytest.mark.parametrize("name", rows(key_binding_claims.HEADERS))
def test_one_header_of_the_key_binding_is_wrong(shared_bench: Bench, name: str) -> None:
    honest, deviant = both(shared_bench, name)

    assert deviant.kb_header != honest.kb_header
    assert deviant.kb_claims == honest.kb_claims
    assert deviant.bound


@pytest.mark.parametrize("name", rows(approvals.MORE))
def test_the_pass_says_something_else_of_the_approval(
    shared_bench: Bench, name: str
) -> None:
    honest, deviant = both(shared_bench, name, PASS_ID)

    names = honest.kb_claims.keys() | deviant.kb_claims.keys()
    changed = {c for c in names if honest.kb_claims.get(c) != deviant.kb_claims.get(c)}
    assert changed
    assert all("transaction_data" in c or "qesApproval" in c for c in changed)
    assert deviant.bound


@pytest.mark.parametrize("name", rows(unusual.CREDENTIALS, unusual.BINDINGS))
def test_the_unusual_is_signed_by_both(shared_bench: Bench, name: str) -> None:
    honest, deviant = both(shared_bench, name)

    assert deviant.genuine
    assert deviant.bound
    assert deviant != honest


# The envelope, opened by jwcrypto.


def opened(party: RelyingParty, response: str) -> Any:
    return party.decrypt(response)


@pytest.mark.parametrize("name", rows(encryption.PARTS, encryption.EPHEMERAL_KEYS))
def test_the_envelope_cannot_be_opened_or_is_no_compact_jwe(
    shared_bench: Bench, name: str
) -> None:
    response = shared_bench.form(name)["response"]

    try:
        opened(shared_bench.party, response)
    except (JWException, ValueError, KeyError, TypeError):
        return
    lenient = {"jwe-json-serialization", "jwe-key-wrapped-too", "jwe-iv-longer"}
    assert name in lenient | {"jwe-padded"}


@pytest.mark.parametrize("name", rows(encryption.UNUSUAL))
@pytest.mark.parametrize("kind", [PID, PID_MDOC])
def test_the_unusual_envelope_holds_the_honest_answer(
    shared_bench: Bench, name: str, kind: str
) -> None:
    payload = opened(shared_bench.party, shared_bench.form(name, kind)["response"])

    assert payload["state"] == shared_bench.party.state
    assert len(payload["vp_token"]) == 2


@pytest.mark.parametrize("name", rows(encryption.HEADERS))
def test_the_envelopes_header_is_wrong(shared_bench: Bench, name: str) -> None:
    header = from_b64url(shared_bench.form(name)["response"].split(".")[0])

    honest = {"alg": "ECDH-ES", "enc": "A128GCM", "kid": "tx-1"}
    plain = json.loads(header)
    kept = isinstance(plain, dict) and {n: plain.get(n) for n in honest} == honest
    assert not kept or "crit" in plain or header.count(b'"alg"') == 2


@pytest.mark.parametrize("name", rows(responses.MORE))
@pytest.mark.parametrize("kind", [PID, PID_MDOC])
def test_the_answer_inside_is_out_of_form(
    shared_bench: Bench, name: str, kind: str
) -> None:
    payload = opened(shared_bench.party, shared_bench.form(name, kind)["response"])

    token, query_id = payload["vp_token"], {PID: PID_ID, PID_MDOC: "pid_mdoc"}[kind]
    honest = (
        isinstance(token, dict)
        and isinstance(token.get(query_id), list)
        and len(token[query_id]) == 1
        and isinstance(token[query_id][0], str)
        and token[query_id][0] != ""
    )
    assert not honest or "error" in payload or type(payload["state"]) is not str
