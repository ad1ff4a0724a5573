"""OpenID4VCI 1.0 §12.2, §11 and what the SAM's policy changes in them."""

from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient

from app.signers.access import Access, AccessRefusedError
from app.signers.issuance import Issuance
from app.signers.issuer_metadata import issuer_metadata
from app.signers.views import issuance_blueprint
from sam import messages as m
from tests.app.conftest import Web

BASE = "http://localhost:8000"
PATH = "/.well-known/openid-credential-issuer"
KEY = ec.generate_private_key(ec.SECP256R1())
PROOF = {"credential_configuration_id": "signing_pass"}


class Sam:
    """``info`` with what a later SAM will say, and ``issue_pass`` as it takes it."""

    def __init__(self, **more: object) -> None:
        told = {"key_storage": (), "user_authentication": (), **more}
        policy = m.KeyAttestationPolicy(told.pop("key_attestation", "off"))  # type: ignore[arg-type]
        self.told = SimpleNamespace(
            pass_type=f"{BASE}/oid4vci/types/x",
            key_attestation=policy,
            **{"signed_metadata": None, **told},
        )

    def info(self) -> Any:
        return self.told

    def issue_pass(self, call: Any) -> Any:
        return SimpleNamespace(credential=f"pass~{call.proof}~")


def open_door(*, path: str, authorization: str | None, dpop: str | None) -> Access:
    if authorization is None:
        raise AccessRefusedError("none")
    return Access(handle="h" * 43, tx="t", by_identifier=False, notification_id="n")


def client_of(sam: Any, web: Web) -> FlaskClient:
    app = Flask("app")
    issuance = Issuance(sam, web.parts.database, web.clock)
    app.register_blueprint(issuance_blueprint(issuance, open_door, sam, BASE))
    return app.test_client()


def signed(sam: Any, **changes: object) -> str:
    claims = {**issuer_metadata(BASE, sam.info()), "sub": BASE, "iat": 1, **changes}
    header = {"typ": "openidvci-issuer-metadata+jwt"}
    return jwt.encode(claims, KEY, "ES256", header)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/json, application/jwt;q=0.5", "application/json"),
        ("text/html", "application/json"),
        ("application/jwt", "application/jwt"),
        ("application/jwt, application/json;q=0.9", "application/jwt"),
    ],
)
def test_the_wallet_chooses_between_plain_and_signed(
    web: Web, accept: str | None, kind: str
) -> None:
    sam = Sam()
    sam.told.signed_metadata = signed(sam)
    headers = {} if accept is None else {"Accept": accept}

    answer = client_of(sam, web).get(PATH, headers=headers)

    assert answer.mimetype == kind
    assert "Accept" in answer.vary


def test_the_signed_form_is_the_sams_own(web: Web) -> None:
    sam = Sam()
    sam.told.signed_metadata = signed(sam, exp=2)

    answer = client_of(sam, web).get(PATH, headers={"Accept": "application/jwt"})

    assert answer.text == sam.told.signed_metadata


@pytest.mark.parametrize(
    "change",
    [
        {"sub": "https://other.example"},
        {"credential_endpoint": "https://other.example/credential"},
        {"display": None},
        {"batch_credential_issuance": {"batch_size": 2}},
    ],
)
def test_a_wallet_never_gets_two_truths(web: Web, change: dict[str, object]) -> None:
    sam = Sam()
    sam.told.signed_metadata = signed(sam, **change)

    answer = client_of(sam, web).get(PATH, headers={"Accept": "application/jwt"})

    assert answer.mimetype == "application/json"


@pytest.mark.parametrize("text", ["", "x", "x.x", "e.bnVsbA.e"])
def test_what_is_no_jwt_is_not_passed_on(web: Web, text: str) -> None:
    answer = client_of(Sam(signed_metadata=text), web).get(
        PATH, headers={"Accept": "application/jwt"}
    )

    assert answer.mimetype == "application/json"


def test_without_a_signed_form_there_is_a_plain_one(web: Web) -> None:
    answer = web.browser().get(PATH, headers={"Accept": "application/jwt"})

    assert answer.mimetype == "application/json"


@pytest.mark.parametrize(
    ("policy", "types", "required"),
    [
        ("off", ["jwt"], False),
        ("optional", ["jwt", "attestation"], False),
        ("required", ["jwt", "attestation"], True),
    ],
)
def test_the_sams_policy_on_key_attestation_is_told(
    web: Web, policy: str, types: list[str], required: bool
) -> None:
    said = client_of(Sam(key_attestation=policy), web).get(PATH).json
    kinds = said["credential_configurations_supported"]["signing_pass"][
        "proof_types_supported"
    ]

    assert set(kinds) == set(types)
    assert all(("key_attestations_required" in k) is required for k in kinds.values())


@pytest.mark.parametrize(("policy", "status"), [("off", 400), ("optional", 200)])
def test_a_key_attestation_is_passed_on_where_the_sam_takes_one(
    web: Web, policy: str, status: int
) -> None:
    body = {**PROOF, "proofs": {"attestation": ["attested"]}}

    answer = client_of(Sam(key_attestation=policy), web).post(
        "/oid4vci/credential", json=body, headers={"Authorization": "Bearer x"}
    )

    assert answer.status_code == status
