"""The promises of ``hsm.wrapped``, asked of every adapter that wraps keys."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from hsm.algorithms import SCHEMES, Algorithm, Scheme, algorithm_of
from hsm.errors import (
    BlobRefusedError,
    DeviceRefusedError,
    HsmUnavailableError,
    KeyNotFoundError,
)
from hsm.memory_device import MemoryDevice
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KeyId
from hsm.verifying import require_signature
from hsm.wrapped import WrappedKey

Device = MemoryDevice | Pkcs11Device
DIGEST = bytes(range(32))
THREADS = 8
ROUNDS = 10
PAIRS = [
    (algorithm, scheme)
    for scheme in Scheme
    for algorithm in Algorithm
    if algorithm in SCHEMES[scheme].algorithms
    # One size of RSA by every scheme, the other by one: its keys take seconds to make.
    if algorithm is not Algorithm.RSA4096 or scheme is Scheme.RSA_PSS_SHA512
]
OTHER_PAIRS = [
    (algorithm, scheme)
    for scheme in Scheme
    for algorithm in (Algorithm.P256, Algorithm.P384, Algorithm.RSA3072)
    if algorithm not in SCHEMES[scheme].algorithms
]


@pytest.fixture
def device(wrapping_device: Device) -> Device:
    return wrapping_device


@pytest.fixture
def wrapped(device: Device) -> WrappedKey:
    return device.generate_wrapped_key(Algorithm.P256)


def sign(device: Device, wrapped: WrappedKey, digest: bytes = DIGEST) -> bytes:
    (one,) = device.sign_with_wrapped_key(wrapped, Scheme.ECDSA_SHA256, [digest])
    return one


@pytest.mark.parametrize(("algorithm", "scheme"), PAIRS)
def test_a_wrapped_key_signs_by_each_of_its_schemes(
    made: Callable[[Algorithm], WrappedKey],
    device: Device,
    algorithm: Algorithm,
    scheme: Scheme,
) -> None:
    wrapped = made(algorithm)
    digests = [secrets.token_bytes(SCHEMES[scheme].digest_bytes) for _ in range(2)]

    signatures = device.sign_with_wrapped_key(wrapped, scheme, digests)

    assert algorithm_of(wrapped.public_key) is algorithm
    for digest, signature in zip(digests, signatures, strict=True):
        require_signature(wrapped.public_key, scheme, digest, signature)


@pytest.mark.parametrize(("algorithm", "scheme"), OTHER_PAIRS)
def test_a_key_does_not_sign_by_a_scheme_of_another_kind(
    made: Callable[[Algorithm], WrappedKey],
    device: Device,
    algorithm: Algorithm,
    scheme: Scheme,
) -> None:
    digest = bytes(SCHEMES[scheme].digest_bytes)

    with pytest.raises(DeviceRefusedError, match="does not sign by"):
        device.sign_with_wrapped_key(made(algorithm), scheme, [digest])


@pytest.mark.parametrize(
    "digests",
    [
        pytest.param([], id="none"),
        pytest.param([b""], id="empty"),
        pytest.param([DIGEST[:-1]], id="short"),
        pytest.param([DIGEST + b"\0"], id="long"),
        pytest.param([DIGEST, bytes(48)], id="the-second-long"),
    ],
)
def test_digests_of_another_length_are_refused(
    device: Device, wrapped: WrappedKey, digests: list[bytes]
) -> None:
    with pytest.raises(DeviceRefusedError):
        device.sign_with_wrapped_key(wrapped, Scheme.ECDSA_SHA256, digests)


def flipped(blob: bytes, at: int) -> bytes:
    return blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda blob: flipped(blob, 0), id="first-bit"),
        pytest.param(lambda blob: flipped(blob, len(blob) // 2), id="middle"),
        pytest.param(lambda blob: flipped(blob, len(blob) - 1), id="last-bit"),
        pytest.param(lambda blob: b"", id="empty"),
        pytest.param(lambda blob: blob[:8], id="one-block"),
        pytest.param(lambda blob: blob[:-1], id="cut-by-one"),
        pytest.param(lambda blob: blob[:-8], id="cut-by-a-block"),
        pytest.param(lambda blob: blob + bytes(8), id="longer"),
        pytest.param(lambda blob: bytes(len(blob)), id="zeros"),
        pytest.param(lambda blob: bytes(1 << 20), id="a-megabyte"),
    ],
)
@pytest.mark.parametrize("use", [sign, lambda device, key: device.rewrap(key)])
def test_a_changed_blob_is_refused(
    device: Device,
    wrapped: WrappedKey,
    change: Callable[[bytes], bytes],
    use: Callable[[Device, WrappedKey], object],
) -> None:
    with pytest.raises(BlobRefusedError):
        use(device, replace(wrapped, blob=change(wrapped.blob)))


def test_the_unchanged_blob_signs(device: Device, wrapped: WrappedKey) -> None:
    """Guards the tables above."""
    digest_signed = sign(device, wrapped)

    require_signature(wrapped.public_key, Scheme.ECDSA_SHA256, DIGEST, digest_signed)


@pytest.mark.parametrize("algorithm", [Algorithm.P256, Algorithm.RSA3072])
@pytest.mark.parametrize(
    "use",
    [
        pytest.param(
            lambda d, w, s: d.sign_with_wrapped_key(w, s, [DIGEST]), id="sign"
        ),
        pytest.param(lambda d, w, s: d.rewrap(w), id="rewrap"),
    ],
)
def test_a_blob_of_another_key_is_refused(
    device: Device,
    algorithm: Algorithm,
    use: Callable[[Device, WrappedKey, Scheme], object],
) -> None:
    """HS2: two rows of the same kind whose blobs were swapped."""
    mine, others = (device.generate_wrapped_key(algorithm) for _ in range(2))
    scheme = next(s for s in Scheme if algorithm in SCHEMES[s].algorithms)

    with pytest.raises(BlobRefusedError):
        use(device, replace(mine, blob=others.blob), scheme)


def test_a_blob_of_another_kind_of_key_is_refused(
    device: Device, made: Callable[[Algorithm], WrappedKey]
) -> None:
    swapped = replace(made(Algorithm.P256), blob=made(Algorithm.RSA3072).blob)

    with pytest.raises(BlobRefusedError):
        sign(device, swapped)


@pytest.mark.parametrize("public_key", [b"", b"0\x03\x02\x01\x01", bytes(91)])
def test_what_is_no_public_key_is_refused(
    device: Device, wrapped: WrappedKey, public_key: bytes
) -> None:
    with pytest.raises(DeviceRefusedError, match="public key"):
        sign(device, replace(wrapped, public_key=public_key))


def test_an_unknown_wrapping_key_is_missed(device: Device, wrapped: WrappedKey) -> None:
    with pytest.raises(KeyNotFoundError):
        sign(device, replace(wrapped, wrapping_key=KeyId(bytes(16))))


def test_each_wrapped_key_is_new(device: Device, wrapped: WrappedKey) -> None:
    other = device.generate_wrapped_key(Algorithm.P256)

    assert other.public_key != wrapped.public_key


def test_a_new_wrapping_key_is_the_newest(device: Device) -> None:
    before = device.wrapping_keys()

    made = device.create_wrapping_key()

    assert device.wrapping_keys() == (*before, made)


def test_new_keys_are_wrapped_under_the_newest(device: Device) -> None:
    newest = device.create_wrapping_key()

    assert device.generate_wrapped_key(Algorithm.P256).wrapping_key == newest


def test_a_rewrapped_key_is_the_same_key_under_the_newest(
    device: Device, wrapped: WrappedKey
) -> None:
    newest = device.create_wrapping_key()

    again = device.rewrap(wrapped)

    assert (again.wrapping_key, again.public_key) == (newest, wrapped.public_key)
    require_signature(
        wrapped.public_key, Scheme.ECDSA_SHA256, DIGEST, sign(device, again)
    )


def test_the_old_blob_signs_until_its_wrapping_key_is_destroyed(
    device: Device, wrapped: WrappedKey
) -> None:
    device.create_wrapping_key()
    device.rewrap(wrapped)
    sign(device, wrapped)

    device.destroy_wrapping_key(wrapped.wrapping_key)

    with pytest.raises(KeyNotFoundError):
        sign(device, wrapped)


def test_a_key_under_the_newest_comes_back_as_it_is(
    device: Device, wrapped: WrappedKey
) -> None:
    assert device.rewrap(wrapped) == wrapped


def test_the_newest_wrapping_key_is_not_destroyed(device: Device) -> None:
    device.create_wrapping_key()
    before = device.wrapping_keys()

    with pytest.raises(DeviceRefusedError, match="newest"):
        device.destroy_wrapping_key(before[-1])

    assert device.wrapping_keys() == before


def test_a_wrapping_key_is_destroyed_once(device: Device) -> None:
    first, *_ = device.wrapping_keys()
    device.create_wrapping_key()
    device.destroy_wrapping_key(first)

    with pytest.raises(KeyNotFoundError):
        device.destroy_wrapping_key(first)


def test_eight_threads_make_and_use_wrapped_keys(device: Device) -> None:
    def live(_: int) -> int:
        for _ in range(ROUNDS):
            wrapped, digest = device.generate_wrapped_key(Algorithm.P256), DIGEST
            signature = sign(device, wrapped, digest)
            require_signature(
                wrapped.public_key, Scheme.ECDSA_SHA256, digest, signature
            )
        return ROUNDS

    with ThreadPoolExecutor(THREADS) as pool:
        lives = list(pool.map(live, range(THREADS)))

    assert sum(lives) == THREADS * ROUNDS
    assert device.one_time_keys() == ()


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda d, w: d.generate_wrapped_key(Algorithm.P256), id="make"),
        pytest.param(sign, id="sign"),
        pytest.param(lambda d, w: d.rewrap(w), id="rewrap"),
        pytest.param(lambda d, w: d.wrapping_keys(), id="list"),
        pytest.param(lambda d, w: d.create_wrapping_key(), id="create"),
        pytest.param(lambda d, w: d.destroy_wrapping_key(KeyId(bytes(16))), id="end"),
    ],
)
def test_a_closed_device_refuses(
    device: Device, wrapped: WrappedKey, call: Callable[[Device, WrappedKey], object]
) -> None:
    device.close()

    with pytest.raises(HsmUnavailableError):
        call(device, wrapped)
