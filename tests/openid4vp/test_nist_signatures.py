"""NIST's own verdicts on signatures, with the verifier that both formats share."""

import json
from collections import Counter
from pathlib import Path

import pytest

from openid4vp import cose, jwk, jws
from openid4vp.errors import SignatureInvalidError
from tests.openid4vp import wallet

FILE = Path(__file__).parent / "nist" / "sigver-p256-sha256.json"
CASES: list[dict[str, str]] = json.loads(FILE.read_text())


def rows(result: str) -> list[dict[str, str]]:
    return [case for case in CASES if case["result"].startswith(result)]


def verify(case: dict[str, str]) -> None:
    """With the key as a JWK; as a COSE_Key it is the same."""
    value = {name: bytes.fromhex(case[name]) for name in ("msg", "x", "y", "r", "s")}
    x, y = wallet.b64(value["x"]), wallet.b64(value["y"])
    key = jwk.public_key({"kty": "EC", "crv": "P-256", "x": x, "y": y}, "key")
    assert key == cose.public_key({1: 2, -1: 1, -2: value["x"], -3: value["y"]})

    jws.verify_raw(value["r"] + value["s"], value["msg"], key)


def test_all_fifteen_are_there() -> None:
    assert Counter(case["result"][0] for case in CASES) == {"P": 3, "F": 12}


@pytest.mark.parametrize("case", rows("P"), ids=lambda case: case["r"][:8])
def test_a_right_signature_verifies(case: dict[str, str]) -> None:
    """Guards the table below."""
    verify(case)


@pytest.mark.parametrize("case", rows("F"), ids=lambda case: case["r"][:8])
def test_a_changed_message_key_or_signature_does_not(case: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalidError):
        verify(case)
