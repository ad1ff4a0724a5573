"""A process that makes quota keys until it is killed.

Argument: the ``HsmConfig`` as JSON. Prints each key's id before it makes the key.
"""

import secrets
import sys

from hsm.config import HsmConfig
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KEY_ID_BYTES, KeyId


def main() -> None:
    device = Pkcs11Device.open(HsmConfig.model_validate_json(sys.argv[1]))
    while True:
        key_id = KeyId(secrets.token_bytes(KEY_ID_BYTES))
        print(key_id.hex(), flush=True)
        device.create_quota_key(key_id)


if __name__ == "__main__":
    main()
