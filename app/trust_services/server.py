"""Serve one door with gunicorn, so that no client can hold it for long.

Synchronous workers: one request each, and gunicorn kills a worker that does not finish
within ``REQUEST_SECONDS``, whatever the client does. A silent connection is dropped
after ``SILENCE_SECONDS``. The EST door speaks TLS 1.2 or later only.
"""

import select
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.workers.sync import SyncWorker

from app.trust_services.door import Door

REQUEST_SECONDS: Final = 10
SILENCE_SECONDS: Final = 5
WORKERS: Final = 2


class PatientWorker(SyncWorker):
    """A sync worker whose sockets give up on a silent peer."""

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        # A connection nobody speaks on is no event: closed here, gunicorn logs nothing.
        spoken, _, _ = select.select([client], [], [], SILENCE_SECONDS)
        if not spoken:
            client.close()
            return
        client.settimeout(SILENCE_SECONDS)
        super().handle(listener, client, addr)


class DoorServer(BaseApplication):
    """``run`` blocks until SIGTERM or SIGINT."""

    def __init__(
        self, door: Door, *, bind: str, workers: int = WORKERS, tls: Path | None = None
    ) -> None:
        """``tls`` is the stem of a certificate chain (.pem) and its key (.key)."""
        self._door = door
        self._settings = _settings(bind, workers, tls)
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._door


def _settings(bind: str, workers: int, tls: Path | None) -> dict[str, object]:
    settings: dict[str, object] = {
        "bind": bind,
        "workers": workers,
        "worker_class": PatientWorker,
        "preload_app": True,
        "timeout": REQUEST_SECONDS,
        "graceful_timeout": REQUEST_SECONDS,
        "limit_request_line": 1024,
        "limit_request_fields": 32,
        "limit_request_field_size": 2048,
        "control_socket_disable": True,
        "errorlog": "-",
    }
    if tls is not None:
        settings["certfile"] = str(tls.with_suffix(".pem"))
        settings["keyfile"] = str(tls.with_suffix(".key"))
        settings["ssl_context"] = _ssl_context
    return settings


def _ssl_context(
    _config: object, default: Callable[[], ssl.SSLContext]
) -> ssl.SSLContext:
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
