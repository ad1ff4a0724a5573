"""Quota keys: the promises of ``hsm.port``, asked of every adapter."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from hsm.errors import DeviceRefusedError, HsmUnavailableError, KeyNotFoundError
from hsm.port import KeyId, MacKey, SigningDevice

KEY_ID, OTHER = KeyId(b"1" * 16), KeyId(b"2" * 16)
MESSAGE = b"message"
THREADS = 8

pytestmark = pytest.mark.usefixtures("token_without_quota_keys")


@pytest.mark.parametrize("message", [b"", b"x", bytes(100_000)], ids=len)
def test_a_quota_mac_repeats(device: SigningDevice, message: bytes) -> None:
    device.create_quota_key(KEY_ID)

    first = device.quota_mac(KEY_ID, message)

    assert device.quota_mac(KEY_ID, message) == first


def test_a_quota_mac_has_32_bytes(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)

    assert len(device.quota_mac(KEY_ID, MESSAGE)) == 32


def test_quota_macs_differ_by_message(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)

    first = device.quota_mac(KEY_ID, b"message")

    assert first != device.quota_mac(KEY_ID, b"messagf")


def test_quota_macs_differ_by_key(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)
    device.create_quota_key(OTHER)

    first = device.quota_mac(KEY_ID, MESSAGE)

    assert first != device.quota_mac(OTHER, MESSAGE)


def test_a_quota_key_is_none_of_the_services_mac_keys(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)

    macs = {device.mac(key, MESSAGE) for key in MacKey}

    assert device.quota_mac(KEY_ID, MESSAGE) not in macs


def test_a_key_id_in_use_is_refused(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)

    with pytest.raises(DeviceRefusedError):
        device.create_quota_key(KEY_ID)


def test_a_refused_second_creation_leaves_the_first_key(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)
    before = device.quota_mac(KEY_ID, MESSAGE)

    with pytest.raises(DeviceRefusedError):
        device.create_quota_key(KEY_ID)

    assert device.quota_mac(KEY_ID, MESSAGE) == before


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_key_id_of_another_length_is_not_made(
    device: SigningDevice, length: int
) -> None:
    with pytest.raises(DeviceRefusedError):
        device.create_quota_key(KeyId(bytes(length)))


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_key_id_of_another_length_destroys_nothing(
    device: SigningDevice, length: int
) -> None:
    """An empty CKA_ID is what the service's own MAC keys have."""
    with pytest.raises(DeviceRefusedError):
        device.destroy_quota_key(KeyId(bytes(length)))


def test_an_unknown_quota_key_macs_nothing(device: SigningDevice) -> None:
    with pytest.raises(KeyNotFoundError):
        device.quota_mac(KEY_ID, MESSAGE)


def test_a_destroyed_quota_key_macs_nothing(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)
    device.quota_mac(KEY_ID, MESSAGE)

    device.destroy_quota_key(KEY_ID)

    with pytest.raises(KeyNotFoundError):
        device.quota_mac(KEY_ID, MESSAGE)


def test_destroying_what_is_not_there_does_nothing(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)

    device.destroy_quota_key(OTHER)

    assert device.quota_keys() == (KEY_ID,)


def test_destroying_twice_does_nothing_more(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)
    device.destroy_quota_key(KEY_ID)

    device.destroy_quota_key(KEY_ID)

    assert device.quota_keys() == ()


def test_a_key_made_anew_under_an_old_id_is_another(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)
    before = device.quota_mac(KEY_ID, MESSAGE)
    device.destroy_quota_key(KEY_ID)

    device.create_quota_key(KEY_ID)

    assert device.quota_mac(KEY_ID, MESSAGE) != before


def test_destroying_one_quota_key_leaves_the_others(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)
    device.create_quota_key(OTHER)
    before = device.quota_mac(OTHER, MESSAGE)

    device.destroy_quota_key(KEY_ID)

    assert device.quota_mac(OTHER, MESSAGE) == before


def test_quota_keys_are_listed_in_order(device: SigningDevice) -> None:
    device.create_quota_key(OTHER)
    device.create_quota_key(KEY_ID)

    assert device.quota_keys() == (KEY_ID, OTHER)


def test_quota_keys_and_one_time_keys_are_listed_apart(device: SigningDevice) -> None:
    device.create_quota_key(KEY_ID)
    device.generate_one_time_key(OTHER)

    listed = device.quota_keys(), device.one_time_keys()

    assert listed == ((KEY_ID,), (OTHER,))


def test_a_one_time_key_is_no_quota_key(device: SigningDevice) -> None:
    device.generate_one_time_key(KEY_ID)

    with pytest.raises(KeyNotFoundError):
        device.quota_mac(KEY_ID, MESSAGE)


def test_eight_threads_cannot_make_the_same_quota_key_twice(
    device: SigningDevice,
) -> None:
    def create(_: int) -> bool:
        try:
            device.create_quota_key(KEY_ID)
        except DeviceRefusedError:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(create, range(THREADS)))

    assert made.count(True) == 1


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda d: d.create_quota_key(OTHER), id="create"),
        pytest.param(lambda d: d.quota_mac(KEY_ID, MESSAGE), id="mac"),
        pytest.param(lambda d: d.destroy_quota_key(KEY_ID), id="destroy"),
        pytest.param(lambda d: d.quota_keys(), id="list"),
    ],
)
def test_a_closed_device_refuses(device: SigningDevice, call) -> None:  # type: ignore[no-untyped-def]
    device.create_quota_key(KEY_ID)
    device.close()

    with pytest.raises(HsmUnavailableError):
        call(device)
