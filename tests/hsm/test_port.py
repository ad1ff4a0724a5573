"""The promises of ``hsm.port``, asked of every adapter."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.errors import (
    DeviceRefusedError,
    HsmError,
    HsmUnavailableError,
    KeyNotFoundError,
)
from hsm.port import KeyId, MacKey, ServiceKey, SigningDevice
from hsm.selftest import known_answers

DIGEST = bytes(range(32))
OTHER_DIGEST = bytes(32)
THREADS = 8
ROUNDS = 25


def p256(spki: bytes) -> EllipticCurvePublicKey:
    public = load_der_public_key(spki)
    assert isinstance(public, EllipticCurvePublicKey)
    return public


def verify(spki: bytes, signature: bytes, digest: bytes) -> None:
    p256(spki).verify(signature, digest, ECDSA(Prehashed(SHA256())))


def live(device: SigningDevice) -> int:
    """One key's life, ``ROUNDS`` times; the number of signatures that verified."""
    for _ in range(ROUNDS):
        key_id = KeyId(secrets.token_bytes(16))
        digest = secrets.token_bytes(32)
        spki = device.generate_one_time_key(key_id)
        verify(spki, device.sign_with_one_time_key(key_id, digest), digest)
        device.mac(MacKey.HANDLE, key_id)
        device.destroy_one_time_key(key_id)
    return ROUNDS


def test_a_one_time_key_is_on_p256(device: SigningDevice, key_id: KeyId) -> None:
    spki = device.generate_one_time_key(key_id)

    assert isinstance(p256(spki).curve, SECP256R1)


def test_a_one_time_key_signs_the_digest_itself(
    device: SigningDevice, key_id: KeyId
) -> None:
    spki = device.generate_one_time_key(key_id)

    signature = device.sign_with_one_time_key(key_id, DIGEST)

    verify(spki, signature, DIGEST)


def test_a_signature_does_not_verify_for_another_digest(
    device: SigningDevice, key_id: KeyId
) -> None:
    """Guards the test above: a ``verify`` that never refuses would pass it."""
    spki = device.generate_one_time_key(key_id)

    signature = device.sign_with_one_time_key(key_id, DIGEST)

    with pytest.raises(InvalidSignature):
        verify(spki, signature, OTHER_DIGEST)


def test_each_one_time_key_is_new(device: SigningDevice) -> None:
    first = device.generate_one_time_key(KeyId(b"1" * 16))
    second = device.generate_one_time_key(KeyId(b"2" * 16))

    assert first != second


def test_each_key_id_signs_with_its_own_key(device: SigningDevice) -> None:
    device.generate_one_time_key(KeyId(b"1" * 16))
    second = device.generate_one_time_key(KeyId(b"2" * 16))

    signature = device.sign_with_one_time_key(KeyId(b"2" * 16), DIGEST)

    verify(second, signature, DIGEST)


def test_a_key_id_in_use_is_refused(device: SigningDevice, key_id: KeyId) -> None:
    device.generate_one_time_key(key_id)

    with pytest.raises(DeviceRefusedError):
        device.generate_one_time_key(key_id)


def test_a_refused_second_generation_leaves_the_first_key(
    device: SigningDevice, key_id: KeyId
) -> None:
    spki = device.generate_one_time_key(key_id)

    with pytest.raises(DeviceRefusedError):
        device.generate_one_time_key(key_id)

    verify(spki, device.sign_with_one_time_key(key_id, DIGEST), DIGEST)


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_key_id_of_another_length_is_refused(
    device: SigningDevice, length: int
) -> None:
    with pytest.raises(DeviceRefusedError):
        device.generate_one_time_key(KeyId(bytes(length)))


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_no_key_is_destroyed_by_an_id_of_another_length(
    device: SigningDevice, length: int
) -> None:
    with pytest.raises(DeviceRefusedError):
        device.destroy_one_time_key(KeyId(bytes(length)))


@pytest.mark.parametrize("length", [0, 1, 31, 33, 48, 64])
def test_a_one_time_key_refuses_a_digest_of_another_length(
    device: SigningDevice, key_id: KeyId, length: int
) -> None:
    device.generate_one_time_key(key_id)

    with pytest.raises(DeviceRefusedError):
        device.sign_with_one_time_key(key_id, bytes(length))


@pytest.mark.parametrize("length", [0, 1, 31, 33, 48, 64])
def test_a_service_key_refuses_a_digest_of_another_length(
    device: SigningDevice, length: int
) -> None:
    with pytest.raises(DeviceRefusedError):
        device.sign_with_service_key(ServiceKey.REQUEST_SIGNING, bytes(length))


def test_no_two_signatures_share_their_nonce(
    device: SigningDevice, key_id: KeyId
) -> None:
    device.generate_one_time_key(key_id)

    signatures = [device.sign_with_one_time_key(key_id, DIGEST) for _ in range(300)]

    assert len({decode_dss_signature(signature)[0] for signature in signatures}) == 300


def test_an_unknown_key_cannot_sign(device: SigningDevice, key_id: KeyId) -> None:
    with pytest.raises(KeyNotFoundError):
        device.sign_with_one_time_key(key_id, DIGEST)


def test_a_destroyed_key_cannot_sign(device: SigningDevice, key_id: KeyId) -> None:
    device.generate_one_time_key(key_id)

    device.destroy_one_time_key(key_id)

    with pytest.raises(KeyNotFoundError):
        device.sign_with_one_time_key(key_id, DIGEST)


def test_a_key_that_was_never_there_is_not_destroyed(
    device: SigningDevice, key_id: KeyId
) -> None:
    with pytest.raises(KeyNotFoundError):
        device.destroy_one_time_key(key_id)


def test_a_key_is_destroyed_once(device: SigningDevice, key_id: KeyId) -> None:
    device.generate_one_time_key(key_id)
    device.destroy_one_time_key(key_id)

    with pytest.raises(KeyNotFoundError):
        device.destroy_one_time_key(key_id)


def test_destroying_one_key_leaves_the_others(device: SigningDevice) -> None:
    device.generate_one_time_key(KeyId(b"1" * 16))
    second = device.generate_one_time_key(KeyId(b"2" * 16))

    device.destroy_one_time_key(KeyId(b"1" * 16))

    signature = device.sign_with_one_time_key(KeyId(b"2" * 16), DIGEST)
    verify(second, signature, DIGEST)


def test_one_time_keys_are_listed_in_order(device: SigningDevice) -> None:
    device.generate_one_time_key(KeyId(b"2" * 16))
    device.generate_one_time_key(KeyId(b"1" * 16))

    assert device.one_time_keys() == (b"1" * 16, b"2" * 16)


def test_a_destroyed_key_is_not_listed(device: SigningDevice, key_id: KeyId) -> None:
    device.generate_one_time_key(key_id)

    device.destroy_one_time_key(key_id)

    assert device.one_time_keys() == ()


@pytest.mark.parametrize("key", ServiceKey)
def test_a_service_key_signs_for_its_public_key(
    device: SigningDevice, key: ServiceKey
) -> None:
    spki = device.service_public_key(key)

    verify(spki, device.sign_with_service_key(key, DIGEST), DIGEST)


def test_service_keys_differ(device: SigningDevice) -> None:
    public = {device.service_public_key(key) for key in ServiceKey}

    assert len(public) == len(ServiceKey)


@pytest.mark.parametrize("key", MacKey)
@pytest.mark.parametrize("message", [b"", b"x", bytes(100_000)], ids=len)
def test_a_mac_repeats(device: SigningDevice, key: MacKey, message: bytes) -> None:
    assert device.mac(key, message) == device.mac(key, message)


def test_a_mac_has_32_bytes(device: SigningDevice) -> None:
    assert len(device.mac(MacKey.SIGNER_ID, b"message")) == 32


def test_macs_differ_by_key(device: SigningDevice) -> None:
    answers = {device.mac(key, b"message") for key in MacKey}

    assert len(answers) == len(MacKey)


def test_macs_differ_by_message(device: SigningDevice) -> None:
    first = device.mac(MacKey.HANDLE, b"message")

    assert first != device.mac(MacKey.HANDLE, b"messagf")


def test_every_known_answer_is_given(device: SigningDevice) -> None:
    assert "a destroyed key is gone and signs nothing" in known_answers(device)


def test_the_known_answers_leave_no_key(device: SigningDevice) -> None:
    known_answers(device)

    assert device.one_time_keys() == ()


def test_eight_threads_generate_sign_and_destroy_at_once(
    device: SigningDevice,
) -> None:
    """Without a lock, SoftHSM under python-pkcs11 fails or crashes here."""
    with ThreadPoolExecutor(THREADS) as pool:
        lives = list(pool.map(live, [device] * THREADS))

    assert sum(lives) == THREADS * ROUNDS


def test_no_key_is_left_after_eight_threads(device: SigningDevice) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(live, [device] * THREADS))

    assert device.one_time_keys() == ()


def test_eight_threads_cannot_make_the_same_key_twice(
    device: SigningDevice, key_id: KeyId
) -> None:
    def generate(_: int) -> bool:
        try:
            device.generate_one_time_key(key_id)
        except DeviceRefusedError:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(generate, range(THREADS)))

    assert made.count(True) == 1


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda d, k: d.generate_one_time_key(k), id="generate"),
        pytest.param(lambda d, k: d.sign_with_one_time_key(k, DIGEST), id="sign"),
        pytest.param(lambda d, k: d.destroy_one_time_key(k), id="destroy"),
        pytest.param(lambda d, k: d.one_time_keys(), id="list"),
        pytest.param(
            lambda d, k: d.service_public_key(ServiceKey.PASS_ISSUING), id="public"
        ),
        pytest.param(
            lambda d, k: d.sign_with_service_key(ServiceKey.PASS_ISSUING, DIGEST),
            id="service",
        ),
        pytest.param(lambda d, k: d.mac(MacKey.HANDLE, b"m"), id="mac"),
        pytest.param(lambda d, k: d.self_test(), id="self-test"),
    ],
)
def test_a_closed_device_refuses(device: SigningDevice, key_id: KeyId, call) -> None:  # type: ignore[no-untyped-def]
    device.close()

    with pytest.raises(HsmUnavailableError):
        call(device, key_id)


def test_closing_twice_does_nothing(device: SigningDevice) -> None:
    device.close()

    device.close()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HsmError, "hsm_error"),
        (HsmUnavailableError, "hsm_unavailable"),
        (KeyNotFoundError, "hsm_key_not_found"),
        (DeviceRefusedError, "hsm_device_refused"),
    ],
)
def test_error_codes_are_stable(error: type[HsmError], code: str) -> None:
    assert error.code == code
