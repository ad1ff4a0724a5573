"""What a JWK says of its own purpose must allow what it is used for."""

from typing import Any

import pytest

from openid4vp import jwk
from openid4vp.errors import MalformedResponseError
from tests.openid4vp import wallet

MINIMAL = wallet.public_jwk(wallet.key("holder"))
WHOLE = {**MINIMAL, "kid": "k", "use": "sig", "alg": "ES256", "key_ops": ["verify"]}


@pytest.mark.parametrize(
    "stated",
    [
        pytest.param({"use": "enc"}, id="for-encryption"),
        pytest.param({"use": ["sig"]}, id="use-no-string"),
        pytest.param({"alg": "ES512"}, id="for-another-signature"),
        pytest.param({"alg": "ES521"}, id="for-a-name-nobody-knows"),
        pytest.param({"alg": "ECDH-ES"}, id="for-agreement"),
        pytest.param({"key_ops": ["deriveKey"]}, id="to-derive"),
        pytest.param({"key_ops": ["encrypt", "decrypt"]}, id="to-encrypt"),
        pytest.param({"key_ops": []}, id="for-nothing"),
        pytest.param({"key_ops": "verify"}, id="operations-no-array"),
    ],
)
def test_a_key_for_something_else_verifies_no_signature(stated: dict[str, Any]) -> None:
    with pytest.raises(MalformedResponseError):
        jwk.public_key({**WHOLE, **stated}, "cnf.jwk")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(MINIMAL, id="says-nothing"),
        pytest.param(WHOLE, id="says-all"),
        pytest.param(
            {**WHOLE, "key_ops": ["sign"]}, id="says-what-its-other-half-does"
        ),
        pytest.param({**WHOLE, "ext": True}, id="exported-by-a-browser"),
    ],
)
def test_a_key_that_may_verify_does(key: dict[str, Any]) -> None:
    """Guards the table above."""
    point = jwk.public_key(key, "cnf.jwk")

    assert jwk.minimal(point) == MINIMAL


def test_an_ephemeral_key_is_for_agreement_whatever_it_says() -> None:
    exported = {**MINIMAL, "key_ops": [], "ext": True, "alg": "ECDH-ES", "use": "enc"}

    point = jwk.public_key(exported, "epk", agreement=True)

    assert jwk.minimal(point) == MINIMAL
