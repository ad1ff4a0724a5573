import os
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pkcs11 import Attribute, ObjectClass

from hsm import keys
from hsm.config import HsmConfig
from hsm.errors import DeviceRefusedError, HsmUnavailableError
from hsm.login import Login
from hsm.pin import Pin, read_pin, write_pin
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import MacKey, ServiceKey
from hsm.token import create_service_keys, set_up

ALL_KEYS = (*ServiceKey, *MacKey, "wrapping-000001")
FOLDER = 0o700
Start = Callable[..., "subprocess.Popen[str]"]


def public_keys(config: HsmConfig) -> list[bytes]:
    device = Pkcs11Device.open(config)
    public = [device.service_public_key(key) for key in ServiceKey]
    device.close()
    return public


def destroy(config: HsmConfig, label: str, object_class: ObjectClass) -> None:
    login = Login.open(config, writable=True)
    with login.exclusively() as session:
        (half,) = keys.find(
            session, {Attribute.CLASS: object_class, Attribute.LABEL: label}
        )
        half.destroy()
    login.close()


def test_set_up_makes_all_keys(unmade_softhsm_config: HsmConfig) -> None:
    assert set_up(unmade_softhsm_config) == ALL_KEYS


def test_a_new_token_passes_the_self_test(softhsm_config: HsmConfig) -> None:
    device = Pkcs11Device.open(softhsm_config)

    assert device.self_test().token_label == softhsm_config.token_label
    device.close()


def test_a_second_set_up_makes_nothing(own_config: HsmConfig) -> None:
    assert set_up(own_config) == ()


def test_a_second_set_up_keeps_the_keys(own_config: HsmConfig) -> None:
    before = public_keys(own_config)

    set_up(own_config)

    assert public_keys(own_config) == before


def test_a_second_set_up_keeps_the_pin(own_config: HsmConfig) -> None:
    before = read_pin(own_config.pin_file)

    set_up(own_config)

    assert read_pin(own_config.pin_file) == before


def test_the_pin_file_is_for_its_owner_only(softhsm_config: HsmConfig) -> None:
    assert stat.S_IMODE(softhsm_config.pin_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("folder", ["tokens", "sam"])
def test_folders_are_for_their_owner_only(
    softhsm_config: HsmConfig, folder: str
) -> None:
    path = softhsm_config.pin_file.parents[1] / folder

    assert stat.S_IMODE(path.stat().st_mode) == FOLDER


def test_token_files_are_for_their_owner_only(softhsm_config: HsmConfig) -> None:
    files = softhsm_config.pin_file.parents[1].glob("tokens/*/*")

    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_nothing_is_left_of_the_staging(softhsm_config: HsmConfig) -> None:
    names = {path.name for path in softhsm_config.pin_file.parents[1].iterdir()}

    assert names == {"sam", "tokens", "softhsm2.conf"}


def test_a_pin_file_that_is_there_is_used(unmade_softhsm_config: HsmConfig) -> None:
    unmade_softhsm_config.pin_file.parent.mkdir()
    write_pin(unmade_softhsm_config.pin_file, Pin("the operator's own"))

    set_up(unmade_softhsm_config)

    assert read_pin(unmade_softhsm_config.pin_file).reveal() == "the operator's own"
    Pkcs11Device.open(unmade_softhsm_config).close()


def test_an_open_pin_file_is_refused(unmade_softhsm_config: HsmConfig) -> None:
    unmade_softhsm_config.pin_file.parent.mkdir()
    write_pin(unmade_softhsm_config.pin_file, Pin("the operator's own"))
    unmade_softhsm_config.pin_file.chmod(0o644)

    with pytest.raises(HsmUnavailableError, match="0600"):
        set_up(unmade_softhsm_config)


def test_a_softhsm_configuration_that_is_there_is_used(
    unmade_softhsm_config: HsmConfig, tmp_path: Path
) -> None:
    conf = unmade_softhsm_config.softhsm_conf
    assert conf is not None
    conf.write_text(f"directories.tokendir = {tmp_path / 'elsewhere'}\n")

    set_up(unmade_softhsm_config)

    assert len(list((tmp_path / "elsewhere").iterdir())) == 1


def test_a_softhsm_configuration_without_a_folder_is_refused(
    unmade_softhsm_config: HsmConfig,
) -> None:
    conf = unmade_softhsm_config.softhsm_conf
    assert conf is not None
    conf.write_text("log.level = ERROR\n")

    with pytest.raises(HsmUnavailableError, match="tokendir"):
        set_up(unmade_softhsm_config)


def test_a_folder_that_cannot_be_made_is_unavailable(
    unmade_softhsm_config: HsmConfig,
) -> None:
    unmade_softhsm_config.pin_file.parent.write_text("a file, not a folder")

    with pytest.raises(HsmUnavailableError, match="set-up"):
        set_up(unmade_softhsm_config)


def test_a_token_whose_pin_is_lost_is_not_replaced(own_config: HsmConfig) -> None:
    own_config.pin_file.unlink()

    with pytest.raises(HsmUnavailableError, match="No such file"):
        set_up(own_config)


def test_two_tokens_share_a_folder(own_config: HsmConfig) -> None:
    second = own_config.model_copy(
        update={
            "token_label": "second",
            "pin_file": own_config.pin_file.with_name("second-pin"),
        }
    )

    set_up(second)

    assert public_keys(second) != public_keys(own_config)


@pytest.mark.parametrize(
    ("key", "object_class"),
    [(MacKey.HANDLE, ObjectClass.SECRET_KEY)],
)
def test_a_missing_key_is_made(
    own_config: HsmConfig, key: MacKey, object_class: ObjectClass
) -> None:
    destroy(own_config, key, object_class)

    assert create_service_keys(own_config) == (key,)


def test_the_public_half_of_a_killed_generation_is_replaced(
    own_config: HsmConfig,
) -> None:
    destroy(own_config, ServiceKey.PASS_ISSUING, ObjectClass.PRIVATE_KEY)

    set_up(own_config)

    device = Pkcs11Device.open(own_config)
    device.self_test()
    device.close()


def test_a_private_half_alone_is_left_to_a_person(own_config: HsmConfig) -> None:
    destroy(own_config, ServiceKey.PASS_ISSUING, ObjectClass.PUBLIC_KEY)

    with pytest.raises(DeviceRefusedError, match="1 private and 0 public"):
        set_up(own_config)


def test_a_token_of_another_module_gets_its_keys(
    own_config: HsmConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ``softhsm_conf`` nothing is initialised; the token must be there."""
    destroy(own_config, MacKey.HANDLE, ObjectClass.SECRET_KEY)
    monkeypatch.setenv("SOFTHSM2_CONF", str(own_config.softhsm_conf))
    foreign = own_config.model_copy(update={"softhsm_conf": None})

    assert set_up(foreign) == (MacKey.HANDLE,)


def test_set_ups_at_once_make_one_token(
    unmade_softhsm_config: HsmConfig, start: Start
) -> None:
    configuration = unmade_softhsm_config.model_dump_json()
    processes = [start("set_up_process.py", configuration) for _ in range(3)]

    outputs = sorted(process.communicate(timeout=60) for process in processes)

    assert outputs == [("0\n", ""), ("0\n", ""), ("7\n", "")]


@pytest.mark.parametrize("part", range(4))
def test_a_killed_set_up_is_completed_by_the_next(
    unmade_softhsm_config: HsmConfig, start: Start, part: int
) -> None:
    process = start("set_up_process.py", unmade_softhsm_config.model_dump_json(), "w")
    assert process.stdout is not None
    process.stdout.readline()  # it begins now; a whole set-up takes about 60 ms
    time.sleep(part * 0.012)
    process.kill()
    process.wait()

    set_up(unmade_softhsm_config)

    device = Pkcs11Device.open(unmade_softhsm_config)
    device.self_test()
    device.close()
    assert os.listdir(unmade_softhsm_config.pin_file.parent) == ["pin"]
