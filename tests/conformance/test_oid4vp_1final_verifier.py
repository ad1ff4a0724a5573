"""The twelve modules of the suite's verifier plans, by their own names, played offline.

``oid4vp-1final-verifier-test-plan`` and ``oid4vp-1final-verifier-haip-test-plan`` hold
the same modules; the second fixes HAIP, x509_hash and signed requests, which is how
they are run here: against the running web tier and SAM, by ``/identify``. A positive
module ends with the page that a tester would photograph, a negative one with 4xx at the
response_uri and nothing on that page.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.local.processes import running
from sam.client import SamClient, connect
from tests.conformance import suite as played
from tests.conformance.suite import ISO_MDL, SD_JWT_VC, Authorized, Suite, stage
from tests.deployment import deployed
from wallet_emulator.answer import Change, Draft, Stage, transcript_of
from wallet_emulator.browser import Browser, Page
from wallet_emulator.pid_provider import PidProvider

pytestmark = pytest.mark.long

PREFIX = "oid4vp-1final-verifier-"
MODULES = (
    "happy-flow",
    "minimal-cnf-jwk",
    "request-uri-method-post",
    "request-uri-fetched-twice",
    "invalid-session-transcript",
    "invalid-kb-jwt-signature",
    "invalid-credential-signature",
    "invalid-sd-hash",
    "invalid-kb-jwt-nonce",
    "invalid-kb-jwt-aud",
    "kb-jwt-iat-in-past",
    "kb-jwt-iat-in-future",
)
YEAR = 365 * 24 * 3600


@dataclass
class Plan:
    """A service configured as docs/how-to says, and the suite in front of it."""

    suite: Suite
    base_url: str
    sam: SamClient

    def __post_init__(self) -> None:
        self._browser = Browser(self.suite.http)

    def run(self, **module: Any) -> Authorized:
        """The tester starts at the verifier and follows its link to the suite."""
        waiting = self._browser.follow(self.page(), "identify-alone")
        link = waiting.element("wallet-link").attribute("href")
        self.suite.complaints.clear()
        authorized = self.suite.authorize(link, **module)
        assert self.suite.complaints == []
        return authorized

    def page(self) -> Page:
        return self._browser.open(f"{self.base_url}/identify")

    def redirected(self, authorized: Authorized) -> Page:
        """The suite sends the tester's browser on; what it shows then."""
        return self._browser.open(authorized.redirect_uri)


@pytest.fixture(scope="module")
def plan(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    softhsm_module: Path,
) -> Iterator[Plan]:
    folder = tmp_path_factory.mktemp("plan")
    issuer = PidProvider.create(datetime.now(UTC))
    settings = configured(folder, request.param, issuer)
    with (
        deployed(folder, QES_PKCS11_MODULE=str(softhsm_module), **settings) as layout,
        running(layout),
        httpx.Client(timeout=30) as http,
    ):
        pem = (layout.wallet / "access-root.pem").read_bytes()
        suite = Suite(
            folder=folder / "suite",
            credential_format=request.param,
            issuer=issuer,
            access_root=x509.load_pem_x509_certificate(pem),
            http=http,
        )
        yield Plan(suite, layout.config.base_url, connect(layout.socket))


def configured(
    folder: Path, credential_format: str, issuer: PidProvider
) -> dict[str, str]:
    """The settings of docs/how-to/run-the-openid-conformance-suite.md."""
    for name in ("suite", "anchors"):
        (folder / name).mkdir()
    ca = issuer.ca.public_bytes(Encoding.PEM)
    (folder / "anchors" / "conformance-suite.pem").write_bytes(ca)
    (folder / "query.json").write_text(played.query_of(credential_format))
    profile = {"name": "suite", "title": "Suite", "link_scheme": played.AUTHORIZE}
    (folder / "profile.json").write_text(json.dumps(profile))
    return {
        "QES_IDENTIFICATION_ALONE": "true",
        "QES_IDENTIFICATION_QUERY": str(folder / "query.json"),
        "QES_IDENTIFICATION_TRUST_ANCHORS": str(folder / "anchors"),
        "QES_SAM_PROFILES": json.dumps(["production", str(folder / "profile.json")]),
        "QES_WALLET_PROFILE": "suite",
    }


def module(name: str, only: str | None = None, **different: Any) -> list[Any]:
    """A row for each format that the suite has the module for."""
    return [
        pytest.param(form, different, id=f"{PREFIX}{name}-{form}")
        for form in (SD_JWT_VC, ISO_MDL)
        if only in (None, form)
    ]


POSITIVE = [
    *module("happy-flow"),
    *module("minimal-cnf-jwk", SD_JWT_VC, minimal_cnf=True),
    *module("request-uri-method-post", fetch=played.post),
    *module("request-uri-fetched-twice", fetch=played.get_twice),
]


@pytest.mark.processes
@pytest.mark.parametrize(("plan", "different"), POSITIVE, indirect=["plan"])
def test_the_verifier_shows_who_it_is(plan: Plan, different: dict[str, Any]) -> None:
    authorized = plan.run(**different)

    assert authorized.response.status_code == 200
    assert authorized.response.headers["Content-Type"] == "application/json"
    assert authorized.response.json().keys() == {"redirect_uri"}
    shown = plan.redirected(authorized).element("identified-alone")
    assert shown.text == "Verified: Jean Dupont, issued by conformance-suite"


def kb_jwt(**members: Callable[[Any], object]) -> Change:
    def alter(draft: Draft) -> None:
        for shown in draft.presentations.values():
            for name, changed in members.items():
                shown.kb_claims[name] = changed(shown.kb_claims[name])

    return stage(Stage.KEY_BINDING, alter)


def invalid(value: str) -> str:
    return value + "INVALID"


def corrupted_credential(draft: Draft) -> None:
    """Before sd_hash is computed, so that only the issuer's signature is wrong."""
    for shown in draft.presentations.values():
        shown.issuer_jwt = corrupted(shown.issuer_jwt)


def corrupted_kb_jwt(draft: Draft) -> None:
    for query_id, texts in draft.vp_token.items():
        assert isinstance(texts, list)
        draft.vp_token[query_id] = [corrupted(text) for text in texts]


def corrupted(text: str) -> str:
    """The last signature in it, every bit of its bytes turned."""
    signed, _, signature = text.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    turned = bytes(byte ^ 0x5A for byte in raw)
    return f"{signed}.{base64.urlsafe_b64encode(turned).decode().rstrip('=')}"


def transcript_of_another_nonce(draft: Draft) -> None:
    for mdoc in draft.mdocs.values():
        mdoc.transcript = transcript_of(draft, nonce=invalid(draft.request.nonce))


NEGATIVE = [
    *module(
        "invalid-session-transcript",
        ISO_MDL,
        change=stage(Stage.KEY_BINDING, transcript_of_another_nonce),
    ),
    *module(
        "invalid-kb-jwt-signature",
        SD_JWT_VC,
        change=stage(Stage.VP_TOKEN, corrupted_kb_jwt),
    ),
    *module(
        "invalid-credential-signature",
        SD_JWT_VC,
        change=stage(Stage.CREDENTIALS, corrupted_credential),
    ),
    *module("invalid-sd-hash", SD_JWT_VC, change=kb_jwt(sd_hash=invalid)),
    *module("invalid-kb-jwt-nonce", SD_JWT_VC, change=kb_jwt(nonce=invalid)),
    *module("invalid-kb-jwt-aud", SD_JWT_VC, change=kb_jwt(aud=invalid)),
    *module("kb-jwt-iat-in-past", SD_JWT_VC, change=kb_jwt(iat=lambda t: t - YEAR)),
    *module("kb-jwt-iat-in-future", SD_JWT_VC, change=kb_jwt(iat=lambda t: t + YEAR)),
]


@pytest.mark.processes
@pytest.mark.parametrize(("plan", "different"), NEGATIVE, indirect=["plan"])
def test_the_verifier_refuses_at_once(plan: Plan, different: dict[str, Any]) -> None:
    before = plan.sam.info().signer_key_operations

    authorized = plan.run(**different)

    assert authorized.response.status_code == 400
    assert authorized.response.json().keys() == {"error", "error_description"}
    assert plan.page().find("identified-alone") is None
    assert plan.sam.info().signer_key_operations == before


@pytest.mark.processes
@pytest.mark.parametrize("plan", [SD_JWT_VC], indirect=True)
def test_the_suites_issuer_makes_nobody_a_signer(plan: Plan) -> None:
    """Its PIDs are for identification alone: no provider of signers' PIDs is added."""
    assert "conformance-suite" not in plan.sam.info().pid_providers


def test_every_module_of_the_plans_is_played() -> None:
    names = {str(row.id).removesuffix(f"-{row.values[0]}") for row in POSITIVE}
    names |= {str(row.id).removesuffix(f"-{row.values[0]}") for row in NEGATIVE}

    assert names == {f"{PREFIX}{name}" for name in MODULES}
