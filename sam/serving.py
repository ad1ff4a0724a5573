"""Run the SAM under gunicorn: single-threaded workers on a Unix socket, or by TLS.

Each worker opens device and database after the fork, never before, and takes a place
of its own (``sam.places``). A worker that hangs in the HSM past ``TIMEOUT`` is killed
and started anew; what it was signing then ends as FAILED (``sam.finish``).

There is no plain TCP: what does not come by the socket is TLS with a certificate of
one of the clients named, or is closed.
"""

import logging
import os
import socket
from typing import Any, ClassVar

from gunicorn.app.base import BaseApplication
from gunicorn.workers.sync import SyncWorker

from sam.config import SamConfig
from sam.server import Server
from sam.start import open_sam
from sam.tls import Door, PeerRefusedError

TIMEOUT = 60  # seconds
SOCKET_UMASK = 0o117  # rw for the SAM's user and its group, which the web tier joins
log = logging.getLogger("sam")


def serve(config: SamConfig) -> None:
    """Returns when told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    _Application(config).run()


class _TlsWorker(SyncWorker):
    """A connection by TCP goes through the door first."""

    config: ClassVar[SamConfig]
    door: Door

    def init_process(self) -> None:
        tls = self.config.tls
        if tls is None:
            raise RuntimeError("TLS is not configured")
        self.door = Door.of(tls, self.config.sam_tls_clients)
        super().init_process()

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        if client.family != socket.AF_UNIX:
            try:
                client = self.door.let_in(client)
            except PeerRefusedError as error:
                log.warning("%s refused: %s", addr, error)
                return
        super().handle(listener, client, addr)


class _Application(BaseApplication):
    def __init__(self, config: SamConfig) -> None:
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": self._listened_to(),
            "umask": SOCKET_UMASK,
            "workers": self._config.sam_processes,
            "worker_class": self._worker_class(),
            "timeout": TIMEOUT,
            "graceful_timeout": TIMEOUT,
            "proc_name": "sam",
            "preload_app": False,
            "control_socket_disable": True,  # gunicorn's own door, open by default
            "loglevel": "warning",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def _listened_to(self) -> list[str]:
        socket_file = f"unix:{self._config.socket.absolute()}"
        bind = self._config.sam_tls_bind
        return [socket_file] if bind is None else [socket_file, bind]

    def _worker_class(self) -> str | type[SyncWorker]:
        if self._config.tls is None:
            return "sync"
        return type("TlsWorker", (_TlsWorker,), {"config": self._config})

    def load(self) -> Any:
        os.umask(0o077)  # the socket is open to the group, the database is not
        return Server(open_sam(self._config))
