"""Every deviation changes the answer in the way its name says, and in no other."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwcrypto.common import JWException

from tests.wallet_emulator.bench import PASS_ID, PID_ID, Bench
from tests.wallet_emulator.relying_party import (
    DAY,
    NOW,
    BadPresentationError,
    Checked,
    RelyingParty,
    approval,
    b64url,
    check_presentation,
    encoded,
    from_b64url,
    sha256_b64url,
)
from wallet_emulator.deviations import ACCEPTED, DEVIATIONS
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.link import AuthorizationLink
from wallet_emulator.wallet import PID, SIGNING_PASS

QES_CLAIM = "org.cloudsignatureconsortium.dm.1.qesApproval"


def test_the_honest_answer_verifies(bench: Bench) -> None:
    """Guards every test below."""
    assert bench.checked(None, PID_ID).disclosed["family_name"] == "Mustermann"
    assert bench.checked(None, PASS_ID).kb_claims["transaction_data_hashes"]


def test_there_are_enough_ways_to_misbehave() -> None:
    misbehaving = [d for d in DEVIATIONS.values() if d.expected != ACCEPTED]

    assert len(misbehaving) >= 50


def test_every_deviation_says_what_it_breaks_and_what_should_happen() -> None:
    for entry in DEVIATIONS.values():
        assert entry.breaks
        assert entry.check
        assert entry.expected
        assert entry.breaks.startswith("nothing") == (entry.expected == ACCEPTED)


@pytest.mark.parametrize(
    "name",
    [
        "invalid-credential-signature",
        "invalid-kb-jwt-signature",
        "invalid-kb-jwt-aud",
        "invalid-kb-jwt-nonce",
        "invalid-sd-hash",
        "kb-jwt-iat-in-past",
        "kb-jwt-iat-in-future",
        "minimal-cnf-jwk",
        "request-uri-fetched-twice",
        "request-uri-method-post",
    ],
)
def test_the_conformance_suites_names_are_used(name: str) -> None:
    assert name in DEVIATIONS


# What still verifies, with one claim that is wrong.

Claims = dict[str, Any]
KB_CLAIMS: list[Any] = [
    pytest.param(
        "invalid-kb-jwt-nonce", lambda c, p: c["nonce"] != p.nonce, id="nonce"
    ),
    pytest.param("invalid-kb-jwt-aud", lambda c, p: c["aud"] != p.client_id, id="aud"),
    pytest.param("kb-jwt-aud-list", lambda c, p: c["aud"] == [p.client_id], id="list"),
    pytest.param(
        "kb-jwt-aud-without-prefix",
        lambda c, p: f"x509_hash:{c['aud']}" == p.client_id,
        id="prefix",
    ),
    pytest.param(
        "kb-jwt-iat-in-past",
        lambda c, p: c["iat"] == (NOW - 365 * DAY).timestamp(),
        id="past",
    ),
    pytest.param(
        "kb-jwt-iat-in-future",
        lambda c, p: c["iat"] == (NOW + 365 * DAY).timestamp(),
        id="future",
    ),
    pytest.param(
        "kb-jwt-iat-text", lambda c, p: c["iat"] == str(int(NOW.timestamp())), id="text"
    ),
]


@pytest.mark.parametrize("query_id", [PID_ID, PASS_ID])
@pytest.mark.parametrize(("name", "holds"), KB_CLAIMS)
def test_one_claim_of_the_key_binding_is_wrong(
    bench: Bench,
    name: str,
    holds: Callable[[Claims, RelyingParty], bool],
    query_id: str,
) -> None:
    honest = bench.checked(None, query_id).kb_claims

    deviant = bench.checked(name, query_id).kb_claims

    changed = {claim for claim in deviant if deviant[claim] != honest[claim]}
    assert holds(deviant, bench.party)
    assert len(changed) == 1


APPROVAL_CLAIMS: list[Any] = [
    pytest.param(
        "transaction-data-hashes-missing",
        lambda c, right: not {"transaction_data_hashes", QES_CLAIM} & set(c),
        id="missing",
    ),
    pytest.param(
        "transaction-data-hashes-other",
        lambda c, right: c["transaction_data_hashes"] not in ([], [right]),
        id="other",
    ),
    pytest.param(
        "transaction-data-hashes-extra",
        lambda c, right: len(set(c["transaction_data_hashes"]) - {right}) == 1,
        id="extra",
    ),
    pytest.param(
        "transaction-data-hashes-doubled",
        lambda c, right: c["transaction_data_hashes"] == [right, right],
        id="doubled",
    ),
    pytest.param(
        "transaction-data-hashes-padded",
        lambda c, right: c["transaction_data_hashes"] == [right + "="],
        id="padded",
    ),
    pytest.param(
        "transaction-data-hashes-of-json",
        lambda c, right: c["transaction_data_hashes"] == [JSON_HASH],
        id="of-json",
    ),
    pytest.param(
        "transaction-data-hashes-alg-wrong",
        lambda c, right: c["transaction_data_hashes_alg"] == "sha-1",
        id="alg",
    ),
    pytest.param(
        "qes-approval-wrong",
        lambda c, right: from_b64(c[QES_CLAIM]) != from_b64url(right),
        id="qes-approval-wrong",
    ),
    pytest.param(
        "qes-approval-over-json",
        lambda c, right: from_b64(c[QES_CLAIM]) == from_b64url(JSON_HASH),
        id="qes-approval-over-json",
    ),
    pytest.param(
        "qes-approval-absent", lambda c, right: QES_CLAIM not in c, id="absent"
    ),
]
JSON_HASH = b64url(hashlib.sha256(json.dumps(approval()).encode()).digest())


def from_b64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


@pytest.mark.parametrize(("name", "holds"), APPROVAL_CLAIMS)
def test_the_pass_approves_wrongly(
    bench: Bench, name: str, holds: Callable[[Claims, str], bool]
) -> None:
    right = sha256_b64url(encoded(approval()))

    assert holds(bench.checked(name, PASS_ID).kb_claims, right)


def test_the_pid_approves_instead_of_the_pass(bench: Bench) -> None:
    tokens = bench.payload("approval-on-pid-only")["vp_token"]

    approved = {i: check_presentation(t[0]).kb_claims for i, t in tokens.items()}
    assert "transaction_data_hashes" in approved[PID_ID]
    assert "transaction_data_hashes" not in approved[PASS_ID]


def test_the_pid_repeats_the_right_hashes(bench: Bench) -> None:
    claims = bench.checked("hashes-in-every-presentation", PID_ID).kb_claims

    right = sha256_b64url(encoded(approval()))
    assert claims["transaction_data_hashes"] == [right]


def test_the_pid_approves_what_nobody_asked(bench: Bench) -> None:
    claims = bench.checked("unrequested-approval-on-pid", PID_ID).kb_claims

    right = sha256_b64url(encoded(approval()))
    assert right not in claims["transaction_data_hashes"]


# What no longer verifies.

KB_SIGNATURE = [
    "invalid-kb-jwt-signature",
    "kb-jwt-by-another-key",
    "kb-jwt-alg-none",
    "kb-jwt-alg-hs256",
    "kb-jwt-missing",
    "kb-jwt-crit-unknown",
]


@pytest.mark.parametrize("query_id", [PID_ID, PASS_ID])
@pytest.mark.parametrize("name", KB_SIGNATURE)
def test_the_key_binding_does_not_verify(
    bench: Bench, name: str, query_id: str
) -> None:
    with pytest.raises(jwt.PyJWTError):
        bench.checked(name, query_id)


@pytest.mark.parametrize(
    "name", ["invalid-sd-hash", "disclosure-removed-after-binding"]
)
def test_the_key_binding_is_over_another_selection(bench: Bench, name: str) -> None:
    with pytest.raises(BadPresentationError, match="sd_hash"):
        bench.checked(name, PID_ID)


def test_the_pass_is_bound_with_the_pids_key(bench: Bench) -> None:
    pass_text = bench.text("pass-approved-by-pid-key", PASS_ID)
    pid = bench.checked(None, PID_ID)
    pid_key = jwt.PyJWK({**pid.issuer_claims["cnf"]["jwk"], "alg": "ES256"})

    kb_jwt = pass_text.rpartition("~")[2]
    options: Any = {"verify_aud": False, "verify_iat": False}
    assert jwt.decode(kb_jwt, pid_key, ["ES256"], options=options)


def test_the_wrong_typ_of_a_key_binding_is_signed(bench: Bench) -> None:
    assert bench.checked("kb-jwt-typ-wrong", PID_ID).kb_header["typ"] == "JWT"


ISSUER_SIGNATURE = [
    "invalid-credential-signature",
    "credential-alg-none",
    "credential-alg-hs256",
    "credential-key-from-header",
]


@pytest.mark.parametrize("query_id", [PID_ID, PASS_ID])
@pytest.mark.parametrize("name", ISSUER_SIGNATURE)
def test_the_issuers_signature_does_not_verify(
    bench: Bench, name: str, query_id: str
) -> None:
    with pytest.raises(jwt.PyJWTError):
        bench.checked(name, query_id)


def test_an_hs256_credential_is_macced_with_the_public_key(bench: Bench) -> None:
    issuer_jwt = bench.text("credential-alg-hs256", PID_ID).split("~")[0]
    signed, _, mac = issuer_jwt.rpartition(".")

    secret = bench.provider.signer.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    expected = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    assert from_b64url(mac) == expected


def issuer_certificates(checked: Checked) -> list[x509.Certificate]:
    return [
        x509.load_der_x509_certificate(base64.b64decode(text))
        for text in checked.issuer_header["x5c"]
    ]


@pytest.mark.parametrize("query_id", [PID_ID, PASS_ID])
def test_a_self_signed_issuer_bears_the_genuine_name(
    bench: Bench, query_id: str
) -> None:
    (leaf,) = issuer_certificates(bench.checked("self-signed-issuer", query_id))

    assert leaf.subject == leaf.issuer == bench.provider.signer.subject


@pytest.mark.parametrize("query_id", [PID_ID, PASS_ID])
def test_a_foreign_issuer_bears_the_genuine_names(bench: Bench, query_id: str) -> None:
    (leaf,) = issuer_certificates(bench.checked("foreign-issuer-ca", query_id))

    assert leaf.issuer == bench.provider.ca.subject
    with pytest.raises(InvalidSignature):
        leaf.verify_directly_issued_by(bench.provider.ca)


def test_the_root_is_sent_along(bench: Bench) -> None:
    chain = issuer_certificates(bench.checked("root-in-x5c", PID_ID))

    assert chain == [bench.provider.signer, bench.provider.ca]


GENUINE_PID: list[Any] = [
    pytest.param("expired-pid", lambda c: c["exp"] < NOW.timestamp(), id="expired"),
    pytest.param(
        "pid-not-yet-valid", lambda c: c["nbf"] > NOW.timestamp(), id="not-yet"
    ),
    pytest.param("vct-wrong", lambda c: c["vct"] != "urn:eudi:pid:1", id="vct"),
    pytest.param(
        "minimal-cnf-jwk",
        lambda c: set(c["cnf"]["jwk"]) == {"kty", "crv", "x", "y"},
        id="cnf",
    ),
]


@pytest.mark.parametrize(("name", "holds"), GENUINE_PID)
def test_a_genuine_pid_has_one_wrong_claim(
    bench: Bench, name: str, holds: Callable[[Claims], bool]
) -> None:
    checked = bench.checked(name, PID_ID)

    assert holds(checked.issuer_claims)
    assert not holds(bench.checked(None, PID_ID).issuer_claims)
    assert checked.disclosed["family_name"] == "Mustermann"


def test_a_symmetric_cnf_is_genuinely_signed(bench: Bench) -> None:
    issuer_jwt = bench.text("cnf-symmetric-key", PID_ID).split("~")[0]
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}

    claims = jwt.decode(
        issuer_jwt, bench.provider.signer.public_key(), ["ES256"], options=options
    )

    assert claims["cnf"]["jwk"]["kty"] == "oct"


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("credential-typ-wrong", "typ", "vc+sd-jwt"),
        ("credential-crit-unknown", "crit", ["example"]),
    ],
)
def test_a_header_of_the_credential_is_wrong(
    bench: Bench, name: str, header: str, value: object
) -> None:
    issuer_jwt = bench.text(name, PID_ID).split("~")[0]

    assert json.loads(from_b64url(issuer_jwt.split(".")[0]))[header] == value


@pytest.mark.parametrize("name", ["disclosure-forged", "disclosure-unreferenced"])
def test_a_disclosure_has_no_digest(bench: Bench, name: str) -> None:
    with pytest.raises(BadPresentationError, match="disclosure"):
        bench.checked(name, PID_ID)


def test_a_disclosure_is_sent_twice(bench: Bench) -> None:
    disclosures = bench.text("disclosure-duplicated", PID_ID).split("~")[1:-1]

    assert len(disclosures) == len(set(disclosures)) + 1


def test_a_requested_claim_is_withheld(bench: Bench) -> None:
    honest = bench.checked(None, PID_ID).disclosed

    deviant = bench.checked("claim-withheld", PID_ID).disclosed

    assert len(deviant) == len(honest) - 1


def test_exp_is_concealed_and_disclosed(bench: Bench) -> None:
    checked = bench.checked("disclosure-of-registered-claim", PID_ID)

    assert checked.disclosed["exp"] == 2**31
    assert "exp" in checked.issuer_claims


# The answer as a whole.


@pytest.mark.parametrize(
    ("name", "left"), [("pass-missing", PID_ID), ("pid-missing", PASS_ID)]
)
def test_one_presentation_is_missing(bench: Bench, name: str, left: str) -> None:
    assert set(bench.payload(name)["vp_token"]) == {left}


def test_another_persons_pid_is_genuine(bench: Bench) -> None:
    checked = bench.checked("another-persons-pid", PID_ID)

    assert checked.disclosed["family_name"] != "Mustermann"


def test_another_persons_pass_is_genuine(bench: Bench) -> None:
    checked = bench.checked("another-persons-pass", PASS_ID)

    assert checked.issuer_claims["pass_id"] == "asa"


def test_the_pass_answers_both_queries(bench: Bench) -> None:
    checked = bench.checked("pass-shown-as-pid", PID_ID)

    assert checked.issuer_claims["pass_id"] == "erika"


def test_a_presentation_stands_alone(bench: Bench) -> None:
    tokens = bench.payload("vp-token-bare-string")["vp_token"]

    assert isinstance(tokens[PASS_ID], str)


def test_two_presentations_answer_one_query(bench: Bench) -> None:
    assert len(bench.payload("two-presentations")["vp_token"][PASS_ID]) == 2


def test_a_query_nobody_asked_is_answered(bench: Bench) -> None:
    tokens = bench.payload("extra-query-id")["vp_token"]

    assert set(tokens) == {PID_ID, PASS_ID, "not_asked"}


def test_state_is_another(bench: Bench) -> None:
    assert bench.payload("state-wrong")["state"] != bench.party.state


def test_state_is_left_out(bench: Bench) -> None:
    assert "state" not in bench.payload("state-missing")


def test_an_earlier_answer_is_sent_again(bench: Bench) -> None:
    earlier = bench.payload(None)["vp_token"]
    bench.wallet.remember_answer(earlier)
    bench.claims["nonce"] = b64url(bytes(40))

    payload = bench.payload("replayed-response")

    assert payload["vp_token"][PASS_ID] == earlier[PASS_ID]
    assert payload["vp_token"][PID_ID] != earlier[PID_ID]


@pytest.mark.parametrize(
    ("name", "member", "value"),
    [
        ("response-a256gcm", "enc", "A256GCM"),
        ("response-enc-not-offered", "enc", "A256CBC-HS512"),
        ("response-key-wrapped", "alg", "ECDH-ES+A256KW"),
        ("response-compressed", "zip", "DEF"),
        ("response-kid-wrong", "kid", "another-key"),
    ],
)
def test_the_encryption_header_is_changed(
    bench: Bench, name: str, member: str, value: str
) -> None:
    assert bench.jwe_header(name)[member] == value


def test_an_answer_to_another_key_cannot_be_read(bench: Bench) -> None:
    form = bench.form("response-encrypted-to-another-key")

    with pytest.raises(JWException):
        bench.party.decrypt(form["response"])


def test_an_unencrypted_answer_has_no_response(bench: Bench) -> None:
    form = bench.form("response-unencrypted")

    assert set(form) == {"vp_token", "state"}
    assert set(json.loads(form["vp_token"])) == {PID_ID, PASS_ID}


def test_an_answer_travels_both_ways(bench: Bench) -> None:
    assert set(bench.form("response-both-ways")) == {"response", "vp_token"}


LINK = AuthorizationLink(client_id="c", request_uri="https://x.test", method="get")


def test_the_request_is_fetched_twice() -> None:
    assert DEVIATIONS["request-uri-fetched-twice"].adapt_link(LINK).fetches == 2


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_request_is_fetched_by(method: str) -> None:
    adapt = DEVIATIONS[f"request-uri-method-{method}"].adapt_link

    assert adapt(LINK).method == method


# What cannot be done is said.


@pytest.mark.parametrize(
    ("name", "kind"),
    [("expired-pid", SIGNING_PASS), ("transaction-data-hashes-missing", PID)],
)
def test_a_deviation_is_not_applied_to_the_wrong_credential(
    name: str, kind: str
) -> None:
    with pytest.raises(DeviationNotPossibleError):
        DEVIATIONS[name].change(kind)


NEEDS: list[Any] = [
    pytest.param("expired-pid", "provider", id="a-provider"),
    pytest.param("another-persons-pass", "other", id="an-accomplice"),
]


@pytest.mark.parametrize(("name", "needed"), NEEDS)
def test_missing_means_are_named(bench: Bench, name: str, needed: str) -> None:
    setattr(bench, needed, None)

    with pytest.raises(DeviationNotPossibleError):
        bench.form(name)


def test_nothing_can_be_replayed_before_the_first_answer(bench: Bench) -> None:
    with pytest.raises(DeviationNotPossibleError):
        bench.form("replayed-response")


def test_without_transaction_data_no_approval_can_be_wrong(bench: Bench) -> None:
    del bench.claims["transaction_data"]

    with pytest.raises(DeviationNotPossibleError):
        bench.form("transaction-data-hashes-other")


@pytest.mark.parametrize("name", sorted(DEVIATIONS))
def test_every_deviation_can_be_applied_to_a_signing_answer(
    shared_bench: Bench, name: str
) -> None:
    shared_bench.wallet.remember_answer(shared_bench.payload(None)["vp_token"])

    assert shared_bench.form(name)
