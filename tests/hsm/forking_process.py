"""A process that forks around an open device, and what its child may do.

Arguments: the ``HsmConfig`` as JSON, the case. Prints ``as promised`` or nothing.
"""

import os
import sys

from hsm.config import HsmConfig
from hsm.errors import HsmUnavailableError
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import MacKey


def refused_with_parents(device: Pkcs11Device, config: HsmConfig) -> bool:
    try:
        device.mac(MacKey.HANDLE, b"message")
    except HsmUnavailableError:
        device.close()  # touches nothing of the parent's
        return refused_beside_parent(config)
    return False


def refused_beside_parent(config: HsmConfig) -> bool:
    try:
        Pkcs11Device.open(config)
    except HsmUnavailableError as error:
        return "parent" in str(error)
    return False


def served(config: HsmConfig) -> bool:
    device = Pkcs11Device.open(config)
    answer = device.mac(MacKey.HANDLE, b"message")
    device.close()
    return len(answer) == 32


def main() -> None:
    config = HsmConfig.model_validate_json(sys.argv[1])
    device = Pkcs11Device.open(config)
    before = device.mac(MacKey.HANDLE, b"message")
    if sys.argv[2] == "open-after":
        device.close()
    child = os.fork()
    if child == 0:
        cases = {
            "use-parents": lambda: refused_with_parents(device, config),
            "open-beside-parent": lambda: refused_beside_parent(config),
            "open-after": lambda: served(config),
        }
        os._exit(0 if cases[sys.argv[2]]() else 1)
    _, status = os.waitpid(child, 0)
    if sys.argv[2] != "open-after":
        assert device.mac(MacKey.HANDLE, b"message") == before
        device.close()
    if status == 0:
        print("as promised")


if __name__ == "__main__":
    main()
