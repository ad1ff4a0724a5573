"""A profile changes how a wallet is asked, and never what is believed of its answer."""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from openid4vp import policy_floor, wallet_metadata
from openid4vp.errors import TransactionDataMismatchError
from openid4vp.policy_floor import BelowFloorError
from openid4vp.profile import PRODUCTION, AnswerRules, Dialect, Profile
from openid4vp.request import Transaction, authorization_link, sign_request_object
from openid4vp.verify import verify_response
from openid4vp.wallet_metadata import WalletMetadata
from tests.openid4vp import wallet
from tests.openid4vp.deviations import QES_APPROVAL
from tests.openid4vp.scene import APPROVAL, IDENTIFY, POLICY, SIGN, TRUST
from tests.openid4vp.test_request import SIGNER, part
from tests.openid4vp.wallet import NOW

METADATA = {
    "issuer": "https://wallet.example",
    "vp_formats_supported": {"dc+sd-jwt": {"sd-jwt_alg_values": ["none"]}},
    "client_id_prefixes_supported": ["redirect_uri"],
    "request_object_signing_alg_values_supported": ["none", "RS256"],
    "authorization_encryption_enc_values_supported": ["A128CBC-HS256"],
    "response_modes_supported": ["direct_post"],
    "response_uri": "https://attacker.example",
    "nonce": "x",
    "jwks": {"keys": [{"kty": "oct", "k": "AA"}]},
}
EVERYTHING = Profile(
    name="everything",
    title="Everything but production",
    client_id_prefix="x509_hash",
    request_uri_method="omit",
    link_scheme="https://wallet.example/authorize",
    aud="wallet_issuer",
    iat_in_header=True,
    enc_values=("A256GCM", "A128GCM"),
    pid_formats="mso_mdoc",
    also_pid_vct=("urn:eudi:pid:de:1",),
    trusted_authorities=True,
    registration_certificate="none",
    registrar_dataset=True,
    transaction_data=Dialect(
        digest_member="documentInfos", checksum="object", hashes_alg="omitted"
    ),
    answer=AnswerRules(
        hashes_alg="optional",
        qes_approval="required",
        qes_approval_input="json",
        iat_past_seconds=30,
        iat_future_seconds=5,
    ),
)


def signed(asked: Transaction, metadata: str | None = None) -> str:
    return sign_request_object(
        asked,
        SIGNER,
        wallet_nonce=None,
        now=NOW,
        wallet_metadata=wallet_metadata.parse(metadata),
    )


# --- as text ------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [PRODUCTION, EVERYTHING], ids=lambda p: p.name)
def test_a_profile_survives_text(profile: Profile) -> None:
    assert Profile.from_json(profile.to_json()) == profile


def test_a_transaction_takes_its_profile_along() -> None:
    entry = {"format": "registrar_dataset", "data": {"name": "x"}}
    asked = replace(IDENTIFY, profile=EVERYTHING, verifier_info=(entry,))

    assert Transaction.from_json(asked.to_json()) == asked


def test_what_an_earlier_release_stored_was_asked_as_production() -> None:
    stored = json.loads(SIGN.to_json())
    del stored["profile"], stored["verifier_info"]

    assert Transaction.from_json(json.dumps(stored)) == SIGN


# --- the request --------------------------------------------------------------------


def test_the_switches_show_in_the_request() -> None:
    header, payload = (
        part(signed(replace(IDENTIFY, profile=EVERYTHING)), i) for i in (0, 1)
    )

    offered = payload["client_metadata"]["encrypted_response_enc_values_supported"]
    assert header["iat"] == payload["iat"]
    assert offered == ["A256GCM", "A128GCM"]


def test_production_says_nothing_more_than_it_must() -> None:
    header, payload = (part(signed(IDENTIFY), i) for i in (0, 1))

    assert header.keys() == {"alg", "typ", "x5c"}
    assert "verifier_info" not in payload


@pytest.mark.parametrize(
    ("switches", "start", "method"),
    [
        pytest.param({}, "openid4vp://?", "post", id="production"),
        pytest.param({"link_scheme": "eu-eaap"}, "eu-eaap://?", "post", id="scheme"),
        pytest.param(
            {"link_scheme": "https://w.eu/a"}, "https://w.eu/a?", "post", id="address"
        ),
        pytest.param({"request_uri_method": "get"}, "openid4vp://?", "get", id="get"),
        pytest.param({"request_uri_method": "omit"}, "openid4vp://?", None, id="omit"),
    ],
)
def test_the_link_is_written_for_the_wallet(
    switches: dict[str, Any], start: str, method: str | None
) -> None:
    asked = replace(SIGN, profile=Profile(**switches))

    link = authorization_link(asked, "https://sign.example.eu/r")

    assert link.startswith(start)
    assert link.endswith(f"&request_uri_method={method}") is (method is not None)


# --- what a wallet says of itself --------------------------------------------------


@pytest.mark.parametrize("profile", [PRODUCTION, EVERYTHING], ids=lambda p: p.name)
def test_a_wallet_s_metadata_widens_nothing(profile: Profile) -> None:
    """B15: the only thing it may say is which wallet the request is for."""
    asked = replace(IDENTIFY, profile=profile)

    named = part(signed(asked, json.dumps(METADATA)), 1)
    unnamed = part(signed(asked), 1)

    assert {**named, "aud": None} == {**unnamed, "aud": None}


@pytest.mark.parametrize(
    ("profile", "aud"),
    [
        pytest.param(PRODUCTION, "https://self-issued.me/v2", id="not-listened-to"),
        pytest.param(EVERYTHING, "https://wallet.example", id="listened-to"),
    ],
)
def test_the_audience_is_the_profile_s_to_choose(profile: Profile, aud: str) -> None:
    asked = replace(IDENTIFY, profile=profile)

    assert part(signed(asked, json.dumps(METADATA)), 1)["aud"] == aud


NO_ISSUER = [
    pytest.param("", id="empty"),
    pytest.param("[]", id="an-array"),
    pytest.param("{", id="broken"),
    pytest.param('{"issuer":"https://a.eu","issuer":"https://b.eu"}', id="twice"),
    pytest.param(json.dumps({"issuer": ["https://a.eu"]}), id="a-list"),
    pytest.param(json.dumps({"issuer": "http://a.eu"}), id="http"),
    pytest.param(json.dumps({"issuer": "a.eu"}), id="no-url"),
    pytest.param(json.dumps({"issuer": "https://["}), id="half-a-url"),
    pytest.param(json.dumps({"issuer": "https://a.eu/\n"}), id="a-line-break"),
    pytest.param(json.dumps({"issuer": "https://a.eu/" + "x" * 512}), id="long-url"),
    pytest.param(
        json.dumps({"issuer": "https://a.eu", "x": "x" * 16384}), id="too-much"
    ),
    pytest.param("\ud800", id="no-text"),
    pytest.param("[" * 5000, id="deep"),
]


@pytest.mark.parametrize("text", NO_ISSUER)
def test_metadata_that_cannot_be_read_is_as_if_not_sent(text: str) -> None:
    asked = replace(IDENTIFY, profile=EVERYTHING)

    assert part(signed(asked, text), 1)["aud"] == "https://self-issued.me/v2"


def test_metadata_that_can_be_read_names_the_wallet() -> None:
    """Guards the table above."""
    read = wallet_metadata.parse(json.dumps(METADATA))

    assert read == WalletMetadata(issuer="https://wallet.example")


# --- the floor under a finished request ----------------------------------------------


def forged(**switches: Any) -> Profile:
    """A profile that went around its own schema."""
    return PRODUCTION.model_copy(update=switches)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(
            replace(IDENTIFY, profile=forged(enc_values=("A128CBC-HS256",))), id="cbc"
        ),
        pytest.param(replace(IDENTIFY, profile=forged(enc_values=())), id="no-enc"),
        pytest.param(replace(IDENTIFY, nonce="short"), id="nonce"),
    ],
)
def test_a_request_below_the_floor_is_not_signed(asked: Transaction) -> None:
    with pytest.raises(BelowFloorError):
        signed(asked)


def claims(**changes: Any) -> dict[str, Any]:
    return part(signed(IDENTIFY), 1) | changes


def metadata(**changes: Any) -> dict[str, Any]:
    return claims(client_metadata=claims()["client_metadata"] | changes)


def key(**changes: Any) -> dict[str, Any]:
    (held,) = claims()["client_metadata"]["jwks"]["keys"]
    return metadata(jwks={"keys": [held | changes]})


ES256_ALSO = {"dc+sd-jwt": {"sd-jwt_alg_values": ["ES256", "RS256"]}}
BELOW = [
    pytest.param(claims(response_mode="direct_post"), id="plain"),
    pytest.param(claims(response_mode="fragment"), id="in-the-url"),
    pytest.param(claims(nonce="n" * 42), id="nonce"),
    pytest.param(key(alg="ECDH-ES+A256KW"), id="wrapped-key"),
    pytest.param(key(use="sig"), id="signing-key"),
    pytest.param(key(d="x"), id="private-key"),
    pytest.param(
        metadata(jwks={"keys": claims()["client_metadata"]["jwks"]["keys"] * 2}),
        id="two-keys",
    ),
    pytest.param(
        metadata(encrypted_response_enc_values_supported=["A256GCM", "A128CBC-HS256"]),
        id="cbc-too",
    ),
    pytest.param(metadata(vp_formats_supported=ES256_ALSO), id="rsa-too"),
    pytest.param(
        metadata(
            vp_formats_supported={"mso_mdoc": {"deviceauth_alg_values": [-65537]}}
        ),
        id="a-mac",
    ),
]


@pytest.mark.parametrize("request_claims", BELOW)
def test_the_floor_holds_for_each_claim(request_claims: dict[str, Any]) -> None:
    with pytest.raises(BelowFloorError):
        policy_floor.check_request(request_claims)


def test_the_unchanged_claims_are_above_the_floor() -> None:
    """Guards the table above."""
    policy_floor.check_request(claims())


# --- what an answer must hold ------------------------------------------------------


def verified(asked: Transaction, answer: Any) -> tuple[str, ...]:
    profile = asked.profile.answer
    policy = dataclasses.replace(
        POLICY, kb_iat_past=profile.iat_past, kb_iat_future=profile.iat_future
    )
    found = verify_response(asked, answer.body(), TRUST, policy=policy, now=NOW)
    return found.credentials["signing_pass"].approved


def asked_with(**rules: Any) -> Transaction:
    profile = Profile(answer=AnswerRules(**rules))
    return replace(SIGN, profile=profile)


def of_string() -> str:
    return base64.b64encode(hashlib.sha256(APPROVAL.encode()).digest()).decode()


def of_json() -> str:
    raw = base64.urlsafe_b64decode(APPROVAL + "==")
    return base64.b64encode(hashlib.sha256(raw).digest()).decode()


def answer_with(asked: Transaction, proof: Mapping[str, str | None]) -> wallet.Answer:
    """An answer whose pass proof has these members; None: has them not."""
    answer = wallet.answer(asked)
    payload = answer.signing_pass.kb_payload
    stated = {**payload, QES_APPROVAL: None, **proof}
    payload.clear()
    payload.update({name: v for name, v in stated.items() if v is not None})
    return answer


ALG = "transaction_data_hashes_alg"
HELD = [
    pytest.param({}, {}, id="production"),
    pytest.param({"hashes_alg": "optional"}, {ALG: None}, id="alg-optional"),
    pytest.param(
        {"qes_approval": "required"}, {QES_APPROVAL: of_string()}, id="claim-there"
    ),
    pytest.param({}, {QES_APPROVAL: of_string()}, id="of-the-string"),
    pytest.param({}, {QES_APPROVAL: of_json()}, id="of-the-json"),
    pytest.param(
        {"qes_approval_input": "json"}, {QES_APPROVAL: of_json()}, id="json-alone"
    ),
]
LACKING = [
    pytest.param({}, {ALG: None}, id="alg-missing"),
    pytest.param({"hashes_alg": "optional"}, {ALG: "sha-1"}, id="alg-wrong"),
    pytest.param({"qes_approval": "required"}, {}, id="claim-missing"),
    pytest.param({}, {QES_APPROVAL: "AAAA"}, id="of-something-else"),
    pytest.param(
        {"qes_approval_input": "string"}, {QES_APPROVAL: of_json()}, id="not-json"
    ),
    pytest.param(
        {"qes_approval_input": "json"}, {QES_APPROVAL: of_string()}, id="not-string"
    ),
]


@pytest.mark.parametrize(("rules", "proof"), HELD)
def test_a_proof_that_holds_what_the_profile_says_approves(
    rules: dict[str, Any], proof: dict[str, str | None]
) -> None:
    asked = asked_with(**rules)

    assert verified(asked, answer_with(asked, proof)) == (APPROVAL,)


@pytest.mark.parametrize(("rules", "proof"), LACKING)
def test_a_proof_that_lacks_what_the_profile_says_is_refused(
    rules: dict[str, Any], proof: dict[str, str | None]
) -> None:
    asked = asked_with(**rules)

    with pytest.raises(TransactionDataMismatchError):
        verified(asked, answer_with(asked, proof))
