"""Modules differ, and what a module lacks is told and not papered over."""

from pathlib import Path

import pytest
from pkcs11 import Attribute

from hsm.algorithms import Algorithm
from hsm.config import HsmConfig
from hsm.errors import DeviceRefusedError, HsmUnavailableError, KeyNotFoundError
from hsm.modules import MODULES, STANDARD, facts_of
from hsm.pkcs11_device import Pkcs11Device
from tests.hsm import nss


def test_a_module_that_keeps_no_list_of_mechanisms_does_not_serve(
    nss_device: Pkcs11Device,
) -> None:
    """Its row leaves that attribute out; the self-test does not."""
    with pytest.raises(DeviceRefusedError, match="does not allow"):
        nss_device.self_test()


def test_a_module_that_wraps_no_keys_has_no_wrapping_key(
    nss_device: Pkcs11Device,
) -> None:
    assert nss_device.wrapping_keys() == ()


def test_a_module_that_wraps_no_keys_makes_none(nss_device: Pkcs11Device) -> None:
    with pytest.raises(KeyNotFoundError, match="no wrapping key"):
        nss_device.generate_wrapped_key(Algorithm.P256)


def test_a_module_that_wraps_no_keys_makes_no_wrapping_key(
    nss_device: Pkcs11Device,
) -> None:
    with pytest.raises(DeviceRefusedError, match="wraps no"):
        nss_device.create_wrapping_key()


def test_a_module_that_wants_arguments_gets_no_default(
    nss_config: HsmConfig, tmp_path: Path
) -> None:
    without = nss.unmade(tmp_path).model_copy(
        update={"initialise_with": None, "pin_file": nss_config.pin_file}
    )

    with pytest.raises(HsmUnavailableError):
        Pkcs11Device.open(without)


@pytest.mark.parametrize("name", ["", "softhsm", "SoftHSM ", "Some Vendor"])
def test_a_module_without_a_row_is_held_to_the_standard(name: str) -> None:
    assert facts_of(name) is STANDARD


def test_softhsm_lacks_no_attribute() -> None:
    """A row that said so would take a comparison away."""
    assert MODULES["SoftHSM"].unknown == frozenset()


def test_the_standard_lacks_no_attribute() -> None:
    assert STANDARD.unknown == frozenset[Attribute]()
