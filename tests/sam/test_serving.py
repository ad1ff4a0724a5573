"""How the SAM's process is run, as far as it is a promise."""

import pytest

from sam.config import SamConfig
from sam.serving import _Application


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("control_socket_disable", True),  # no door but the one with eleven calls
        ("workers", 1),  # one signer per state directory
        ("preload_app", False),  # the PKCS#11 module is loaded after the fork
        ("worker_class_str", "sync"),
    ],
)
def test_the_server_is_as_narrow_as_promised(setting: str, value: object) -> None:
    application = _Application(SamConfig())

    assert getattr(application.cfg, setting) == value


def test_it_listens_on_the_socket_and_nowhere_else() -> None:
    config = SamConfig()

    (address,) = _Application(config).cfg.address

    assert address == str(config.socket.absolute())
