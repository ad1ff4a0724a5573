"""RFC 9449: proofs at the token endpoint and at the credential endpoint."""

from datetime import timedelta
from typing import Any

import pytest

from app.oauth.dpop import check_proof
from app.oauth.store import remember_proof
from tests.app.oauth.conftest import Stage, identified_again
from tests.app.oauth.wallets import (
    BASE,
    CREDENTIAL,
    PUSH,
    TOKEN,
    Wallet,
    new_key,
    private_jwk,
    public_jwk,
    thumbprint,
)

OTHER = new_key()
SECRET = private_jwk(OTHER)


def moved(stage: Stage, seconds: int) -> dict[str, Any]:
    return {"iat": int(stage.web.clock.now.timestamp()) + seconds}


def bound_token(stage: Stage) -> str:
    answer = stage.redeem(stage.code(), dpop=stage.wallet.proof(TOKEN))
    assert answer.json["token_type"] == "DPoP"
    return str(answer.json["access_token"])


def test_a_bound_token_gets_the_pass(stage: Stage) -> None:
    token = bound_token(stage)

    answer = stage.ask(f"DPoP {token}", stage.wallet.proof(CREDENTIAL, token=token))

    assert answer.status_code == 200


def test_the_pre_authorised_grant_binds_too(stage: Stage) -> None:
    dpop = stage.wallet.proof(TOKEN)

    answer = stage.post(TOKEN, stage.pre_authorized, DPoP=dpop)

    assert answer.json["token_type"] == "DPoP"
    assert stage.ask(f"Bearer {answer.json['access_token']}").status_code == 401


WRONG_PROOFS = [
    pytest.param({"claims": {"htm": "GET"}}, id="htm-other"),
    pytest.param({"claims": {"htm": "post"}}, id="htm-case"),
    pytest.param({"claims": {"htm": None}}, id="htm-missing"),
    pytest.param({"claims": {"htu": "http://localhost:8000/x"}}, id="htu-path"),
    pytest.param(
        {"claims": {"htu": "https://evil.example/oauth2/token"}}, id="htu-host"
    ),
    pytest.param(
        {"claims": {"htu": "https://localhost:8000/oauth2/token"}}, id="htu-scheme"
    ),
    pytest.param(
        {"claims": {"htu": "http://localhost:8001/oauth2/token"}}, id="htu-port"
    ),
    pytest.param(
        {"claims": {"htu": "http://localhost:99999/oauth2/token"}}, id="htu-odd-port"
    ),
    pytest.param(
        {"claims": {"htu": "http://a@localhost:8000/oauth2/token"}}, id="htu-user"
    ),
    pytest.param({"claims": {"htu": "http://[/"}}, id="htu-no-url"),
    pytest.param({"claims": {"htu": None}}, id="htu-missing"),
    pytest.param({"claims": {"htu": 7}}, id="htu-a-number"),
    pytest.param({"claims": {"iat": None}}, id="iat-missing"),
    pytest.param({"claims": {"iat": "now"}}, id="iat-text"),
    pytest.param({"claims": {"iat": True}}, id="iat-true"),
    pytest.param({"claims": {"iat": 0}}, id="iat-1970"),
    pytest.param({"claims": {"iat": 1e300}}, id="iat-huge"),
    pytest.param({"claims": {"jti": None}}, id="jti-missing"),
    pytest.param({"claims": {"jti": ""}}, id="jti-empty"),
    pytest.param({"claims": {"jti": "x" * 257}}, id="jti-long"),
    pytest.param({"claims": {"jti": 7}}, id="jti-a-number"),
    pytest.param({"header": {"typ": None}}, id="typ-missing"),
    pytest.param({"header": {"typ": "JWT"}}, id="typ-other"),
    pytest.param({"header": {"typ": "openid4vci-proof+jwt"}}, id="typ-key-proof"),
    pytest.param({"header": {"jwk": None}}, id="jwk-missing"),
    pytest.param({"header": {"jwk": "x"}}, id="jwk-text"),
    pytest.param({"header": {"jwk": public_jwk(OTHER)}}, id="jwk-of-another"),
    pytest.param({"header": {"jwk": SECRET}, "signer": OTHER}, id="jwk-private"),
    pytest.param({"header": {"jwk": {"kty": "oct", "k": "MDAw"}}}, id="jwk-symmetric"),
    pytest.param({"header": {"crit": ["x"], "x": 1}}, id="crit"),
    pytest.param({"algorithm": "none"}, id="alg-none"),
    pytest.param({"algorithm": "HS256"}, id="alg-symmetric"),
    pytest.param({"signer": OTHER}, id="signed-by-another"),
]


@pytest.mark.parametrize("change", WRONG_PROOFS)
def test_a_wrong_proof_gets_no_token(stage: Stage, change: dict[str, Any]) -> None:
    answer = stage.post(
        TOKEN, stage.pre_authorized, DPoP=stage.wallet.proof(TOKEN, **change)
    )

    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("seconds", [-300, 61])
def test_a_proof_not_of_now_gets_no_token(stage: Stage, seconds: int) -> None:
    dpop = stage.wallet.proof(TOKEN, claims=moved(stage, seconds))

    answer = stage.post(TOKEN, stage.pre_authorized, DPoP=dpop)

    assert answer.json["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize(
    "text", ["", "x", "e.e.e", "a,b", "." * 9, "e" * 17_000], ids=len
)
def test_what_is_no_jwt_gets_no_token(stage: Stage, text: str) -> None:
    answer = stage.post(TOKEN, stage.pre_authorized, DPoP=text)

    assert answer.json["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="unchanged"),
        pytest.param(
            {"htu": "HTTP://LOCALHOST:8000/oauth2/token?x=1#y"}, id="htu-normalised"
        ),
        pytest.param({"nonce": "x", "unknown": []}, id="more-claims"),
    ],
)
def test_a_good_proof_gets_a_token(stage: Stage, claims: dict[str, object]) -> None:
    """Guards the tables above."""
    dpop = stage.wallet.proof(TOKEN, claims=claims)

    assert stage.post(TOKEN, stage.pre_authorized, DPoP=dpop).status_code == 200


@pytest.mark.parametrize("seconds", [-299, 0, 59])
def test_clocks_may_differ_a_little(stage: Stage, seconds: int) -> None:
    dpop = stage.wallet.proof(TOKEN, claims=moved(stage, seconds))

    assert stage.post(TOKEN, stage.pre_authorized, DPoP=dpop).status_code == 200


def test_a_refused_proof_costs_the_code_nothing(stage: Stage) -> None:
    code = stage.code()
    stage.redeem(code, dpop="x")

    assert stage.redeem(code, dpop=stage.wallet.proof(TOKEN)).status_code == 200


def test_a_used_proof_costs_the_code_nothing(stage: Stage) -> None:
    dpop = stage.wallet.proof(PUSH, claims={"jti": "twice"})
    code = stage.code(dpop=dpop)
    again = stage.wallet.proof(TOKEN, claims={"jti": "twice"})

    assert stage.redeem(code, dpop=again).json["error"] == "invalid_dpop_proof"
    assert stage.redeem(code, dpop=stage.wallet.proof(TOKEN)).status_code == 200


# --- the code bound at the push (§10)


@pytest.mark.parametrize("way", ["header", "parameter", "both"])
def test_a_bound_code_is_for_its_key(stage: Stage, way: str) -> None:
    own = thumbprint(stage.wallet.key)
    dpop = stage.wallet.proof(PUSH) if way != "parameter" else None
    code = stage.code(dpop=dpop, dpop_jkt=None if way == "header" else own)
    thief = Wallet(stage.web.clock.now).proof(TOKEN)

    assert stage.redeem(code).json["error"] == "invalid_dpop_proof"
    assert stage.redeem(code, dpop=thief).json["error"] == "invalid_dpop_proof"
    assert stage.redeem(code, dpop=stage.wallet.proof(TOKEN)).status_code == 200


def test_a_push_names_one_key(stage: Stage) -> None:
    form = stage.wallet.pushed(stage.issuer_state, dpop_jkt=thumbprint(OTHER))

    answer = stage.post(PUSH, form, DPoP=stage.wallet.proof(PUSH))

    assert answer.json["error"] == "invalid_dpop_proof"


def test_a_proof_pushes_once(stage: Stage) -> None:
    dpop = stage.wallet.proof(PUSH)
    stage.push(dpop=dpop)

    answer = stage.post(PUSH, stage.wallet.pushed(stage.issuer_state), DPoP=dpop)

    assert answer.json["error"] == "invalid_dpop_proof"


# --- the token at the credential endpoint (§7)


@pytest.mark.parametrize(
    "change",
    [
        *(p for p in WRONG_PROOFS if "oauth2/token" not in str(p.values)),
        pytest.param({"claims": {"ath": None}}, id="ath-missing"),
        pytest.param({"claims": {"ath": "x" * 43}}, id="ath-other"),
        pytest.param({"claims": {"htu": "http://localhost:8000/oauth2/token"}}, id="h"),
        pytest.param(
            {"header": {"jwk": public_jwk(OTHER)}, "signer": OTHER}, id="another-key"
        ),
    ],
)
def test_a_wrong_proof_gets_no_pass(stage: Stage, change: dict[str, Any]) -> None:
    token = bound_token(stage)
    dpop = stage.wallet.proof(CREDENTIAL, token=token, **change)
    stage.web.sam.calls.clear()

    answer = stage.ask(f"DPoP {token}", dpop)

    assert answer.status_code == 401
    assert answer.json["error"] == "invalid_dpop_proof"
    assert "issue_pass" not in stage.web.sam.calls


def test_a_proof_is_used_once(stage: Stage) -> None:
    token = bound_token(stage)
    dpop = stage.wallet.proof(CREDENTIAL, token=token)

    first, second = (stage.ask(f"DPoP {token}", dpop) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 401)
    assert second.json["error"] == "invalid_dpop_proof"


def test_another_proof_with_the_same_jti_is_a_replay(stage: Stage) -> None:
    token = bound_token(stage)
    one, two = (
        stage.wallet.proof(CREDENTIAL, token=token, claims={"jti": "same"})
        for _ in range(2)
    )
    assert one != two

    assert stage.ask(f"DPoP {token}", one).status_code == 200
    assert stage.ask(f"DPoP {token}", two).status_code == 401


def test_a_proof_is_remembered_as_long_as_it_would_be_accepted(
    own_stage: Stage,
) -> None:
    database, now = own_stage.web.parts.database, own_stage.web.clock.now
    text = own_stage.wallet.proof(TOKEN, claims=moved(own_stage, 59))
    proof = check_proof(text, method="POST", url=BASE + TOKEN, now=now)
    last = now + timedelta(seconds=358)
    check_proof(text, method="POST", url=BASE + TOKEN, now=last)

    with database.write() as db:
        assert remember_proof(db, proof, now)
        assert not remember_proof(db, proof, last)


def test_what_nobody_would_accept_is_forgotten(own_stage: Stage) -> None:
    bound_token(own_stage)
    own_stage.web.clock.forward(minutes=6)
    later = identified_again(own_stage.web, own_stage.browser, own_stage.request_id)

    bound_token(later)

    assert remembered(later) == 1


def remembered(stage: Stage) -> int:
    with stage.web.database() as db:
        found = db.connection().exec_driver_sql("SELECT count(*) FROM used_proofs")
        return int(found.scalar())


def test_the_memory_of_proofs_has_a_bound(own_stage: Stage) -> None:
    token = bound_token(own_stage)
    with own_stage.web.parts.database.write() as db:
        db.connection().exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<99)"
            " INSERT INTO used_proofs SELECT 'x' || i, u.thumbprint, u.expires_at"
            " FROM n, used_proofs u"
        )
    dpop = own_stage.wallet.proof(CREDENTIAL, token=token)

    assert own_stage.ask(f"DPoP {token}", dpop).status_code == 401
    assert remembered(own_stage) == 100


def test_strangers_leave_nothing_to_remember(stage: Stage) -> None:
    before = remembered(stage)
    dpop = stage.wallet.proof(TOKEN)
    unknown = {**stage.pre_authorized, "pre-authorized_code": "x"}

    stage.post(TOKEN, unknown, DPoP=dpop)
    stage.post(PUSH, stage.wallet.pushed("x"), DPoP=stage.wallet.proof(PUSH))
    stage.ask("DPoP x", stage.wallet.proof(CREDENTIAL, token="x"))

    assert remembered(stage) == before


@pytest.mark.parametrize(
    "scheme", ["Bearer", "bearer", "Basic", "DPoP,Bearer", "", "Bearer DPoP"]
)
def test_a_bound_token_is_no_bearer_token(stage: Stage, scheme: str) -> None:
    token = bound_token(stage)
    dpop = stage.wallet.proof(CREDENTIAL, token=token)

    answer = stage.ask(f"{scheme} {token}", dpop)

    assert answer.status_code == 401
    assert answer.json["error"] == "invalid_token"


def test_a_bearer_token_is_no_bound_token(stage: Stage) -> None:
    token = stage.redeem(stage.code()).json["access_token"]
    dpop = stage.wallet.proof(CREDENTIAL, token=token)

    assert stage.ask(f"DPoP {token}", dpop).status_code == 401
    assert stage.ask(f"Bearer {token}").status_code == 200


def test_a_bound_token_alone_is_nothing(stage: Stage) -> None:
    token = bound_token(stage)

    assert stage.ask(f"DPoP {token}").status_code == 401
    assert stage.ask(token).status_code == 401


def test_whoever_is_refused_learns_both_schemes(stage: Stage) -> None:
    answer = stage.ask("")

    assert answer.headers.get_all("WWW-Authenticate") == [
        'Bearer error="invalid_token"',
        'DPoP error="invalid_token", algs="ES256"',
    ]
