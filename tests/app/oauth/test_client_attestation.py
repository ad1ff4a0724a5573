"""Attestation-based client authentication (draft 07), HAIP 1.0 §4.4.1."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from app.oauth.jwts import AnchorsUnreadableError
from app.oauth.wallet_policy import policy_of
from tests.app.conftest import World, request_path, upload
from tests.app.oauth.conftest import Stage, identified_again, parameters
from tests.app.oauth.wallets import (
    PUSH,
    TOKEN,
    Provider,
    attestation_proof,
    der,
    new_key,
    private_jwk,
    public_jwk,
)

OTHER = new_key()
CLIENT = "https://wallet.example"


@dataclass
class Attesting:
    """A stage whose wallet shows which product it is."""

    stage: Stage
    provider: Provider
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def headers(self, **changes: Any) -> dict[str, str]:
        """``attestation`` and ``proof`` each take what goes into the other's call."""
        return {
            "OAuth_Client_Attestation": self.provider.attestation(
                self.key, **changes.get("attestation", {})
            ),
            "OAuth_Client_Attestation_PoP": attestation_proof(
                self.key, self.stage.web.clock.now, **changes.get("proof", {})
            ),
        }

    def push(self, headers: dict[str, str], **changes: object) -> Any:
        form = self.stage.wallet.pushed(self.stage.issuer_state, **changes)
        return self.stage.post(PUSH, form, **headers)

    def redeem(self, code: str, headers: dict[str, str]) -> Any:
        return self.stage.post(TOKEN, self.stage.wallet.redeeming(code), **headers)

    def code(self) -> str:
        uri = self.push(self.headers()).json["request_uri"]
        return parameters(self.stage.press(self.stage.page(uri, CLIENT)))["code"]


def attesting(
    world: World, folder: Path, policy: str
) -> Iterator[tuple[Stage, Provider]]:
    config = world.config(folder)
    file = folder / "providers.pem"
    with world.web(config) as probe:
        provider = Provider(probe.clock.now)
    file.write_bytes(provider.root.public_bytes(Encoding.PEM))
    update = {"wallet_attestation": policy, "wallet_provider_anchors": file}
    with world.web(config.model_copy(update=update)) as web:
        browser = web.browser()
        request_id = request_path(upload(browser)).rsplit("/", 1)[-1]
        yield identified_again(web, browser, request_id), provider


@pytest.fixture(scope="module")
def deployment(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stage, Provider]]:
    yield from attesting(world, tmp_path_factory.mktemp("required"), "required")


@pytest.fixture
def required(deployment: tuple[Stage, Provider]) -> Attesting:
    stage, provider = deployment
    again = identified_again(stage.web, stage.browser, stage.request_id)
    return Attesting(again, provider)


@pytest.fixture
def optional(world: World, tmp_path: Path) -> Iterator[Attesting]:
    for stage, provider in attesting(world, tmp_path, "optional"):
        yield Attesting(stage, provider)


def test_an_attested_wallet_gets_its_token(required: Attesting) -> None:
    answer = required.redeem(required.code(), required.headers())

    assert answer.status_code == 200


WRONG: list[Any] = [
    pytest.param({"attestation": {"header": {"typ": "JWT"}}}, id="typ"),
    pytest.param({"attestation": {"header": {"x5c": None}}}, id="no-x5c"),
    pytest.param({"attestation": {"header": {"x5c": []}}}, id="empty-x5c"),
    pytest.param({"attestation": {"header": {"x5c": ["x"]}}}, id="odd-x5c"),
    pytest.param(
        {"attestation": {"header": {"x5c": None, "jwk": public_jwk(OTHER)}}},
        id="own-key-in-header",
    ),
    pytest.param({"attestation": {"algorithm": "none"}}, id="alg-none"),
    pytest.param({"attestation": {"algorithm": "HS256"}}, id="alg-symmetric"),
    pytest.param({"attestation": {"claims": {"sub": None}}}, id="no-sub"),
    pytest.param({"attestation": {"claims": {"sub": "é"}}}, id="odd-sub"),
    pytest.param(
        {"attestation": {"claims": {"sub": "https://other.example"}}}, id="other-sub"
    ),
    pytest.param({"attestation": {"claims": {"exp": None}}}, id="no-exp"),
    pytest.param({"attestation": {"claims": {"exp": 1}}}, id="over"),
    pytest.param({"attestation": {"claims": {"exp": "x"}}}, id="exp-text"),
    pytest.param({"attestation": {"claims": {"nbf": 9_999_999_999}}}, id="nbf-ahead"),
    pytest.param({"attestation": {"claims": {"iat": 9_999_999_999}}}, id="iat-ahead"),
    pytest.param({"attestation": {"claims": {"cnf": None}}}, id="no-cnf"),
    pytest.param({"attestation": {"claims": {"cnf": {"kid": "x"}}}}, id="no-cnf-jwk"),
    pytest.param(
        {"attestation": {"claims": {"cnf": {"jwk": public_jwk(OTHER)}}}},
        id="key-of-another",
    ),
    pytest.param(
        {"attestation": {"claims": {"cnf": {"jwk": private_jwk(OTHER)}}}},
        id="private-key",
    ),
    pytest.param({"proof": {"header": {"typ": "dpop+jwt"}}}, id="proof-typ"),
    pytest.param({"proof": {"algorithm": "none"}}, id="proof-alg-none"),
    pytest.param({"proof": {"algorithm": "HS256"}}, id="proof-alg-symmetric"),
    pytest.param({"proof": {"claims": {"aud": None}}}, id="no-aud"),
    pytest.param({"proof": {"claims": {"aud": "https://x.example"}}}, id="other-aud"),
    pytest.param(
        {"proof": {"claims": {"aud": ["http://localhost:8000", "x"]}}}, id="two-aud"
    ),
    pytest.param({"proof": {"claims": {"iss": "https://x.example"}}}, id="other-iss"),
    pytest.param({"proof": {"claims": {"jti": None}}}, id="no-jti"),
    pytest.param({"proof": {"claims": {"iat": None}}}, id="no-iat"),
    pytest.param({"proof": {"claims": {"iat": 1}}}, id="old"),
]


@pytest.mark.parametrize("changes", WRONG)
def test_a_wrong_attestation_is_refused(
    required: Attesting, changes: dict[str, Any]
) -> None:
    answer = required.push(required.headers(**changes))

    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_client"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="unchanged"),
        pytest.param({"proof": {"claims": {"iss": None}}}, id="proof-of-later-drafts"),
        pytest.param(
            {"proof": {"claims": {"aud": ["http://localhost:8000"]}}}, id="aud-array"
        ),
        pytest.param({"attestation": {"claims": {"iat": None}}}, id="no-iat"),
        pytest.param(
            {"attestation": {"claims": {"wallet_name": "é", "status": {}}}}, id="more"
        ),
    ],
)
def test_a_good_attestation_is_taken(
    required: Attesting, changes: dict[str, Any]
) -> None:
    """Guards the table above."""
    assert required.push(required.headers(**changes)).status_code == 201


def test_a_provider_nobody_trusts_is_refused(required: Attesting) -> None:
    stranger = Attesting(
        required.stage, Provider(required.stage.web.clock.now), required.key
    )

    assert required.push(stranger.headers()).json["error"] == "invalid_client"


def test_a_forger_beside_a_genuine_certificate_is_refused(
    required: Attesting,
) -> None:
    forger = Provider(required.stage.web.clock.now)
    genuine = {"header": {"x5c": [der(required.provider.leaf)]}}
    headers = Attesting(required.stage, forger, required.key).headers(
        attestation=genuine
    )

    assert required.push(headers).json["error"] == "invalid_client"


def of_product(name: str) -> dict[str, Any]:
    return {
        "attestation": {"claims": {"sub": name}},
        "proof": {"claims": {"iss": name}},
    }


def test_an_attestation_of_another_product_is_refused(required: Attesting) -> None:
    headers = required.headers(**of_product("https://other.example"))

    assert required.push(headers).json["error"] == "invalid_client"


@pytest.mark.parametrize("name", ["", "é", "x" * 257, "x\n"])
def test_an_attested_name_that_is_no_client_id_is_refused(
    required: Attesting, name: str
) -> None:
    headers = required.headers(**of_product(name))

    answer = required.stage.post(TOKEN, required.stage.pre_authorized, **headers)

    assert answer.json["error"] == "invalid_client"


def test_the_anchor_does_not_belong_into_the_chain(required: Attesting) -> None:
    chain = [der(required.provider.leaf), der(required.provider.root)]
    headers = required.headers(attestation={"header": {"x5c": chain}})

    assert required.push(headers).json["error"] == "invalid_client"


def test_a_proof_is_used_once(required: Attesting) -> None:
    headers = required.headers()
    required.push(headers)

    assert required.push(headers).json["error"] == "invalid_client"


@pytest.mark.parametrize("left", [0, 1])
def test_one_of_the_two_is_nothing(required: Attesting, left: int) -> None:
    name, value = list(required.headers().items())[left]

    assert required.push({name: value}).json["error"] == "invalid_client"


def test_two_of_one_are_nothing(required: Attesting) -> None:
    headers = required.headers()
    name = "OAuth_Client_Attestation"

    answer = required.push({**headers, name: f"{headers[name]},{headers[name]}"})

    assert answer.json["error"] == "invalid_client"


def test_without_attestation_there_is_no_push_and_no_token(
    required: Attesting,
) -> None:
    stage = required.stage

    assert required.push({}).json["error"] == "invalid_client"
    assert stage.redeem(required.code()).json["error"] == "invalid_client"
    answer = stage.post(TOKEN, stage.pre_authorized)
    assert answer.json["error"] == "invalid_client"


def test_an_attested_wallet_may_use_the_pre_authorised_grant(
    required: Attesting,
) -> None:
    form = required.stage.pre_authorized

    answer = required.stage.post(TOKEN, form, **required.headers())

    assert answer.status_code == 200


def test_a_code_is_for_the_instance_that_pushed(required: Attesting) -> None:
    code = required.code()
    twin = Attesting(required.stage, required.provider)

    assert required.redeem(code, twin.headers()).json["error"] == "invalid_grant"
    assert required.redeem(code, required.headers()).status_code == 200


def test_where_it_is_optional_both_ways_work(optional: Attesting) -> None:
    assert optional.push({}).status_code == 201
    assert optional.push(optional.headers()).status_code == 201


def test_where_it_is_optional_a_wrong_one_is_still_refused(
    optional: Attesting,
) -> None:
    headers = optional.headers(attestation={"claims": {"exp": 1}})

    assert optional.push(headers).json["error"] == "invalid_client"


def test_an_attested_code_needs_the_attestation_again(optional: Attesting) -> None:
    code = optional.code()

    assert optional.stage.redeem(code).json["error"] == "invalid_grant"


def test_where_it_is_off_nobody_looks(stage: Stage) -> None:
    form = stage.wallet.pushed(stage.issuer_state)
    nonsense = {"OAuth_Client_Attestation": "x", "OAuth_Client_Attestation_PoP": "x"}

    assert stage.post(PUSH, form, **nonsense).status_code == 201


def test_anchors_come_from_a_folder_too(tmp_path: Path, stage: Stage) -> None:
    root = Provider(stage.web.clock.now).root.public_bytes(Encoding.PEM)
    (tmp_path / "one.pem").write_bytes(root)
    (tmp_path / "again.pem").write_bytes(root)

    policy = policy_of(attestation="required", anchors=tmp_path, needs_dpop=False)

    assert policy.providers is not None


@pytest.mark.parametrize("content", [None, b"", b"x"])
def test_unreadable_anchors_stop_the_start(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "providers.pem"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(AnchorsUnreadableError):
        policy_of(attestation="required", anchors=file, needs_dpop=False)


def test_an_empty_folder_of_anchors_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(AnchorsUnreadableError):
        policy_of(attestation="required", anchors=tmp_path, needs_dpop=False)
