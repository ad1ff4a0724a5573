"""How the SAM's process is run, as far as it is a promise."""

from pathlib import Path

import pytest

from sam.config import SamConfig
from sam.serving import _Application, _TlsWorker


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


LINK: dict[str, object] = {
    "sam_tls_bind": "127.0.0.1:8449",
    "sam_tls_certificate": Path("c.pem"),
    "sam_tls_key": Path("k.pem"),
    "sam_tls_authority": Path("a.pem"),
    "sam_tls_clients": ("web.internal",),
}


def test_other_hosts_come_by_tls_and_the_socket_stays() -> None:
    """No setting makes gunicorn serve TCP with its own worker, which would be plain."""
    cfg = _Application(SamConfig.model_validate(LINK)).cfg

    assert cfg.address == [str(SamConfig().socket.absolute()), ("127.0.0.1", 8449)]
    assert issubclass(cfg.worker_class, _TlsWorker)


def test_it_serves_with_as_many_processes_as_told() -> None:
    config = SamConfig(sam_processes=3, sam_database_url="postgresql+psycopg:///sam")

    assert _Application(config).cfg.workers == 3
