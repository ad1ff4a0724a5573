import ctypes.util
import os
from pathlib import Path

import pytest
from pkcs11 import exceptions as ck

from hsm.config import HsmConfig
from hsm.errors import DeviceRefusedError, HsmError, HsmUnavailableError
from hsm.module import SESSION_LOST, held_module, our_error
from hsm.pkcs11_device import Pkcs11Device


def test_a_missing_module_is_unavailable(softhsm_config: HsmConfig) -> None:
    missing = softhsm_config.model_copy(update={"module": Path("/nonexistent.so")})

    with pytest.raises(HsmUnavailableError, match="nonexistent"):
        Pkcs11Device.open(missing)


def test_a_library_that_is_no_pkcs11_module_is_unavailable(
    softhsm_config: HsmConfig,
) -> None:
    other = softhsm_config.model_copy(
        update={"module": Path(f"/{ctypes.util.find_library('m')}")}
    )

    with pytest.raises(HsmUnavailableError):
        Pkcs11Device.open(other)


def test_a_missing_softhsm_configuration_is_unavailable(
    softhsm_config: HsmConfig, tmp_path: Path
) -> None:
    other = softhsm_config.model_copy(update={"softhsm_conf": tmp_path / "none"})

    with pytest.raises(HsmUnavailableError):
        Pkcs11Device.open(other)


def test_a_module_has_one_holder(softhsm_config: HsmConfig) -> None:
    with (
        held_module(softhsm_config),
        pytest.raises(HsmUnavailableError, match="in use in this process"),
    ):
        Pkcs11Device.open(softhsm_config)


def test_a_module_under_another_name_has_one_holder(
    softhsm_config: HsmConfig, tmp_path: Path
) -> None:
    (tmp_path / "link.so").symlink_to(softhsm_config.module)
    alias = softhsm_config.model_copy(update={"module": tmp_path / "link.so"})

    with (
        held_module(softhsm_config),
        pytest.raises(HsmUnavailableError, match="in use in this process"),
    ):
        Pkcs11Device.open(alias)


def test_the_module_is_free_after_a_failed_initialisation(
    softhsm_config: HsmConfig, tmp_path: Path
) -> None:
    with (
        pytest.raises(HsmUnavailableError),
        held_module(
            softhsm_config.model_copy(update={"softhsm_conf": tmp_path / "none"})
        ),
    ):
        pass

    Pkcs11Device.open(softhsm_config).close()


@pytest.mark.parametrize("before", [None, "/somewhere/else.conf"])
def test_the_environment_is_put_back(
    softhsm_config: HsmConfig, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.setenv("SOFTHSM2_CONF", "")
    monkeypatch.delenv("SOFTHSM2_CONF")
    if before is not None:
        monkeypatch.setenv("SOFTHSM2_CONF", before)

    Pkcs11Device.open(softhsm_config).close()

    assert os.environ.get("SOFTHSM2_CONF") == before


def test_a_module_finds_its_own_configuration_when_none_is_given(
    softhsm_config: HsmConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOFTHSM2_CONF", str(softhsm_config.softhsm_conf))
    without = softhsm_config.model_copy(update={"softhsm_conf": None})

    Pkcs11Device.open(without).close()


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        *[(lost, HsmUnavailableError) for lost in SESSION_LOST],
        (ck.PinIncorrect, HsmUnavailableError),
        (ck.PinLocked, HsmUnavailableError),
        (ck.NoSuchToken, HsmUnavailableError),
        (ck.KeyHandleInvalid, DeviceRefusedError),
        (ck.MechanismInvalid, DeviceRefusedError),
        (ck.TemplateInconsistent, DeviceRefusedError),
        (ck.PKCS11Error, DeviceRefusedError),
    ],
)
def test_every_pkcs11_error_has_one_meaning(
    error: type[ck.PKCS11Error], ours: type[HsmError]
) -> None:
    assert type(our_error(error())) is ours
