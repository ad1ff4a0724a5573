"""Whatever the bytes: a value or an ``Openid4vpError``, never anything else.

Examples are few and always the same here; raise ``max_examples`` for a long run.
"""

import base64
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from openid4vp import jwe, jws, response, sd_jwt, strict_json, x5c
from openid4vp.errors import Openid4vpError
from tests.openid4vp import wallet
from tests.openid4vp.scene import SIGN, TRUST, verify
from tests.openid4vp.wallet import NOW

few = settings(max_examples=120, deadline=None, derandomize=True, database=None)
RIGHT = wallet.answer(SIGN)
BODY, JWE, TEXT = RIGHT.body(), RIGHT.jwe(), RIGHT.pid.text()
DER = wallet.PID_LEAF.public_bytes(Encoding.DER)
NAMES = st.sampled_from(
    (
        *("vct", "cnf", "jwk", "kty", "crv", "x", "y", "d", "iat", "exp", "nbf", "iss"),
        *("status", "_sd", "_sd_alg", "...", "aud", "nonce", "sd_hash", "alg", "enc"),
        *("transaction_data_hashes", "transaction_data_hashes_alg", "vp_token"),
        *("error", "error_description", "state", "pid", "signing_pass", "family_name"),
        *("epk", "kid", "apu", "apv", "x5c", "typ", "crit", "zip"),
    )
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | NAMES
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
MEMBERS = st.dictionaries(NAMES, JSON, max_size=6)


def refused_or_read(call: Callable[[], object]) -> None:
    with contextlib.suppress(Openid4vpError):
        call()


def spliced(text: str) -> st.SearchStrategy[str]:
    """The right text with a piece replaced."""
    characters = st.text(alphabet=st.characters(codec="utf-8"), max_size=8)
    place = st.integers(0, len(text))
    return st.builds(
        lambda at, length, new: text[:at] + new + text[at + length :],
        place,
        st.integers(0, 40),
        characters,
    )


@few
@given(st.binary(max_size=300) | spliced(BODY.decode()).map(str.encode))
def test_forms(body: bytes) -> None:
    refused_or_read(lambda: response.parse_form(body))
    refused_or_read(lambda: verify(body))


@few
@given(
    st.binary(max_size=200)
    | st.text(alphabet='[]{}",:\\u0d8e1.', max_size=80).map(str.encode)
)
def test_json(raw: bytes) -> None:
    refused_or_read(lambda: strict_json.parse(raw, "fuzz"))


@few
@given(st.text(max_size=100) | spliced(TEXT))
def test_sd_jwt_text(text: str) -> None:
    def read() -> None:
        parts = sd_jwt.parse(text)
        payload = jws.parse(parts.issuer_jwt, typ="dc+sd-jwt", what="fuzz").payload
        sd_jwt.disclose(payload, parts.disclosures, sd_jwt.hash_alg(payload))

    refused_or_read(read)


@few
@given(MEMBERS, st.lists(JSON, max_size=5))
def test_disclosures(payload: dict[str, Any], parts: list[Any]) -> None:
    texts = [wallet.b64_json(part) for part in parts]
    payload["_sd"] = [wallet.sha256(text) for text in texts[:3]]
    payload["list"] = [{"...": wallet.sha256(text)} for text in texts[3:]]

    refused_or_read(lambda: sd_jwt.disclose(payload, texts, "sha-256"))


@few
@given(st.text(max_size=100) | spliced(JWE))
def test_jwe_text(text: str) -> None:
    refused_or_read(lambda: jwe.decrypt(text, SIGN.response_key))


@few
@given(MEMBERS)
def test_jwe_header(members: dict[str, Any]) -> None:
    right = {"alg": "ECDH-ES", "enc": "A128GCM", "kid": "tx-7f3a"}
    text = f"{wallet.b64_json({**right, **members})}..AAAAAAAAAAAAAAAA..{'A' * 22}"

    refused_or_read(lambda: jwe.decrypt(text, SIGN.response_key))


@pytest.mark.parametrize("layer", ["payload", "kb_payload", "header", "kb_header"])
@few
@given(members=MEMBERS)
def test_correctly_signed_nonsense(layer: str, members: dict[str, Any]) -> None:
    answer = wallet.answer(SIGN)
    getattr(answer.pid, layer).update(members)

    refused_or_read(lambda: verify(answer.body()))


@few
@given(MEMBERS)
def test_correctly_encrypted_nonsense(members: dict[str, Any]) -> None:
    answer = wallet.answer(SIGN)
    answer.payload = members

    refused_or_read(lambda: verify(answer.body()))


@pytest.mark.filterwarnings("ignore")  # cryptography warns of odd certificates
@few
@given(st.integers(0, len(DER) - 1), st.integers(0, 255), st.booleans())
def test_certificates(at: int, byte: int, drop: bool) -> None:
    der = DER[:at] + (b"" if drop else bytes([byte])) + DER[at + 1 :]

    def read() -> None:
        header = {"x5c": [base64.b64encode(der).decode(), *wallet.x5c(wallet.PID_CA)]}
        chain = x5c.chain(header)
        x5c.leaf_key(chain[0])
        TRUST["pid"].resolve(chain, NOW)

    refused_or_read(read)
