import logging
import threading
import traceback
from pathlib import Path

import pytest

from hsm.config import HsmConfig
from hsm.errors import HsmUnavailableError
from hsm.login import Login
from hsm.pin import Pin, read_pin, write_pin
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import MacKey
from hsm.turns import turn_between_processes

WRONG = "wrong-pin-canary-7431"


@pytest.fixture
def wrong_pin_config(own_config: HsmConfig, tmp_path: Path) -> HsmConfig:
    write_pin(tmp_path / "wrong", Pin(WRONG))
    return own_config.model_copy(update={"pin_file": tmp_path / "wrong"})


def test_a_wrong_pin_is_unavailable(wrong_pin_config: HsmConfig) -> None:
    with pytest.raises(HsmUnavailableError, match="PinIncorrect"):
        Pkcs11Device.open(wrong_pin_config)


def test_a_wrong_pin_is_tried_once(
    wrong_pin_config: HsmConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("hsm.login.time.sleep", pauses.append)

    with pytest.raises(HsmUnavailableError):
        Pkcs11Device.open(wrong_pin_config)

    assert pauses == []


def test_a_wrong_pin_leaves_the_module_free(
    wrong_pin_config: HsmConfig, own_config: HsmConfig
) -> None:
    with pytest.raises(HsmUnavailableError):
        Pkcs11Device.open(wrong_pin_config)

    Pkcs11Device.open(own_config).close()


def test_a_wrong_pin_is_not_in_the_traceback(wrong_pin_config: HsmConfig) -> None:
    """Not even with the local variables, as error reporters print them."""
    with pytest.raises(HsmUnavailableError) as caught:
        Pkcs11Device.open(wrong_pin_config)

    told = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    assert WRONG not in "".join(told.format())


def test_a_refused_pin_file_is_not_in_the_traceback(
    wrong_pin_config: HsmConfig,
) -> None:
    wrong_pin_config.pin_file.write_text(WRONG + "\n" + WRONG)

    with pytest.raises(HsmUnavailableError) as caught:
        Pkcs11Device.open(wrong_pin_config)

    told = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    assert WRONG not in "".join(told.format())


def test_the_pin_is_not_in_what_the_device_prints(
    softhsm_config: HsmConfig, pkcs11_device: Pkcs11Device
) -> None:
    pin = read_pin(softhsm_config.pin_file).reveal()
    printed = repr((softhsm_config, pkcs11_device, vars(pkcs11_device)))
    printed += repr(vars(pkcs11_device._login))

    assert pin not in printed


def test_the_pin_is_not_in_the_log(
    softhsm_config: HsmConfig, caplog: pytest.LogCaptureFixture
) -> None:
    pin = read_pin(softhsm_config.pin_file).reveal()
    with caplog.at_level(logging.DEBUG):
        device = Pkcs11Device.open(softhsm_config)
        device.self_test()
        device.close()

    assert pin not in caplog.text


def test_an_unknown_token_is_unavailable(
    softhsm_config: HsmConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hsm.login._PAUSES", ())
    other = softhsm_config.model_copy(update={"token_label": "another"})

    with pytest.raises(HsmUnavailableError, match="NoSuchToken"):
        Pkcs11Device.open(other)


def test_a_token_that_another_process_is_rewriting_is_waited_for(
    own_config: HsmConfig,
) -> None:
    (token,) = own_config.pin_file.parents[1].glob("tokens/*/token.object")
    whole = token.read_bytes()
    token.write_bytes(b"")
    writer = threading.Timer(0.08, token.write_bytes, [whole])
    writer.start()

    device = Pkcs11Device.open(own_config)

    assert len(device.mac(MacKey.HANDLE, b"message")) == 32
    device.close()
    writer.join()


def test_processes_log_in_one_after_the_other(softhsm_config: HsmConfig) -> None:
    """Another holder of the PIN file's lock, here a second descriptor."""
    impatient = softhsm_config.model_copy(update={"busy_timeout": 0.05})

    with (
        turn_between_processes(softhsm_config.pin_file, 1),
        pytest.raises(HsmUnavailableError, match="another process"),
    ):
        Login.open(impatient)


def test_a_login_waits_for_the_other_process(softhsm_config: HsmConfig) -> None:
    lock = turn_between_processes(softhsm_config.pin_file, 1)
    lock.__enter__()
    threading.Timer(0.05, lock.__exit__, [None, None, None]).start()

    Login.open(softhsm_config).close()


def test_the_turn_is_given_back(softhsm_config: HsmConfig) -> None:
    Login.open(softhsm_config).close()

    with turn_between_processes(softhsm_config.pin_file, 0.05):
        pass
