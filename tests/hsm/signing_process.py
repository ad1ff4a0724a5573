"""A process that logs in to a token four times and lives 50 keys each time.

Argument: the ``HsmConfig`` as JSON. Prints how many signatures verified.
"""

import secrets
import sys

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.config import HsmConfig
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KeyId, MacKey, ServiceKey

LOGINS = 4
KEYS = 50


def live(device: Pkcs11Device) -> None:
    key_id = KeyId(secrets.token_bytes(16))
    digest = secrets.token_bytes(32)
    public = load_der_public_key(device.generate_one_time_key(key_id))
    assert isinstance(public, EllipticCurvePublicKey)
    signature = device.sign_with_one_time_key(key_id, digest)
    public.verify(signature, digest, ECDSA(Prehashed(SHA256())))
    device.sign_with_service_key(ServiceKey.REQUEST_SIGNING, digest)
    device.mac(MacKey.SIGNER_ID, digest)
    device.destroy_one_time_key(key_id)
    assert device.one_time_keys() == ()


def main() -> None:
    config = HsmConfig.model_validate_json(sys.argv[1])
    lived = 0
    for _ in range(LOGINS):
        device = Pkcs11Device.open(config)
        for _ in range(KEYS):
            live(device)
            lived += 1
        device.close()
    print(lived)


if __name__ == "__main__":
    main()
