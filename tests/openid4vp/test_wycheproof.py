"""Project Wycheproof through our wrapper: nothing invalid in, nothing valid out.

Every count is written down, so that a run over fewer vectors fails. A verdict is
"accepted" or the code of a typed refusal; any other exception fails the test. What is
valid and refused is outside of our allow-list (ES256; ECDH-ES with A128GCM or A256GCM).

The sets follow no profile, so two rules of ours are stepped around where they would
refuse everything: a JWS has our ``typ`` and a JSON payload, and a JWE has our ``kid``.
With those rules on, nothing at all is accepted: ``test_the_door_is_shut_to_all``.
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from openid4vp import base64url, cose, jwe, jwk, jws
from openid4vp.errors import Openid4vpError
from tests.openid4vp import published, wallet
from tests.openid4vp.scene import SIGN

Vector = dict[str, Any]
Run = Callable[[Vector, Vector], None]
VALID, INVALID = "valid", "invalid"
ACCEPTED = "accepted"
HEADER, MALFORMED = "header_not_allowed", "malformed_response"
SIGNATURE = "signature_invalid"
EMPTY = wallet.b64_json({})


def verdicts(file: str, run: Run, *, member: str = "tcId") -> Counter[tuple[str, str]]:
    groups = published.read_json(f"wycheproof/testvectors_v1/{file}_test.json")
    return Counter(
        (vector["result"], verdict(run, group, vector))
        for group in groups["testGroups"]
        for vector in group["tests"]
        if member in vector
    )


def verdict(run: Run, group: Vector, vector: Vector) -> str:
    try:
        run(group, vector)
    except Openid4vpError as error:
        return error.code
    return ACCEPTED


def ecdsa(group: Vector, vector: Vector) -> None:
    raw = bytes.fromhex(group["publicKey"]["uncompressed"])
    key = cose.public_key({1: 2, -1: 1, -2: raw[1:33], -3: raw[33:]})

    jws.verify_raw(bytes.fromhex(vector["sig"]), bytes.fromhex(vector["msg"]), key)


def ecdh_of_jwks(_group: Vector, vector: Vector) -> None:
    _, private = jwk.load_response_key(json.dumps(vector["private"]))
    public = jwk.public_key(vector["public"], "epk", agreement=True)

    assert private.exchange(ec.ECDH(), public).hex() == vector["shared"]


def ecdh_of_points(_group: Vector, vector: Vector) -> None:
    """A COSE_Key takes y whole or as its sign; the private half is no part of ours."""
    raw = bytes.fromhex(vector["public"])
    y = raw[33:] if raw[:1] == b"\4" else raw[:1] == b"\3"
    public = cose.public_key({1: 2, -1: 1, -2: raw[1:33], -3: y})
    private = ec.derive_private_key(int(vector["private"], 16), ec.SECP256R1())

    assert private.exchange(ec.ECDH(), public).hex() == vector["shared"]


def signed(group: Vector, vector: Vector) -> None:
    """As ``jws.parse`` and ``verify_signature``, but for ``typ`` and the payload."""
    text = compact(vector["jws"])
    if text.count(".") != 2:
        jws.parse(text, typ="dc+sd-jwt", what="vector")
    header, payload, signature = text.split(".")
    jws.parse(f"{header}.{EMPTY}.{signature}", typ=None, what="vector")  # type: ignore[arg-type]
    base64url.decode(payload, "vector")
    message = f"{header}.{payload}".encode("ascii")
    with_any(
        keys(group),
        lambda key: jws.verify_raw(base64url.decode(signature, "vector"), message, key),
    )


def compact(message: object) -> str:
    """A few are in JSON serialisation, which comes to us as text like all else."""
    return message if isinstance(message, str) else json.dumps(message)


def with_any(
    stated: list[Vector], verify: Callable[[ec.EllipticCurvePublicKey], None]
) -> None:
    """Whoever tried all keys of a set would accept what one of them verifies."""
    *others, last = stated
    for key in others:
        try:
            return verify(jwk.public_key(key, "vector"))
        except Openid4vpError:
            continue
    return verify(jwk.public_key(last, "vector"))


def keys(group: Vector) -> list[Vector]:
    stated = group.get("public") or group["private"]
    return [
        {name: value for name, value in key.items() if name != "d"}
        for key in stated.get("keys", [stated])
    ]


def behind_the_door(_group: Vector, vector: Vector) -> None:
    jws.parse(compact(vector["jws"]), typ="dc+sd-jwt", what="vector")


def encrypted(group: Vector, vector: Vector) -> None:
    key = group["private"]
    ours = json.dumps(key) if key.get("crv") == "P-256" else SIGN.response_key
    plaintext = jwe.decrypt(compact(vector["jwe"]), ours)

    assert plaintext == bytes.fromhex(vector["pt"])


@pytest.fixture
def any_kid(monkeypatch: pytest.MonkeyPatch) -> None:
    """The headers name no key: the loader says that this is as it should be."""
    load = jwk.load_response_key
    monkeypatch.setattr(jwk, "load_response_key", lambda text: (None, load(text)[1]))


def test_ecdsa_signatures_of_r_and_s() -> None:
    """173 right ones of 112 keys; the wrong ones by size, range and arithmetic."""
    found = verdicts("ecdsa_secp256r1_sha256_p1363", ecdsa)

    assert found == {(VALID, ACCEPTED): 173, (INVALID, SIGNATURE): 89}


def test_ecdh_with_jwks() -> None:
    """JW2: edge cases of the arithmetic agree; points off the curve are none."""
    found = verdicts("ecdh_secp256r1_webcrypto", ecdh_of_jwks)

    assert found == {(VALID, ACCEPTED): 330, (INVALID, MALFORMED): 23}


def test_ecdh_with_points() -> None:
    """JW2: as in a COSE_Key, where the compressed form is legal too."""
    found = verdicts("ecdh_secp256r1_ecpoint", ecdh_of_points)

    assert found == {
        (VALID, ACCEPTED): 330,
        ("acceptable", ACCEPTED): 1,
        (INVALID, MALFORMED): 24,
    }


def test_json_web_signatures() -> None:
    """VP4, VP5, VP6, VP16: two are ES256 and right; 44 are right with other keys."""
    found = verdicts("json_web_signature", signed)

    assert found == {
        (VALID, ACCEPTED): 2,
        (VALID, HEADER): 43,
        (VALID, MALFORMED): 1,  # a stray character in base64url
        (INVALID, HEADER): 298,
        (INVALID, MALFORMED): 28,
        (INVALID, SIGNATURE): 29,
    }


def test_json_web_keys() -> None:
    found = verdicts("json_web_key", signed)

    assert found == {
        (VALID, HEADER): 5,
        (INVALID, HEADER): 15,
        (INVALID, MALFORMED): 6,
    }


def test_the_older_set_of_signatures() -> None:
    found = verdicts("json_web_crypto", signed, member="jws")

    assert found == {
        (VALID, ACCEPTED): 1,
        (VALID, HEADER): 3,
        (INVALID, HEADER): 15,
        (INVALID, MALFORMED): 24,
        (INVALID, SIGNATURE): 6,
    }


@pytest.mark.usefixtures("any_kid")
def test_json_web_encryption() -> None:
    """JW1, JW2, JW6: two are of our two algorithms and right."""
    found = verdicts("json_web_encryption", encrypted)

    assert found == {
        (VALID, ACCEPTED): 2,
        (VALID, HEADER): 63,
        (INVALID, HEADER): 61,
        (INVALID, MALFORMED): 13,
    }


@pytest.mark.usefixtures("any_kid")
def test_the_older_set_of_encryption() -> None:
    found = verdicts("json_web_crypto", encrypted, member="jwe")

    assert found == {
        (VALID, HEADER): 2,
        (INVALID, HEADER): 19,
        (INVALID, MALFORMED): 13,
    }


@pytest.mark.parametrize(
    ("file", "run", "member", "vectors"),
    [
        pytest.param("json_web_signature", behind_the_door, "jws", 401, id="jws"),
        pytest.param("json_web_key", behind_the_door, "jws", 26, id="jwk"),
        pytest.param("json_web_crypto", behind_the_door, "jws", 49, id="older-jws"),
        pytest.param("json_web_encryption", encrypted, "jwe", 139, id="jwe"),
        pytest.param("json_web_crypto", encrypted, "jwe", 34, id="older-jwe"),
    ],
)
def test_the_door_is_shut_to_all(
    file: str, run: Run, member: str, vectors: int
) -> None:
    """No other protocol's token is one of ours: each is refused with a code."""
    found = verdicts(file, run, member=member)

    assert found.total() == vectors
    assert ACCEPTED not in {outcome for _, outcome in found}
