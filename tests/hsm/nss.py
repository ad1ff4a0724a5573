"""NSS softokn as a second PKCS#11 module: Debian's libnss3, which chromium brings.

Its token comes without a PIN; the first login of the security officer has an empty one
(as NSS's own tools do it), and sets the user's.
"""

from pathlib import Path

from hsm.config import HsmConfig
from hsm.module import held_module
from hsm.pin import new_pin, write_pin
from hsm.token import create_service_keys

MODULES = sorted(Path("/usr/lib").glob("*/libsoftokn3.so"))
LABEL = "NSS Certificate DB"


def unmade(folder: Path) -> HsmConfig:
    return HsmConfig(
        module=MODULES[0],
        token_label=LABEL,
        pin_file=folder / "sam" / "pin",
        initialise_with=f"configdir='sql:{folder}' certPrefix='' keyPrefix='' "
        "secmod='secmod.db' flags=",
    )


def set_up(config: HsmConfig) -> tuple[str, ...]:
    """Give the token a PIN and the service's keys."""
    config.pin_file.parent.mkdir(mode=0o700)
    pin = new_pin()
    write_pin(config.pin_file, pin)
    with held_module(config) as module:
        session = module.get_token(token_label=LABEL).open(rw=True, so_pin="")
        session.init_pin(pin.reveal())
        session.close()
    return create_service_keys(config)
