"""A module that goes wrong at any call: the short form of ``make hsm-faults`` (R6)."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hsm.algorithms import Scheme
from hsm.errors import BlobRefusedError, DeviceRefusedError, HsmUnavailableError
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import MacKey
from tests.hsm.shim import built
from tests.hsm.shim.built import Effect
from tests.hsm.shim.sweep import (
    CODES,
    FOR_EVER,
    MOST_CALLS,
    Bench,
    Tally,
    every_series,
    sweep,
)

# python-pkcs11's finalisers meet sessions that are gone.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
STEPS = {"wrapped-ec": 2, "generate": 5, "rewrap": 9, "one-time": 7, "start-up": 29}
"""Every so many calls; each error begins at another one."""
AT_UNWRAP = AT_SIGN_INIT = 3
"""python-pkcs11 asks for the type of the key in two calls before."""


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, softhsm_module: Path
) -> Iterator[Bench]:
    """No compiler is a skip here and a failure in CI."""
    if built.COMPILER is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no C compiler")
        pytest.skip("no C compiler")
    bench = Bench(tmp_path_factory.mktemp("shim"), softhsm_module)
    yield bench
    bench.shim.disarm()
    bench.device.close()


@pytest.fixture(autouse=True)
def whole(bench: Bench) -> Iterator[None]:
    """Each test begins with a device that serves, and nothing armed."""
    bench.shim.disarm()
    yield
    bench.shim.disarm()
    bench.renew()


@pytest.mark.parametrize("ceremony", STEPS)
def test_an_error_at_any_call_ends_in_an_error_or_right(
    bench: Bench, ceremony: str
) -> None:
    tally = Tally()

    for number, series in enumerate(every_series(ceremony, [1])):
        first = 1 + number // 2 % STEPS[ceremony]
        sweep(bench, series, tally, range(first, MOST_CALLS, STEPS[ceremony]))

    assert tally.complaints == []
    assert tally.trials > len(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_device_that_stays_away_is_unavailable(bench: Bench, code: str) -> None:
    bench.shim.arm(1, effect=Effect.INSTEAD, code=CODES[code], times=FOR_EVER)

    with pytest.raises(HsmUnavailableError):
        bench.sign(bench.ec, Scheme.ECDSA_SHA256)


@pytest.mark.parametrize("length", [0, 8, 79, 4104, 1 << 20])
def test_a_blob_of_an_impossible_length_is_refused_without_the_device(
    bench: Bench, length: int
) -> None:
    bench.shim.arm(
        1, effect=Effect.INSTEAD, code=CODES["DEVICE_REMOVED"], times=FOR_EVER
    )

    with pytest.raises(BlobRefusedError, match=f"a blob of {length} bytes"):
        bench.sign(replace(bench.ec, blob=bytes(length)), Scheme.ECDSA_SHA256)


def test_passing_trouble_is_not_blamed_on_the_blob(bench: Bench) -> None:
    """SoftHSM has one answer for both."""
    bench.shim.arm(AT_UNWRAP, effect=Effect.INSTEAD, code=CODES["GENERAL_ERROR"])

    bench.sign(bench.ec, Scheme.ECDSA_SHA256)

    assert bench.shim.hit


def test_a_key_that_was_unwrapped_and_refused_is_swept(bench: Bench) -> None:
    wrapped_key_invalid = 0x110
    bench.shim.arm(AT_UNWRAP, effect=Effect.AFTERWARDS, code=wrapped_key_invalid)
    with pytest.raises(BlobRefusedError):
        bench.sign(bench.ec, Scheme.ECDSA_SHA256)

    assert bench.device.one_time_keys() == ()


def test_a_locked_pin_is_not_offered_again(bench: Bench) -> None:
    """Whether the token said so at login or in the middle of something."""
    bench.shim.arm(AT_SIGN_INIT, effect=Effect.INSTEAD, code=CODES["PIN_LOCKED"])
    with pytest.raises(HsmUnavailableError, match="PinLocked"):
        bench.device.mac(MacKey.HANDLE, b"message")

    with pytest.raises(HsmUnavailableError, match="PinLocked"):
        bench.device.mac(MacKey.HANDLE, b"message")

    assert bench.shim.logins == 0


def test_a_key_that_signs_wrong_at_the_comparison_signs_nothing(bench: Bench) -> None:
    bench.shim.arm(1, effect=Effect.FLIP, code=0, times=FOR_EVER)

    with pytest.raises(BlobRefusedError, match="compared"):
        bench.sign(bench.ec, Scheme.ECDSA_SHA256)

    assert bench.shim.signatures == 1


def test_a_flipped_signature_is_for_the_caller_to_notice(bench: Bench) -> None:
    """The port does not promise more; the SAM verifies before it releases."""
    bench.shim.arm(1, effect=Effect.FLIP, code=0, times=FOR_EVER)

    with pytest.raises(DeviceRefusedError, match="a signature is wrong"):
        bench.one_time()


def test_a_slow_device_lets_others_wait_no_longer_than_configured(
    bench: Bench,
) -> None:
    bench.shim.arm(1, effect=Effect.SLEEP, code=1_500_000)
    slow = threading.Thread(target=bench.device.mac, args=(MacKey.HANDLE, b"slow"))
    slow.start()
    time.sleep(0.1)

    with pytest.raises(HsmUnavailableError, match="busy"):
        bench.device.mac(MacKey.HANDLE, b"message")

    slow.join()


def test_nothing_goes_wrong_unarmed(bench: Bench) -> None:
    """Guards the tables above."""
    for ceremony, _ in bench.ceremonies().values():
        ceremony()

    assert isinstance(bench.device, Pkcs11Device)
    assert not bench.shim.hit
