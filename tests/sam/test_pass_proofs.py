"""What proves that a wallet holds the key its pass is to be bound to."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hsm.port import MacKey
from sam import errors
from tests.sam.callers import BASE_URL, Holder
from tests.sam.world import World
from wallet_emulator import jws
from wallet_emulator.encoding import b64url
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.sd_jwt import SdJwt

Key = ec.EllipticCurvePrivateKey
Change = Callable[[dict[str, Any], dict[str, Any]], object]
ELSEWHERE = {"aud": "https://elsewhere.example.org"}
P384 = {"kty": "EC", "crv": "P-384", "x": b64url(bytes(48)), "y": b64url(bytes(48))}


@pytest.fixture
def handle(shared_world: World, shared_erika: Holder) -> str:
    return shared_world.identify(shared_erika)


def proof(world: World, key: Key, change: Change | None = None) -> str:
    """The honest proof with one thing changed before it is signed."""
    header: dict[str, Any] = {
        "alg": "ES256",
        "typ": "openid4vci-proof+jwt",
        "jwk": public_jwk(key.public_key()),
    }
    claims: dict[str, Any] = {
        "aud": BASE_URL,
        "iat": int(world.clock.now.timestamp()),
        "nonce": world.client.pass_nonce().c_nonce,
    }
    if change is not None:
        change(header, claims)
    return jws.sign(header, claims, key)


def unsigned(text: str) -> str:
    return text.rpartition(".")[0] + "."


def macked(text: str, key: Key) -> str:
    header, claims, _ = text.split(".")
    parsed = json.loads(base64.urlsafe_b64decode(header + "==="))
    header = b64url(json.dumps(parsed | {"alg": "HS256"}).encode())
    secret = json.dumps(public_jwk(key.public_key())).encode()
    mac = hmac.digest(secret, f"{header}.{claims}".encode(), hashlib.sha256)
    return f"{header}.{claims}.{b64url(mac)}"


def flipped(text: str) -> str:
    signed, _, signature = text.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "==="))
    raw[5] ^= 1
    return f"{signed}.{b64url(bytes(raw))}"


def drop_iat(_header: dict[str, Any], claims: dict[str, Any]) -> None:
    del claims["iat"]


def later(seconds: int) -> Change:
    def change(_header: dict[str, Any], claims: dict[str, Any]) -> None:
        claims["iat"] += seconds

    return change


def with_jwk(**members: object) -> Change:
    return lambda header, _: header["jwk"].update(members)


PROOF_REFUSED = [
    pytest.param(lambda h, c: h.update(typ="JWT"), id="typ-jwt"),
    pytest.param(lambda h, c: h.pop("typ"), id="typ-missing"),
    pytest.param(lambda h, c: h.update(typ="kb+jwt"), id="typ-of-a-presentation"),
    pytest.param(lambda h, c: h.update(alg="none"), id="alg-none"),
    pytest.param(lambda h, c: h.update(alg="ES384"), id="alg-es384"),
    pytest.param(lambda h, c: h.update(crit=["b64"]), id="crit"),
    pytest.param(lambda h, c: h.pop("jwk"), id="jwk-missing"),
    pytest.param(lambda h, c: h.update(jwk="x"), id="jwk-text"),
    pytest.param(lambda h, c: h.update(jwk=P384), id="jwk-p384"),
    pytest.param(with_jwk(d=b64url(bytes(32))), id="jwk-private"),
    pytest.param(with_jwk(x=b64url(b"\1" * 32)), id="jwk-off-curve"),
    pytest.param(with_jwk(x=b64url(b"\1" * 31)), id="jwk-short"),
    pytest.param(with_jwk(kty="oct"), id="jwk-symmetric"),
    pytest.param(lambda h, c: h.update(jwk=other_jwk()), id="jwk-of-another-key"),
    pytest.param(lambda h, c: c.update(ELSEWHERE), id="aud-elsewhere"),
    pytest.param(lambda h, c: c.update(aud=[BASE_URL]), id="aud-list"),
    pytest.param(lambda h, c: c.update(aud=BASE_URL + "/"), id="aud-slash"),
    pytest.param(lambda h, c: c.pop("aud"), id="aud-missing"),
    pytest.param(later(-301), id="iat-old"),
    pytest.param(later(61), id="iat-future"),
    pytest.param(lambda h, c: c.update(iat=True), id="iat-true"),
    pytest.param(lambda h, c: c.update(iat="1795176000"), id="iat-text"),
    pytest.param(lambda h, c: c.update(iat=1795176000.5), id="iat-float"),
    pytest.param(lambda h, c: c.update(iat=10**400), id="iat-huge"),
    pytest.param(drop_iat, id="iat-missing"),
]


def other_jwk() -> dict[str, str]:
    return public_jwk(new_key().public_key())


@pytest.mark.parametrize("change", PROOF_REFUSED)
def test_a_proof_with_one_thing_wrong_is_refused(
    shared_world: World, handle: str, key: Key, change: Change
) -> None:
    given = proof(shared_world, key, change)
    before = shared_world.passes()

    with pytest.raises(errors.ProofRefusedError):
        shared_world.issue_pass(handle, given)

    assert shared_world.passes() == before
    assert shared_world.issue_pass(handle, proof(shared_world, key))


@pytest.mark.parametrize("change", [later(-300), later(60), later(0)])
def test_a_proof_of_now_is_taken(
    shared_world: World, handle: str, key: Key, change: Change
) -> None:
    assert shared_world.issue_pass(handle, proof(shared_world, key, change))


@pytest.mark.parametrize(
    "altered",
    [
        pytest.param(lambda text, key: unsigned(text), id="no-signature"),
        pytest.param(lambda text, key: flipped(text), id="one-bit"),
        pytest.param(macked, id="hs256-with-the-jwk"),
        pytest.param(lambda text, key: text + ".", id="four-parts"),
        pytest.param(lambda text, key: text + "=", id="padded"),
        pytest.param(lambda text, key: "", id="empty"),
        pytest.param(lambda text, key: "." * 16_000, id="dots"),
        pytest.param(lambda text, key: "e30.e30.e30", id="empty-objects"),
        pytest.param(lambda text, key: "Å.Å.Å", id="not-ascii"),
    ],
)
def test_an_altered_proof_is_refused(
    shared_world: World, handle: str, key: Key, altered: Callable[[str, Key], str]
) -> None:
    with pytest.raises(errors.ProofRefusedError):
        shared_world.issue_pass(handle, altered(proof(shared_world, key), key))


@pytest.mark.parametrize(
    "nonce",
    [
        pytest.param("", id="empty"),
        pytest.param(b64url(bytes(40)), id="foreign"),
        pytest.param(b64url(bytes(8)), id="short"),
        pytest.param("not base64url", id="no-base64url"),
        pytest.param(7, id="number"),
        pytest.param(None, id="null"),
        pytest.param(["a"], id="list"),
    ],
)
def test_a_nonce_that_is_not_ours_is_refused(
    shared_world: World, handle: str, key: Key, nonce: object
) -> None:
    given = proof(shared_world, key, lambda h, c: c.update(nonce=nonce))

    with pytest.raises(errors.NonceRefusedError):
        shared_world.issue_pass(handle, given)


@pytest.mark.parametrize("position", [0, 7, 8, 23, 24, 39])
def test_a_nonce_changed_in_one_byte_is_refused(
    shared_world: World, handle: str, key: Key, position: int
) -> None:
    raw = bytearray(
        base64.urlsafe_b64decode(shared_world.client.pass_nonce().c_nonce + "===")
    )
    raw[position] ^= 1
    given = proof(shared_world, key, lambda h, c: c.update(nonce=b64url(bytes(raw))))

    with pytest.raises(errors.NonceRefusedError):
        shared_world.issue_pass(handle, given)


def test_a_handle_is_no_nonce(shared_world: World, handle: str, key: Key) -> None:
    """Both are made with the same key of the device, for different things."""
    given = proof(shared_world, key, lambda h, c: c.update(nonce=handle))

    with pytest.raises(errors.NonceRefusedError):
        shared_world.issue_pass(handle, given)


def test_nonces_and_handles_are_macs_of_different_things(
    world: World, erika: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[bytes] = []
    genuine = world.device.mac

    def listening(name: MacKey, message: bytes) -> bytes:
        messages.append(message)
        return genuine(name, message)

    monkeypatch.setattr(world.device, "mac", listening)
    world.client.pass_nonce()
    world.identify(erika)

    purposes = {message.partition(b":")[0] for message in messages if b":" in message}
    assert {b"c_nonce", b"handle"} <= purposes


def test_a_nonce_past_its_end_is_refused(world: World, erika: Holder, key: Key) -> None:
    handle, nonce = world.identify(erika), world.client.pass_nonce()
    world.clock.pass_by(seconds=nonce.expires_in)

    with pytest.raises(errors.NonceRefusedError):
        world.issue_pass(handle, erika.proof(key, nonce=nonce.c_nonce))


def test_a_nonce_in_its_last_second_is_taken(
    world: World, erika: Holder, key: Key
) -> None:
    handle, nonce = world.identify(erika), world.client.pass_nonce()
    world.clock.pass_by(seconds=nonce.expires_in - 1)

    assert world.issue_pass(handle, erika.proof(key, nonce=nonce.c_nonce))


def test_a_nonce_is_used_once(world: World, erika: Holder, key: Key) -> None:
    nonce = world.client.pass_nonce().c_nonce
    world.issue_pass(world.identify(erika), erika.proof(key, nonce=nonce))
    second = world.identify(erika)

    with pytest.raises(errors.NonceRefusedError):
        world.issue_pass(second, erika.proof(new_key(), nonce=nonce))


def test_every_nonce_is_another(world: World) -> None:
    nonces = {world.client.pass_nonce().c_nonce for _ in range(100)}

    assert len(nonces) == 100


def test_a_pass_holds_the_bare_key_and_nothing_written_beside_it(
    world: World, erika: Holder, key: Key
) -> None:
    given = proof(world, key, with_jwk(kid="Erika", use="sig", name="Mustermann"))

    credential = SdJwt.parse(world.issue_pass(world.identify(erika), given))

    assert credential.payload["cnf"] == {"jwk": public_jwk(key.public_key())}
