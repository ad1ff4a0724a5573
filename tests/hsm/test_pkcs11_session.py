"""Sessions that are lost, busy, shared by processes, or carried over a fork."""

import subprocess
import threading
from collections.abc import Callable

import pytest
from pkcs11 import Session

from hsm.config import HsmConfig
from hsm.errors import HsmError, HsmUnavailableError
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KeyId, MacKey, ServiceKey

Start = Callable[..., "subprocess.Popen[str]"]


def lent(device: Pkcs11Device) -> Session:
    return device._login._session


def test_a_lost_session_is_unavailable(pkcs11_device: Pkcs11Device) -> None:
    lent(pkcs11_device).close()

    with pytest.raises(HsmUnavailableError, match="SessionHandleInvalid"):
        pkcs11_device.mac(MacKey.HANDLE, b"message")


def test_after_a_lost_session_every_call_is_refused(
    pkcs11_device: Pkcs11Device, key_id: KeyId
) -> None:
    lent(pkcs11_device).close()
    with pytest.raises(HsmUnavailableError):
        pkcs11_device.mac(MacKey.HANDLE, b"message")

    with pytest.raises(HsmUnavailableError, match="session lost"):
        pkcs11_device.service_public_key(ServiceKey.PASS_ISSUING)


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
def test_a_search_in_a_lost_session_is_unavailable_for_good(
    pkcs11_device: Pkcs11Device,
) -> None:
    lent(pkcs11_device).close()
    with pytest.raises(HsmUnavailableError, match="SearchFailed"):
        pkcs11_device.one_time_keys()

    with pytest.raises(HsmUnavailableError, match="session lost"):
        pkcs11_device.one_time_keys()


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
