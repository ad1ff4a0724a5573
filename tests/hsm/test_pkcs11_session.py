"""Sessions that are lost, busy, shared by processes, or carried over a fork."""

import shutil
import subprocess
import threading
from collections.abc import Callable

import pytest
from pkcs11 import Session
from pkcs11 import exceptions as ck

from hsm import keys
from hsm.config import HsmConfig
from hsm.errors import HsmError, HsmUnavailableError, KeyNotFoundError
from hsm.initialising import Module
from hsm.module import _held
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KeyId, MacKey
from hsm.token import set_up

Start = Callable[..., "subprocess.Popen[str]"]


def lent(device: Pkcs11Device) -> Session:
    return device._login._session


def test_a_lost_session_is_unavailable(pkcs11_device: Pkcs11Device) -> None:
    lent(pkcs11_device).close()

    with pytest.raises(HsmUnavailableError, match="SessionHandleInvalid"):
        pkcs11_device.mac(MacKey.HANDLE, b"message")


def lose(device: Pkcs11Device) -> None:
    """End the session behind the device's back; the next call finds out."""
    lent(device).close()
    with pytest.raises(HsmUnavailableError):
        device.mac(MacKey.HANDLE, b"message")


def test_after_a_lost_session_the_next_call_is_served(
    pkcs11_device: Pkcs11Device,
) -> None:
    before = pkcs11_device.mac(MacKey.HANDLE, b"message")
    lose(pkcs11_device)

    assert pkcs11_device.mac(MacKey.HANDLE, b"message") == before


def test_one_time_keys_end_with_a_lost_session(
    pkcs11_device: Pkcs11Device, key_id: KeyId
) -> None:
    pkcs11_device.generate_one_time_key(key_id)
    lose(pkcs11_device)

    with pytest.raises(KeyNotFoundError):
        pkcs11_device.sign_with_one_time_key(key_id, bytes(32))

    assert pkcs11_device.one_time_keys() == ()


def test_a_session_that_is_lost_again_before_any_call_is_not_opened_again(
    pkcs11_device: Pkcs11Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(pkcs11_device)
    with monkeypatch.context() as patch:
        patch.setattr(keys, "sign", lost)
        with pytest.raises(HsmUnavailableError):
            pkcs11_device.mac(MacKey.HANDLE, b"message")

    with pytest.raises(HsmUnavailableError, match="DeviceRemoved"):
        pkcs11_device.mac(MacKey.HANDLE, b"message")


def lost(*_: object) -> bytes:
    raise ck.DeviceRemoved


def test_a_session_may_be_lost_again_once_calls_were_served(
    pkcs11_device: Pkcs11Device,
) -> None:
    before = pkcs11_device.mac(MacKey.HANDLE, b"message")
    lose(pkcs11_device)
    pkcs11_device.mac(MacKey.HANDLE, b"message")
    lose(pkcs11_device)

    assert pkcs11_device.mac(MacKey.HANDLE, b"message") == before


def test_a_device_that_does_not_come_back_is_asked_once(
    own_config: HsmConfig,
) -> None:
    device = Pkcs11Device.open(own_config)
    lose(device)
    pin = own_config.pin_file.read_bytes()
    own_config.pin_file.write_text("another pin\n")
    with pytest.raises(HsmUnavailableError, match="PinIncorrect"):
        device.mac(MacKey.HANDLE, b"message")
    own_config.pin_file.write_bytes(pin)

    with pytest.raises(HsmUnavailableError, match="not back"):
        device.mac(MacKey.HANDLE, b"message")
    device.close()


def test_a_module_that_is_not_finalised_is_not_used_again(
    own_config: HsmConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its session objects may still be there; they end with the process."""
    device = Pkcs11Device.open(own_config)

    def stay(module: Module) -> None:
        Module.finalize(module)
        raise HsmUnavailableError("CKR_DEVICE_ERROR")

    with monkeypatch.context() as patch:
        patch.setattr("hsm.login.release", stay)
        lose(device)

    with pytest.raises(HsmUnavailableError, match="not finalised"):
        device.mac(MacKey.HANDLE, b"message")
    _held.clear()


def test_another_token_that_comes_back_is_refused(own_config: HsmConfig) -> None:
    device = Pkcs11Device.open(own_config)
    lose(device)
    shutil.rmtree(own_config.pin_file.parents[1] / "tokens")
    set_up(own_config)

    with pytest.raises(HsmError, match="another token"):
        device.mac(MacKey.HANDLE, b"message")

    with pytest.raises(HsmUnavailableError, match="another token"):
        device.mac(MacKey.HANDLE, b"message")
    device.close()


def test_a_lost_device_can_be_opened_again(softhsm_config: HsmConfig) -> None:
    lost = Pkcs11Device.open(softhsm_config)
    lent(lost).close()
    with pytest.raises(HsmUnavailableError):
        lost.mac(MacKey.HANDLE, b"message")
    lost.close()

    again = Pkcs11Device.open(softhsm_config)

    assert len(again.mac(MacKey.HANDLE, b"message")) == 32
    again.close()


def test_a_key_cannot_be_made_in_a_lost_session(
    pkcs11_device: Pkcs11Device, key_id: KeyId
) -> None:
    lent(pkcs11_device).close()

    with pytest.raises(HsmUnavailableError):
        pkcs11_device.generate_one_time_key(key_id)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_search_in_a_lost_session_is_unavailable(
    pkcs11_device: Pkcs11Device,
) -> None:
    """It leaves python-pkcs11's lock on that session taken: it is not used again."""
    lent(pkcs11_device).close()
    with pytest.raises(HsmUnavailableError, match="SearchFailed"):
        pkcs11_device.one_time_keys()

    assert pkcs11_device.one_time_keys() == ()


def test_a_call_waits_for_its_turn_no_longer_than_configured(
    softhsm_config: HsmConfig,
) -> None:
    impatient = softhsm_config.model_copy(update={"busy_timeout": 0.05})
    device = Pkcs11Device.open(impatient)
    refusals: list[HsmError] = []

    def call() -> None:
        try:
            device.mac(MacKey.HANDLE, b"message")
        except HsmUnavailableError as error:
            refusals.append(error)

    with device._login.exclusively():
        caller = threading.Thread(target=call)
        caller.start()
        caller.join()

    device.close()
    assert "busy" in str(refusals[0])


def test_two_processes_use_one_token_at_once(
    softhsm_config: HsmConfig, start: Start
) -> None:
    """Each logs in several times, while the other signs."""
    configuration = softhsm_config.model_dump_json()
    processes = [start("signing_process.py", configuration) for _ in range(2)]

    outputs = [process.communicate(timeout=60) for process in processes]

    assert outputs == [("200\n", ""), ("200\n", "")]


@pytest.mark.parametrize("case", ["use-parents", "open-beside-parent", "open-after"])
def test_a_forked_child_opens_its_own_device(
    softhsm_config: HsmConfig, start: Start, case: str
) -> None:
    process = start("forking_process.py", softhsm_config.model_dump_json(), case)

    output = process.communicate(timeout=60)

    assert output == ("as promised\n", "")
